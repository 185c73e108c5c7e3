import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
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

/**
 * What becomes of a namespace that is under way and has left the scope; undefined where it is in it, or is to go on.
 */
function courseOutside({ inScope, spec }: Situation): Course | undefined {
  if (inScope || spec.rollback.onScopeLost === 'Finish') return undefined;
  return spec.rollback.onScopeLost === 'Rollback' ? 'Backward' : 'Hold';
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

/** The course of a namespace that was started, by what is wanted and how far it is. */
export function courseOf(situation: Situation, status: NamespaceMigrationStatus): Course {
  const { wanted, spec } = situation;
  if (isQueued(situation, status)) return 'Queue';
  if (isUnwanted(situation, status)) return 'Backward';
  if (status.failure !== undefined) return spec.rollback.automatic ? 'Backward' : 'Hold';
  if (isAtRest(status.phase)) return courseAtRest(situation, status);
  const usual = status.command?.action === 'Pause' || wanted === 'Pause' || wanted === 'Plan' ? 'Hold' : 'Forward';
  return courseOutside(situation) ?? usual;
}
