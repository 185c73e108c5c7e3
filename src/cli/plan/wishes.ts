import type { z } from 'zod';
import { defaultSpec } from '../../api/default-spec.ts';
import { cutText } from '../../base/cut-text.ts';
import { shown } from '../../base/shown.ts';
import { MeshMigrationSpec } from '../../api/mesh-migration-spec.ts';
import { group, type MeshMigration } from '../../api/resources.ts';
import { structuralSchema } from '../../api/structural-schema.ts';
import { unknownFields } from '../../api/unknown-fields.ts';
import type { Acknowledged } from '../../mesh/adapter.ts';
import type { NamespaceView } from '../../mesh/views.ts';
import { acknowledgedIn } from '../../plan/acknowledged.ts';
import { isSelected, isSystem } from '../../plan/scope.ts';
import { route } from '../audit/staying.ts';
import type { Manifest, Unreadable } from '../manifests/manifest.ts';

/** What the user wants, as far as MeshMigrations among the manifests say it. */
export interface Wishes {
  readonly migrations: readonly MeshMigration[];
  /** MeshMigrations that the API server would refuse. */
  readonly unreadable: readonly Unreadable[];
}

/** Where no MeshMigration says anything. */
const defaults = defaultSpec(route);

const schema = structuralSchema(MeshMigrationSpec);

function firstOf(error: z.ZodError | undefined): string {
  const [issue] = error?.issues ?? [];
  return cutText(
    `spec.${issue?.path.map((part) => shown(String(part))).join('.') ?? ''}: ${issue?.message ?? ''}`,
    300,
  );
}

/** The MeshMigrations from sidecars to ambient. */
export function wishesOf(manifests: readonly Manifest[]): Wishes {
  const migrations: MeshMigration[] = [];
  const unreadable: Unreadable[] = [];
  for (const { object, source } of manifests.filter(
    (manifest) => manifest.group === group && manifest.kind === 'MeshMigration',
  )) {
    const { data, error } = MeshMigrationSpec.safeParse(object['spec']);
    const [unknown] = unknownFields(object['spec'], schema, 'spec');
    if (data === undefined || unknown !== undefined)
      unreadable.push({ ...source, reason: `MeshMigration ${object.metadata.name}: ${unknown ?? firstOf(error)}` });
    else if (data.from === route.from && data.to === route.to) migrations.push({ ...object, spec: data });
  }
  return { migrations, unreadable };
}

/** The first MeshMigration that has a namespace in scope. */
function migrationOf(
  namespace: NamespaceView,
  { migrations }: Wishes,
  rootNamespace: string,
): MeshMigration | undefined {
  return isSystem(namespace.name, [rootNamespace])
    ? undefined
    : migrations.find((migration) => isSelected(migration, namespace));
}

/** What somebody answers for there, at a time in milliseconds since the epoch. */
export function acknowledgedFor(
  namespace: NamespaceView,
  wishes: Wishes,
  rootNamespace: string,
  now: number,
): readonly Acknowledged[] {
  const migration = migrationOf(namespace, wishes, rootNamespace);
  return migration === undefined ? [] : acknowledgedIn(migration, now);
}

/** The settings for a namespace: those of the first MeshMigration that has it in scope. */
export function specFor(namespace: NamespaceView, wishes: Wishes, rootNamespace: string): MeshMigrationSpec {
  return migrationOf(namespace, wishes, rootNamespace)?.spec ?? defaults;
}

/**
 * Why a namespace stays: where MeshMigrations say which move, no other does, and its callers keep their sidecars.
 * Undefined where it moves, or where none says. `isDescribed`: whether its labels are known.
 */
export function whyStays(
  namespace: NamespaceView,
  isDescribed: boolean,
  wishes: Wishes,
  rootNamespace: string,
): string | undefined {
  if (wishes.migrations.length === 0 || migrationOf(namespace, wishes, rootNamespace) !== undefined) return undefined;
  const bySelector = wishes.migrations.some(({ spec }) => spec.namespaces.selector !== undefined);
  const doubt =
    bySelector && !isDescribed
      ? ', as far as can be told: its Namespace is not among the manifests, so that no selector takes it in'
      : '';
  return `it is in the scope of no MeshMigration here, and stays with its sidecars${doubt}`;
}

/** What is taken for granted where nobody says which namespaces move. */
export function assumed({ migrations }: Wishes, isLive: boolean): string | undefined {
  return migrations.length > 0
    ? undefined
    : `No MeshMigration from sidecars to ambient is ${isLive ? 'in the cluster' : 'among the manifests'}: every namespace is taken to move`;
}
