import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { confirmedRecord, evidenceOf } from '../engine/confirm.ts';
import { scopeOf, type Scope } from '../plan/scope.ts';
import type { ClusterView } from './cluster-view.ts';

/** The records of a migration whose namespaces exist, with nothing in them that is only claimed. */
export function recordsOf(view: ClusterView, migration: MeshMigration): readonly NamespaceMigration[] {
  const entries = new Map((migration.status?.returned ?? []).map((entry) => [entry.namespace, entry]));
  return view.children.list().flatMap(({ object }) => {
    const home = view.namespaces.get(undefined, object.metadata.namespace ?? '');
    if (object.spec.migration !== migration.metadata.name || home === undefined) return [];
    return [confirmedRecord(object, evidenceOf(object, home, entries.get(home.name)))];
  });
}

/** The scope of a migration in the cluster as it is seen now. */
export function scopeIn(view: ClusterView, migration: MeshMigration): Scope {
  return scopeOf(migration, view.migrations.list().map(({ object }) => object), view.namespaces.list(), view.mesh.rootNamespace);
}
