import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { memoizeLast } from '../base/memoize.ts';
import { withLost } from '../engine/confirm.ts';
import { isUnwanted } from '../engine/course.ts';
import { wantedOf } from '../engine/decide-migration.ts';
import { unmadeIn, withRefused } from '../engine/refused-records.ts';
import { noRoomFor } from '../engine/returned.ts';
import type { Unnoted } from '../engine/situation.ts';
import type { ScopeView } from '../mesh/others.ts';
import type { NamespaceView } from '../mesh/views.ts';
import {
  brakeOn,
  failedIn,
  isBudgetSpent,
  notLeft,
  notTurned,
  type Parking,
  type Progress,
} from '../plan/admission.ts';
import { approvalsOf } from '../plan/approval.ts';
import { companyOf } from '../plan/company.ts';
import { changedBy, isIdle } from '../plan/scope.ts';
import { frozenMigration } from '../plan/start-hold.ts';
import { wavesOf } from '../plan/waves.ts';
import type { Context } from './reconciler.ts';
import { recordsOf } from './records.ts';

/** Made once for as long as nothing changes, like the records themselves. */
const lostAmong = memoizeLast(
  (records: readonly NamespaceMigration[], migration: MeshMigration, namespaces: readonly NamespaceView[]) =>
    withLost(migration, records, changedBy(migration, namespaces)),
);

/**
 * The records of a migration, with those that were lost or cannot be made: whoever waits for such a namespace has to
 * know how it stands.
 */
function everyoneIn(
  context: Pick<Context, 'view' | 'meshes' | 'records'>,
  migration: MeshMigration,
): readonly NamespaceMigration[] {
  const { view, records } = context;
  const everyone = lostAmong(recordsOf(context, migration), migration, view.namespaces.list());
  return withRefused(everyone, { records: unmadeIn(migration, records.of(migration.metadata.uid ?? '')) }, migration);
}

/** The other namespaces of a migration in the cluster as it is seen now. */
export function companyIn(
  context: Pick<Context, 'view' | 'meshes' | 'records' | 'maxConcurrentNamespaces'>,
  migration: MeshMigration,
  progress: Progress,
): ScopeView {
  const { view, maxConcurrentNamespaces: slots } = context;
  const {
    metadata: { name },
    spec,
  } = migration;
  const wanted = wantedOf(migration);
  const waves = wavesOf(migration, view.namespaces.list());
  let everyone: readonly NamespaceMigration[] | undefined;
  return companyOf({
    spec,
    migration: name,
    reserved: view.reserved,
    siblings: () => (everyone ??= everyoneIn(context, migration)),
    isBudgetSpent: () => isBudgetSpent(spec, failedIn(migration, view.namespaces.list()).length),
    brake: () => brakeOn(progress, { spec, slots, hold: undefined }),
    frozen: () => frozenMigration(migration),
    isUnwanted: ({ status }) => isUnwanted({ wanted }, status ?? {}),
    others: view.migrations
      .list()
      .map(({ object }) => object)
      .filter(({ metadata }) => metadata.name !== name),
    waves,
    approvals: approvalsOf(migration, waves),
    isIdle: (other) => isIdle(other, view.namespaces.list(), view.reserved),
    namespace: (home) => [view.namespaces.get(undefined, home)].find((each) => each?.terminating === false),
  });
}

/** Why a migration notes nothing of a namespace of it. */
export function unnotedIn(
  { records }: Pick<Context, 'records'>,
  namespace: string,
  migration: MeshMigration,
): Unnoted | undefined {
  const message = records.ofStatus(migration);
  return message === undefined ? noRoomFor(namespace, migration) : { kind: 'Refused', message };
}

/**
 * Whether a namespace at rest has to wait: for its turn when all go back, and for those that go back when what is at
 * rest is to stay.
 */
export function notTurnedIn(
  { view, maxConcurrentNamespaces }: Context,
  child: NamespaceMigration,
  migration: MeshMigration,
  progress: Progress,
  parking: Parking,
): string | undefined {
  const all = { migration, namespaces: view.namespaces.list(), slots: maxConcurrentNamespaces, parking };
  switch (wantedOf(migration)) {
    case 'Rollback':
      return notTurned(child.metadata.namespace ?? '', all, progress);
    case 'DeleteLeave':
      return notLeft(all);
    case 'Plan':
    case 'Migrate':
    case 'Pause':
    case 'Finalize':
      return undefined;
  }
}
