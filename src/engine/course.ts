import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { isAtRest, podsLeft } from './left.ts';
import type { Situation } from './situation.ts';

/** What is to be done with a namespace that was started. */
export type Course = 'Forward' | 'Backward' | 'Hold' | 'Seal' | 'Rest' | 'Queue' | 'LetGo';

/** Whether anybody wants the namespace back as it was: once begun, a rollback is not turned round. */
export function isUnwanted(
  { wanted }: Pick<Situation, 'wanted'>,
  { direction, command, phase }: NamespaceMigrationStatus,
): boolean {
  if (direction === 'Backward' || command?.action === 'Rollback') return true;
  return wanted === 'Rollback' || (wanted === 'DeleteLeave' && !isAtRest(phase));
}

/** Who brings a namespace back that has left the scope, as if he had commanded it. */
export const scopeCommander = 'spec.rollback.onScopeLost';

/**
 * A namespace that leaves the scope under way goes back where `spec.rollback.onScopeLost` says so, as if a person had
 * commanded it: nobody's failure, and not started again by itself when it is selected again. Whatever has taken it out
 * of the selection, a tool that changes a label for example, may take it in again at once, and so on for ever.
 *
 * Safe: it only turns to where it came from. Dying before: decided again; after: its journal says so, in the scope or
 * not.
 */
export function backOutOfScope(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  const { inScope, spec, now } = situation;
  const { direction, failure, phase } = status;
  if (inScope || spec.rollback.onScopeLost !== 'Rollback') return status;
  if (direction !== 'Forward' || failure !== undefined || isAtRest(phase) || isUnwanted(situation, status))
    return status;
  return { ...status, command: { action: 'Rollback', by: scopeCommander, at: timestamp(now) } };
}

/** Whether the selection takes in by now what was only restarted for HBONE. */
function isToMove({ surroundings: { scope, namespace } }: Situation): boolean {
  return scope?.moves(namespace.name) === true;
}

/**
 * What is at rest is sealed when that is wanted; while pods of the old data plane are left, only at a deletion that
 * leaves things as they are. Not before the MeshMigration has let go of a rollback that was taken back: without its
 * journal the namespace would count as half-way back.
 */
function courseAtRest(situation: Situation, status: NamespaceMigrationStatus): Course {
  if (status.itinerary === 'Hbone' && isToMove(situation)) return 'LetGo';
  const seals =
    situation.wanted === 'DeleteLeave' || (situation.wanted === 'Finalize' && podsLeft(situation, status).length === 0);
  return seals && situation.returned === undefined ? 'Seal' : 'Rest';
}

/**
 * What is at rest serves as it is, so it waits for its turn to go back; what is half-way, has failed or was commanded
 * back by itself does not.
 */
function isQueued({ notTurned }: Situation, { direction, phase, failure, command }: NamespaceMigrationStatus): boolean {
  return (
    notTurned !== undefined &&
    direction === 'Forward' &&
    isAtRest(phase) &&
    failure === undefined &&
    command?.action !== 'Rollback'
  );
}

/** Whether what has failed goes back without a person. A gate may say that one is to decide. */
export function goesBackByItself({ spec }: Pick<Situation, 'spec'>, reason: string): boolean {
  return spec.rollback.automatic && reason !== 'GateHeld';
}

/** The course of a namespace that was started, by what is wanted and how far it is. */
export function courseOf(situation: Situation, status: NamespaceMigrationStatus): Course {
  const { wanted, spec } = situation;
  if (isQueued(situation, status)) return 'Queue';
  if (isUnwanted(situation, status)) return 'Backward';
  if (status.failure !== undefined) return goesBackByItself(situation, status.failure.reason) ? 'Backward' : 'Hold';
  if (isAtRest(status.phase)) return courseAtRest(situation, status);
  if (!situation.inScope && spec.rollback.onScopeLost === 'Hold') return 'Hold';
  return status.command?.action === 'Pause' || wanted === 'Pause' || wanted === 'Plan' ? 'Hold' : 'Forward';
}
