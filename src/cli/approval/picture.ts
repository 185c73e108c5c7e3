import {
  migrationLabel,
  namespaceMigrations,
  type MeshMigration,
  type NamespaceMigration,
} from '../../api/resources.ts';
import type { Place } from '../../engine/command-lines.ts';
import { namespaces } from '../../engine/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { projectNamespace } from '../../mesh/project.ts';
import type { NamespaceView } from '../../mesh/views.ts';
import { readAt, unlessForbidden } from '../cluster/reading.ts';

/** What was read of a migration to tell what its plan is, and what of it somebody has approved of. */
export interface Picture {
  readonly migration: MeshMigration;
  /** Of all its namespaces, or of the one that is asked about. */
  readonly records: readonly NamespaceMigration[];
  /** To tell who is in which wave; undefined where that is not needed, or may not be read. */
  readonly homes: readonly NamespaceView[] | undefined;
}

async function recordsOf(
  client: KubeClient,
  place: Place,
  signal: AbortSignal,
): Promise<readonly NamespaceMigration[]> {
  const { name, namespace } = place;
  if (namespace === undefined) {
    const labelSelector = `${migrationLabel}=${name}`;
    return (await client.list<NamespaceMigration>(namespaceMigrations, { labelSelector, signal })).items;
  }
  return [await readAt<NamespaceMigration>(client, place, signal)];
}

async function homesOf(
  client: KubeClient,
  { spec }: MeshMigration,
  { namespace }: Place,
  signal: AbortSignal,
): Promise<readonly NamespaceView[] | undefined> {
  if (namespace !== undefined) {
    const home = await unlessForbidden(client.get(namespaces, undefined, namespace, signal));
    return home && [projectNamespace(home)];
  }
  if (spec.waves.length === 0) return undefined;
  return (await unlessForbidden(client.list(namespaces, { signal })))?.items.map(projectNamespace);
}

/** Reads a migration with the records of its namespaces, once; with a namespace only what is there. */
export async function lookAt(client: KubeClient, place: Place, signal: AbortSignal): Promise<Picture> {
  const migration = await readAt<MeshMigration>(client, { name: place.name }, signal);
  const records = await recordsOf(client, place, signal);
  return { migration, records, homes: await homesOf(client, migration, place, signal) };
}
