import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { confirmedRecord, evidenceOf } from '../engine/confirm.ts';
import { blockedBy, tellsAlone } from '../engine/lost-journal.ts';
import { isInScope, scopeOf, type Scope } from '../plan/scope.ts';
import type { ClusterView } from './cluster-view.ts';

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

/** The records of a migration whose namespaces exist, with nothing in them that is only claimed. */
export function recordsOf(view: ClusterView, migration: MeshMigration): readonly NamespaceMigration[] {
  const entries = new Map((migration.status?.returned ?? []).map((entry) => [entry.namespace, entry]));
  return view.children.list().flatMap(({ object }) => {
    const home = view.namespaces.get(undefined, object.metadata.namespace ?? '');
    if (home === undefined) return [];
    if (isRecordOf(object, migration)) return [confirmedRecord(object, evidenceOf(object, home, entries.get(home.name)))];
    const isInTheWay = hasItsName(object, migration) && tellsAlone(object, home) && isInScope(migration, home, view.reserved);
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
  return scopeOf(migration, view.migrations.list().map(({ object }) => object), view.namespaces.list(), view.reserved);
}
