import {
  meshMigrations,
  migrationLabel,
  namespaceMigrations,
  type MeshMigration,
  type NamespaceMigration,
} from '../../api/resources.ts';
import { namespaces } from '../../engine/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { projectNamespace } from '../../mesh/project.ts';
import type { NamespaceView } from '../../mesh/views.ts';
import { readAt, unlessForbidden } from '../cluster/reading.ts';

/** What was read of a cluster to tell how migrations stand. */
export interface Seen {
  /** Empty where only one namespace is asked about. */
  readonly migrations: readonly MeshMigration[];
  readonly records: readonly NamespaceMigration[];
  /** To tell who is in which wave; undefined where that is not needed, or may not be read. */
  readonly homes: readonly NamespaceView[] | undefined;
}

/** What is asked about: all migrations, one of them, or what they have in one namespace. */
export interface Asked {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** The records that are asked about, as a list or a watch selects them. */
export function recordsAsked({ name, namespace }: Asked): {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
} {
  return { namespace, ...(name !== undefined && { labelSelector: `${migrationLabel}=${name}` }) };
}

async function migrationsOf(
  client: KubeClient,
  { name }: Asked,
  signal: AbortSignal,
): Promise<readonly MeshMigration[]> {
  if (name === undefined) return (await client.list<MeshMigration>(meshMigrations, { signal })).items;
  return [await readAt<MeshMigration>(client, { name }, signal)];
}

/** Who may not list namespaces is told everything but which wave each is in. */
async function homesOf(client: KubeClient, signal: AbortSignal): Promise<readonly NamespaceView[] | undefined> {
  return (await unlessForbidden(client.list(namespaces, { signal })))?.items.map(projectNamespace);
}

/** Whether waves have to be told. */
export function hasWaves(migrations: readonly MeshMigration[]): boolean {
  return migrations.some(({ spec }) => spec.waves.length > 0);
}

/** Reads what is asked about once. */
export async function see(client: KubeClient, asked: Asked, signal: AbortSignal): Promise<Seen> {
  const migrations = asked.namespace === undefined ? await migrationsOf(client, asked, signal) : [];
  const { items } = await client.list<NamespaceMigration>(namespaceMigrations, { ...recordsAsked(asked), signal });
  return { migrations, records: items, homes: hasWaves(migrations) ? await homesOf(client, signal) : undefined };
}
