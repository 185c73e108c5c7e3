import { durationMs } from '../base/duration.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { Outcome, Situation } from './situation.ts';
import { settledBefore } from './waits.ts';

/** What time is given for: whoever makes pods anew does so by the labels that a step before has set. */
function arrival({ work }: StepPlan, settle: string): string {
  return work.kind === 'Restart'
    ? `giving the API server and all that takes in pods ${settle} to go by the labels as they are now`
    : `giving all proxies ${settle} to receive what was made`;
}

/**
 * What a step has to wait for that relies on the steps before it: these have only just been reached, or reached again,
 * and some proxy (or the API server) may not know of it yet. Asked at every look in which all of them hold, so it counts for how long they
 * have been seen to hold without a break; a process that dies meanwhile waits once more. Undefined when they have held
 * long enough.
 */
export function settling(situation: Situation, step: StepPlan): Outcome | undefined {
  if (typeof step.settled === 'function' ? !step.settled(situation.surroundings) : step.settled !== true)
    return undefined;
  const { settle } = situation.spec.policies;
  const { over, until } = settledBefore(situation, step.name, durationMs(settle));
  return over
    ? undefined
    : {
        kind: 'Pace',
        until,
        message: `${arrival(step, settle)}, before ${step.name} relies on it`,
      };
}
