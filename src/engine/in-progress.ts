import type { Verdict } from './conditions.ts';
import type { Draft } from './draft.ts';
import type { Outcome } from './situation.ts';
import type { StalledReason } from './ways-out.ts';

/** When a wait ends, where the status says so. */
function toldUntil(outcome: Outcome): number | undefined {
  if (outcome.kind === 'Pace') return outcome.until;
  return outcome.kind === 'Wait' ? outcome.tells : undefined;
}

/** Others that are to go first are told by one word at every step; what may be gone by the next look is known by it. */
function reasonOf(outcome: Outcome, step: string): string {
  return outcome.kind === 'Wait' && outcome.held !== undefined && outcome.held.length > 0 ? 'WaitsForOthers' : step;
}

/** `stalled` is why, when what it waits for does not come by itself. */
export function inProgress(
  outcome: Extract<Outcome, { message: string }>,
  reason: string,
  stalled: StalledReason = 'PodInTheWay',
): Pick<Draft, 'verdict' | 'next' | 'waitUntil'> {
  const stuck = outcome.kind === 'Wait' && outcome.stuck === true;
  const { message } = outcome;
  const verdict: Verdict = stuck
    ? { state: 'Stalled', reason: outcome.stalled ?? stalled, message }
    : { state: 'InProgress', reason: reasonOf(outcome, reason), message };
  if (outcome.kind === 'Write') return { verdict, next: { kind: 'Write', write: outcome.write } };
  const until = outcome.kind === 'Wait' || outcome.kind === 'Pace' ? outcome.until : undefined;
  const parked = outcome.kind === 'Wait' ? outcome.parked : undefined;
  const waitUntil = toldUntil(outcome);
  return {
    verdict,
    next: { kind: 'Wait', ...(until !== undefined && { until }), ...(parked !== undefined && { parked }) },
    ...(waitUntil !== undefined && { waitUntil }),
  };
}
