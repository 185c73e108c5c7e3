import { durationMs } from '../base/duration.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { Held } from './flip.ts';
import type { Outcome, Situation } from './situation.ts';
import { deadline } from './waits.ts';

/**
 * What keeps a step from changing anything, because what it relies on is not there now, whatever an earlier step has
 * reached. Nobody gains anything by going on: it stands, and goes on by itself. What only has not been said yet is
 * believed once nobody has said anything else for as long as a pod gets to be taken in.
 */
export function unreliable(situation: Situation, step: StepPlan): Held | undefined {
  const lacking = step.relies?.(situation.surroundings);
  if (lacking === undefined) return undefined;
  const message = `${step.name} waits: ${lacking.message}`;
  if (lacking.passes !== true) return { kind: 'Wait', parked: 'Waits', stuck: true, stalled: 'RollbackStuck', message };
  const { enrolmentDeadline } = situation.spec.restart;
  const { over, until } = deadline(situation, `${step.name}: ${lacking.message}`, durationMs(enrolmentDeadline));
  return over ? undefined : { kind: 'Wait', until, message };
}

/**
 * That, where the step is about to change something, or to count as done but for its gate, which says the same later.
 */
export function withheld({ kind }: Outcome, { gate }: StepPlan, lacking: Held | undefined): Held | undefined {
  return kind === 'Write' || kind === 'Announce' || (kind === 'Done' && gate !== undefined) ? lacking : undefined;
}

/** What goes on by itself meanwhile, a rollout that has begun, is told with what is gone. */
export function alsoLacking(outcome: Outcome, lacking: Held | undefined): Outcome {
  if (lacking?.stuck !== true || outcome.kind !== 'Wait' || outcome.stuck === true) return outcome;
  const message = `${outcome.message}; ${lacking.message}`;
  return { ...outcome, stuck: true, stalled: 'RollbackStuck', message };
}
