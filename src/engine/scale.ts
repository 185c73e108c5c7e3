import type { StepPlan } from '../mesh/adapter.ts';
import { scalePatch } from './patches.ts';
import { refusalOf } from './refused.ts';
import type { Outcome, Situation, Write } from './situation.ts';

/**
 * Sets the number of pods of a Deployment to what it would become anyway, so that the gate of its step is reached
 * sooner. The status says the same with it and without: nothing is announced that could be missed. One that is refused
 * holds nothing up.
 *
 * Safe: tests the uid, and the generation at which nobody had changed its spec, so late, twice or never is all the
 * same. Dying before: sent again or done by the autoscaler; after: the generation is another one, and it is never sent
 * again.
 */
export function scaleUp(situation: Situation, step: StepPlan, message: string): Outcome | undefined {
  const scale = step.scales?.(situation.surroundings);
  if (scale === undefined) return undefined;
  const {
    workload: { kind, name },
    workload,
    replicas,
  } = scale;
  const write: Write = { kind: 'Scale', workload: { kind, name }, operations: scalePatch(workload, replicas) };
  return refusalOf(situation, write) === undefined ? { kind: 'Write', message, write } : undefined;
}
