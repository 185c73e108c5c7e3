import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { confirmedRecord, evidenceOf, type Evidence } from '../engine/confirm.ts';
import { blockedBy, tellsAlone } from '../engine/lost-journal.ts';
import { refusedRecord } from '../engine/refused-records.ts';
import { isInScope, scopeOf, type Scope } from '../plan/scope.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Context } from './reconciler.ts';

/**
 * Whether the record is of this migration: its name is not enough. A migration that was deleted by force leaves records, and one of the same name
 * may go another way: judged by one way and walked along the other, a namespace would lose its mesh.
 */
export function isRecordOf({ spec }: NamespaceMigration, migration: MeshMigration): boolean {
  return spec.migration === migration.metadata.name && spec.from === migration.spec.from && spec.to === migration.spec.to;
}

function hasItsName({ metadata }: NamespaceMigration, migration: MeshMigration): boolean {
  return metadata.name === migration.metadata.name;
}

/** What a record of this migration comes to: nothing that is only claimed; and where its status cannot be written, that. */
function counted({ records }: Pick<Context, 'records'>, object: NamespaceMigration, migration: MeshMigration, { namespace: home, ...evidence }: Evidence): NamespaceMigration {
  const confirmed = confirmedRecord(object, { namespace: home, ...evidence });
  const refused = records.ofStatus(object);
  if (refused === undefined) return confirmed;
  // That only it tells what the labels were could not be stored in it either: it is not to be deleted with the others.
  return tellsAlone(object, home) ? blockedBy(object, migration.spec) : refusedRecord(confirmed, `its NamespaceMigration ${object.metadata.name} cannot be written: ${refused}`);
}

/** The records of a migration whose namespaces exist, as they count. */
export function recordsOf(context: Pick<Context, 'view' | 'records'>, migration: MeshMigration): readonly NamespaceMigration[] {
  const { view } = context;
  const entries = new Map((migration.status?.returned ?? []).map((entry) => [entry.namespace, entry]));
  return view.children.list().flatMap(({ object }) => {
    const home = view.namespaces.get(undefined, object.metadata.namespace ?? '');
    if (home === undefined) return [];
    if (isRecordOf(object, migration)) return [counted(context, object, migration, evidenceOf(object, home, entries.get(home.name)))];
    const isInTheWay = hasItsName(object, migration) && tellsAlone(object, home) && isInScope(migration, home, view.mesh.rootNamespace);
    return isInTheWay ? [blockedBy(object, migration.spec)] : [];
  });
}

/** Records of another way that have the names of those of this migration, and tell nothing that their namespaces do not. */
export function outdatedRecords(view: ClusterView, migration: MeshMigration): readonly NamespaceMigration[] {
  return view.children.list().map(({ object }) => object).filter((record) => {
    const home = view.namespaces.get(undefined, record.metadata.namespace ?? '');
    return home?.terminating === false && hasItsName(record, migration) && !isRecordOf(record, migration) && !tellsAlone(record, home);
  });
}

/** The scope of a migration in the cluster as it is seen now. */
export function scopeIn(view: ClusterView, migration: MeshMigration): Scope {
  return scopeOf(migration, view.migrations.list().map(({ object }) => object), view.namespaces.list(), view.mesh.rootNamespace);
}
