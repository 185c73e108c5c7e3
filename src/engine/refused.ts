import { durationMs } from '../base/duration.ts';
import { stalledMeanwhile } from './conditions.ts';
import type { Draft } from './draft.ts';
import { describeWrite } from './execute.ts';
import { refusalsToReport, type Outcome, type Situation } from './situation.ts';
import { deadline } from './waits.ts';

/** On the way there a write that the API server does not take is not tried for ever: nothing stands on it yet, and others wait for the slot. */
export function givenUp(situation: Situation, outcome: Outcome): Outcome {
  if (outcome.kind !== 'Write' || outcome.write.kind === 'Remove' || outcome.write.kind === 'Evict') return outcome;
  const name = describeWrite(outcome.write, situation.surroundings.namespace.name);
  const refused = situation.refusals.get(name);
  if (refused === undefined || !deadline(situation, `refused: ${name}`, durationMs(situation.spec.restart.progressDeadline)).over) return outcome;
  return { kind: 'Failed', reason: 'WriteRefused', message: `it is refused: ${refused.message}` };
}

/** A write that the API server keeps refusing is no progress: the status says who refuses it and why, while it is tried again. */
export function blame({ refusals, surroundings }: Situation, draft: Draft): Draft {
  const refused = draft.next.kind === 'Write' ? refusals.get(describeWrite(draft.next.write, surroundings.namespace.name)) : undefined;
  if (refused === undefined || refused.count < refusalsToReport) return draft;
  return { ...draft, verdict: stalledMeanwhile(draft.verdict, 'WriteRefused', `${draft.verdict.message}, but it is refused: ${refused.message}`) };
}
