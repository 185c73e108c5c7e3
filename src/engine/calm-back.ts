import { stalledBy } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { Itinerary } from '../mesh/adapter.ts';
import { calmAt, calmMs } from './calm.ts';
import type { Outcome, Situation } from './situation.ts';
import type { Walked } from './walk.ts';

const stuck = 'RollbackStuck';

function isHeld(outcome: Outcome): boolean {
  return outcome.kind === 'Wait' && outcome.stuck === true && outcome.stalled === stuck;
}

/** The first labels that go back are what new pods go by: afterwards it is too late for what held them. */
function isBeforeLabels({ steps }: NamespaceMigrationStatus, { backward }: Itinerary): boolean {
  const flip = backward.find(({ work }) => work.kind === 'Labels');
  return flip !== undefined && steps?.find(({ name }) => name === flip.name)?.completedAt === undefined;
}

/**
 * What held the first labels may be away for a moment only, because somebody replaces it. Until it counts as gone it is
 * told as before, so that the next process knows of it.
 * Safe: nothing is written or begun; dying before or after, the next process waits anew.
 */
export function backOnceCalm(
  situation: Situation,
  turned: NamespaceMigrationStatus,
  walked: Walked,
  itinerary: Itinerary,
): Walked {
  const { outcome } = walked;
  if (!isBeforeLabels(turned, itinerary)) return walked;
  const until = calmAt(situation, {
    before: 'it goes back',
    isThere: isHeld(outcome),
    wasThere: stalledBy(situation.object.status?.conditions)?.reason === stuck,
  });
  if (until === undefined || (outcome.kind !== 'Write' && outcome.kind !== 'Announce')) return walked;
  const message = `nothing holds the rollback any more; it goes on when that has stayed so for ${calmMs / 1000}s`;
  return {
    status: turned,
    outcome: { kind: 'Wait', until, tells: until, parked: 'Waits', stuck: true, stalled: stuck, message },
  };
}
