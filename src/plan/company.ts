import { stalledBy, standing } from '../api/common.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { ScopeView, WayBack } from '../mesh/others.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { noApprovals, notApproved, type Approvals } from './approval.ts';
import { isOf, journalOn } from './journal.ts';
import { holds, isForHbone, isSelected, isSystem, type Named } from './scope.ts';
import { comesLater, notBegun, type Waves } from './waves.ts';

/** What has to be known of the namespaces around one that moves. */
export interface Around {
  readonly spec: MeshMigrationSpec;
  /** A namespace that is there and not on its way out. */
  readonly namespace: (name: string) => NamespaceView | undefined;
  /** Other migrations: what one of them has in scope, only that one touches. */
  readonly others: readonly MeshMigration[];
  /** Whether one of them changes nothing and has changed nothing. Asked where somebody's calls matter only. */
  readonly isIdle: (other: MeshMigration) => boolean;
  /** Name of the migration. */
  readonly migration: string;
  /** Whether a record that was started is to go back, by the migration as a whole or by what is in it. */
  readonly isUnwanted: (record: NamespaceMigration) => boolean;
  /**
   * Whether so many failed that no further namespace is started. Asked where somebody waits only, because it looks at
   * all namespaces.
   */
  readonly isBudgetSpent: () => boolean;
  /** Why else no further namespace is started before a person has done something. Asked as the above. */
  readonly brake?: () => string | undefined;
  /** That the migration is frozen; a window that is closed opens by itself, and halts nobody. */
  readonly frozen: () => string | undefined;
  /**
   * The records of the same migration, those included that were lost or cannot be made. Asked where somebody waits
   * only, as above.
   */
  readonly siblings: () => readonly NamespaceMigration[];
  /** Which of them begin when. */
  readonly waves: Waves;
  /** Whose plans somebody has to approve of before they begin. Default: nobody's. */
  readonly approvals?: Approvals;
  /** Namespaces that no migration touches, besides those of Kubernetes. */
  readonly reserved: readonly string[];
}

const goingOn: readonly (string | undefined)[] = [undefined, 'Pending', 'Planned', 'Migrating'];

/**
 * Why the record of a namespace does not come to what others wait for: what is Stalled waits for a person, so whoever
 * waits for that one does too. It is only said, and nothing begins or ends by it (E is asked of what is seen in the
 * other): a process that dies before or after reads the same records.
 */
function haltedBy({ metadata, status = {} }: NamespaceMigration, around: Around): string | undefined {
  const { writtenPhase: phase, conditions, message = '', direction } = status;
  if (!goingOn.includes(phase))
    return phase === 'Migrated' || phase === 'Finalized'
      ? 'has arrived already'
      : `is ${phase ?? ''}: ${message.slice(0, 200)}`;
  const stalled = stalledBy(conditions);
  if (stalled !== undefined) return `stands still: ${stalled.message.slice(0, 200)}`;
  return direction === undefined ? notStarted({ metadata, status }, around) : undefined;
}

/** What keeps it from being started until a person does something. */
function notStarted(
  { metadata: { namespace = '' }, status }: Pick<NamespaceMigration, 'metadata' | 'status'>,
  { isBudgetSpent, brake, waves, frozen, approvals = noApprovals }: Around,
): string | undefined {
  if (isBudgetSpent()) return 'is not started, because too many failed';
  const braked = brake?.();
  if (braked !== undefined) return `is not started: ${braked}`;
  const frost = frozen();
  if (frost !== undefined) return `is not started: ${frost}`;
  return notBegun(namespace, waves) ?? notApproved(namespace, status?.planDigest, approvals);
}

function goesBack(record: NamespaceMigration, { isUnwanted }: Around): boolean {
  return record.status?.direction !== undefined && isUnwanted(record);
}

/** Whether another migration takes the namespace back: by a journal of one that was deleted by force nobody goes on. */
function isTakenBack(name: string, { namespace, others }: Around): boolean {
  const view = namespace(name);
  const journal = view && journalOn(view);
  return journal?.direction === 'Backward' && others.some(({ metadata, spec }) => isOf(journal, metadata.name, spec));
}

/**
 * By journals, which nobody in a namespace can write. Where there is none, or it was lost, nobody takes the namespace
 * back by himself.
 */
function wayBackOf(name: string, record: NamespaceMigration | undefined, around: Around): WayBack {
  if (record?.status?.direction !== undefined) return goesBack(record, around) ? 'GoesBack' : 'ComesAlong';
  return isTakenBack(name, around) ? 'GoesBack' : 'Stays';
}

/** The other namespaces of a migration as those see them that wait for them. */
export function companyOf(around: Around): ScopeView {
  const { spec, migration, namespace, siblings, others, reserved } = around;
  const self: Named = { metadata: { name: migration }, spec };
  const moves = (name: string): boolean => {
    const view = namespace(name);
    return view !== undefined && !isSystem(name, reserved) && isSelected(self, view);
  };
  // Made when somebody asks: a namespace that waits asks about each that has pods.
  let byName: ReadonlyMap<string, NamespaceMigration> | undefined;
  let declared: MeshMigrationSpec['callers'] | undefined;
  const record = (name: string): NamespaceMigration | undefined => {
    byName ??= new Map(
      siblings()
        .toReversed()
        .map((each) => [each.metadata.namespace ?? '', each]),
    );
    return byName.get(name);
  };
  return {
    moves,
    restartsForHbone: (name) => {
      const view = namespace(name);
      return (
        view !== undefined &&
        !isSystem(name, reserved) &&
        isForHbone(self, view) &&
        !others.some((other) => holds(other) && isSelected(other, view))
      );
    },
    halted: (name) => {
      const found = record(name);
      return found && haltedBy(found, around);
    },
    comesLater: (name, than) => comesLater(name, than, around.waves),
    wayBack: (name) => wayBackOf(name, record(name), around),
    goingBack: () =>
      siblings()
        .filter((record) => goesBack(record, around))
        .map(({ metadata }) => metadata.namespace ?? ''),
    // Who plans only decides about nobody: what he declares is a draft.
    declared: () => (declared ??= others.filter((other) => !around.isIdle(other)).flatMap(({ spec }) => spec.callers)),
    unseenBefore: (name) => {
      const view = namespace(name);
      return view && journalOn(view)?.unseen;
    },
    callersBefore: (name) => {
      const view = namespace(name);
      return view && journalOn(view)?.callers;
    },
    stalledBack: (name) => {
      const status = record(name)?.status;
      return stalledBy(status?.conditions) === undefined ? undefined : standing(status).slice(0, 200);
    },
  };
}
