import type { Command } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import { backOutOfScope, isUnwanted } from './course.ts';
import { fromList, hasLabels } from './label-values.ts';
import { resumed } from './resume.ts';
import type { Situation } from './situation.ts';

/*
 * A rollback that has changed nothing yet, because something holds its first step, is not begun: whoever commanded it may take it back. Once anything has
 * changed it goes on to its end.
 */

function backward({ adapter, spec }: Situation, status: NamespaceMigrationStatus): readonly StepPlan[] {
  const labels = fromList(status.original?.labels ?? []);
  return adapter.itinerary(spec, labels, status.itinerary ?? 'L4', status.waypoint).backward;
}

/**
 * Whether nothing has been done on the way back. That its labels have been changed stands in the same write as they do,
 * so it is told by the labels, whatever the record says of its steps; steps before these ask first whether it may begin.
 */
function isUntouched(situation: Situation, status: NamespaceMigrationStatus): boolean {
  const { labels } = situation.surroundings.namespace;
  if (status.direction !== 'Backward' || status.failure !== undefined || status.itinerary === 'Hbone') return false;
  if (!hasLabels(labels, fromList(status.labels ?? []))) return false;
  const way = backward(situation, status);
  const first = way.find(({ work }) => work.kind === 'Labels');
  if (first?.work.kind !== 'Labels' || hasLabels(labels, first.work.targets)) return false;
  const begun = way.filter(({ name }) => status.steps?.some((step) => step.name === name) === true);
  return begun.every((step) => step === first && step === way[0]);
}

/** Without what is of the way back, where it stood before: at rest, or on the way. */
function turnedForward(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  const names = new Set<string>(backward(situation, status).map(({ name }) => name));
  const { command: _command, step: _step, ...rest } = status;
  const steps = (status.steps ?? []).filter(({ name }) => !names.has(name));
  const isRested = situation.remembered?.rested === true;
  return { ...rest, direction: 'Forward', steps, phase: isRested ? 'Migrated' : 'Migrating' };
}

/** Whether somebody wants it back all the same, or it would be sent back at once. */
function isStillWanted(situation: Situation, forward: NamespaceMigrationStatus): boolean {
  return isUnwanted(situation, backOutOfScope(situation, forward));
}

function whoWantsIt({ wanted, inScope }: Situation): string {
  if (wanted === 'Rollback') return 'the MeshMigration goes back: set spec.action to Migrate first';
  if (wanted === 'DeleteLeave') return 'the MeshMigration is being deleted, and what is half-way goes back then';
  return inScope
    ? 'it is to go back all the same'
    : 'it is not selected any more, and spec.rollback.onScopeLost is Rollback: select it again first';
}

/** What keeps a person from taking a rollback back; undefined if nothing does. */
export function whyNotWithdrawn(situation: Situation, status: NamespaceMigrationStatus): string | undefined {
  if (!isUntouched(situation, status)) return `the namespace is ${status.phase ?? 'not started'}`;
  if (isStillWanted(situation, turnedForward(situation, status))) return whoWantsIt(situation);
  const company = situation.adapter.refuses(situation.surroundings);
  return company === undefined ? undefined : `it goes back with ${company}: take that one back first`;
}

/**
 * The status as it goes on, in another attempt: the one that went back is over, and nothing is taken for it. What was at
 * rest stays so, and is looked at like everything at rest.
 */
export function withdrawnBy(
  situation: Situation,
  status: NamespaceMigrationStatus,
  command: Command,
): NamespaceMigrationStatus {
  const forward = turnedForward(situation, status);
  const again = resumed(situation, { ...forward, phase: 'Migrated' }, command);
  return forward.phase === 'Migrated' ? { ...again, phase: 'Migrated', steps: forward.steps ?? [] } : again;
}

/** What asks of `spec.action` that namespaces be in their new data plane. */
const taking: readonly Situation['wanted'][] = ['Migrate', 'Finalize'];

/**
 * Whoever sets `spec.action` back before anything has changed does not want the rollback any more.
 *
 * Safe: nothing differs from what it was before the rollback was asked for. Dying before: decided again; after: the
 * journal is of the way there again, in a new attempt.
 */
export function withdrawn(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  // A rollback is never paused, so a pause takes none back either.
  if (!taking.includes(situation.wanted)) return status;
  if (status.command?.action === 'Rollback' || !isUntouched(situation, status)) return status;
  if (isStillWanted(situation, turnedForward(situation, status))) return status;
  const nobody: Command = { action: 'Migrate', by: 'spec.action', at: timestamp(situation.now) };
  const taken = withdrawnBy(situation, status, nobody);
  // Who has paused it has not said that it may go on.
  return status.command?.action === 'Pause' ? { ...taken, command: status.command } : taken;
}
