import type { Returned } from '../api/mesh-migration-status.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { confirmedRecord, evidenceOf } from '../engine/confirm.ts';
import { blockedBy, hasLostJournal, tellsAlone, tellsOfBeginning } from '../engine/lost-journal.ts';
import { refusedRecord } from '../engine/refused-records.ts';
import { memoizeLast } from '../base/memoize.ts';
import type { Route, Surroundings } from '../mesh/adapter.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isInScope, scopeOf, type Scope } from '../plan/scope.ts';
import { startHold } from '../plan/start-hold.ts';
import type { ClusterView, Whole } from './cluster-view.ts';
import type { Context } from './reconciler.ts';

/**
 * Whether the record is of this migration: its name is not enough. A migration that was deleted by force leaves
 * records, and one of the same name may go another way: judged by one way and walked along the other, a namespace would
 * lose its mesh.
 */
export function isRecordOf({ spec }: NamespaceMigration, migration: MeshMigration): boolean {
  return (
    spec.migration === migration.metadata.name && spec.from === migration.spec.from && spec.to === migration.spec.to
  );
}

function hasItsName({ metadata }: NamespaceMigration, migration: MeshMigration): boolean {
  return metadata.name === migration.metadata.name;
}

/** What is seen of a namespace, for decisions about one that goes this way. */
export function surroundingsOf(
  { view, meshes }: Pick<Context, 'view' | 'meshes'>,
  { from, to }: Route,
  { spec }: MeshMigration,
  home: NamespaceView,
): Surroundings {
  const { name } = home;
  return {
    route: { from, to },
    spec,
    namespace: home,
    pods: view.pods.list(name).filter(({ finished }) => !finished),
    workloads: view.workloads(name),
    otherTemplates: view.otherTemplates(name),
    budgets: view.budgets.list(name),
    services: view.services.list(name),
    mesh: view.meshOf(meshes.along({ from, to })),
  };
}

/**
 * Only the record tells what was begun, and nobody has looked since: as long as that is so, it says nothing and is not
 * deleted.
 */
function isUnlooked(record: NamespaceMigration, confirmed: NamespaceMigration, home: NamespaceView): boolean {
  const { status } = confirmed;
  const isOver = status?.writtenPhase === 'Finalized' || status?.writtenPhase === 'RolledBack';
  if (home.terminating || isOver || status?.direction !== undefined || hasLostJournal(confirmed)) return false;
  return tellsOfBeginning(record.status ?? {}) && tellsAlone(record, home);
}

/** Each look of one reads the records of all, of which few have changed. */
const asConfirmed = memoizeLast(
  (record: NamespaceMigration, home: NamespaceView, entry: Returned | undefined): NamespaceMigration => {
    const confirmed = confirmedRecord(record, evidenceOf(record, home, entry));
    if (!isUnlooked(record, confirmed, home)) return confirmed;
    const original = record.status?.original;
    return { ...confirmed, status: { ...(original && { original }) } };
  },
);

type Seen = Pick<Context, 'view' | 'meshes' | 'records'>;

/** What tells alone what was, and cannot be acted upon. */
function blockedIn(
  seen: Seen,
  object: NamespaceMigration,
  migration: MeshMigration,
  home: NamespaceView,
): NamespaceMigration {
  const adapter = seen.meshes.along(object.spec);
  return blockedBy({ adapter, object, surroundings: surroundingsOf(seen, object.spec, migration, home) });
}

/**
 * What a record of this migration comes to: nothing that is only claimed; and where its status cannot be written, that.
 */
function counted(
  seen: Seen,
  record: NamespaceMigration,
  migration: MeshMigration,
  home: NamespaceView,
  entry: Returned | undefined,
): NamespaceMigration {
  const refused = seen.records.ofStatus(record);
  if (refused === undefined) return asConfirmed(record, home, entry);
  // That only it tells what the labels were could not be stored in it either: it is not to be deleted with the others.
  if (tellsAlone(record, home)) return blockedIn(seen, record, migration, home);
  return refusedRecord(
    asConfirmed(record, home, entry),
    `its NamespaceMigration ${record.metadata.name} cannot be written: ${refused}`,
  );
}

/** What one record comes to for a migration; undefined if it has nothing to do with it. */
function asCounted(
  seen: Seen,
  object: NamespaceMigration,
  migration: MeshMigration,
  entries: ReadonlyMap<string, Returned>,
): NamespaceMigration | undefined {
  const { view } = seen;
  const home = view.namespaces.get(undefined, object.metadata.namespace ?? '');
  if (home === undefined) return undefined;
  if (isRecordOf(object, migration)) return counted(seen, object, migration, home, entries.get(home.name));
  const isInTheWay =
    hasItsName(object, migration) && tellsAlone(object, home) && isInScope(migration, home, view.reserved);
  return isInTheWay ? blockedIn(seen, object, migration, home) : undefined;
}

/**
 * Every look of every namespace asks, so they are made once for as long as nothing of what they are made from changes;
 * but for what is said of a namespace that only its record tells of, which depends on all that is there.
 */
const recordsAmong = memoizeLast(
  (
    migration: MeshMigration,
    view: Seen['view'],
    meshes: Seen['meshes'],
    records: Seen['records'],
    children: readonly Whole<NamespaceMigration>[],
    _namespaces: readonly NamespaceView[],
    _reserved: readonly string[],
    _refusals: number,
  ): readonly NamespaceMigration[] => {
    const entries = new Map((migration.status?.returned ?? []).map((entry) => [entry.namespace, entry]));
    return children.flatMap(({ object }) => asCounted({ view, meshes, records }, object, migration, entries) ?? []);
  },
  (records) => !records.some(hasLostJournal),
);

/** The records of a migration whose namespaces exist, as they count. */
export function recordsOf({ view, meshes, records }: Seen, migration: MeshMigration): readonly NamespaceMigration[] {
  const [children, namespaces] = [view.children.list(), view.namespaces.list()];
  return recordsAmong(migration, view, meshes, records, children, namespaces, view.reserved, records.revision);
}

/** Those of them that can be stored, as far as is known. */
const storable = memoizeLast((records: readonly NamespaceMigration[], refusals: Seen['records'], _revision: number) =>
  records.filter((record) => !refusals.isTried(record)),
);

/** The records that a namespace may be started by: one whose status cannot be written stands in nobody's way. */
export function inLine(seen: Seen, migration: MeshMigration): readonly NamespaceMigration[] {
  return storable(recordsOf(seen, migration), seen.records, seen.records.revision);
}

/**
 * Records of another way that have the names of those of this migration, and tell nothing that their namespaces do not.
 */
export function outdatedRecords(view: ClusterView, migration: MeshMigration): readonly NamespaceMigration[] {
  return view.children
    .list()
    .map(({ object }) => object)
    .filter((record) => {
      const home = view.namespaces.get(undefined, record.metadata.namespace ?? '');
      return (
        home?.terminating === false &&
        hasItsName(record, migration) &&
        !isRecordOf(record, migration) &&
        !tellsAlone(record, home)
      );
    });
}

const scopeAmong = memoizeLast(
  (
    migration: MeshMigration,
    all: readonly Whole<MeshMigration>[],
    namespaces: readonly NamespaceView[],
    reserved: readonly string[],
  ): Scope =>
    scopeOf(
      migration,
      all.map(({ object }) => object),
      namespaces,
      reserved,
    ),
);

/** The scope of a migration in the cluster as it is seen now. */
export function scopeIn(view: ClusterView, migration: MeshMigration): Scope {
  return scopeAmong(migration, view.migrations.list(), view.namespaces.list(), view.reserved);
}

/** Why no namespace of a migration is started now, whichever it is; undefined if one may be. */
export function holdIn(seen: Seen & Pick<Context, 'clock'>, migration: MeshMigration): string | undefined {
  return startHold(migration, recordsOf(seen, migration), seen.clock.now())?.message;
}
