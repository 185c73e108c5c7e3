import { durationMs } from '../base/duration.ts';
import { stalledMeanwhile, type Verdict } from './conditions.ts';
import type { Draft } from './draft.ts';
import { describeWrite, partsOf } from './execute.ts';
import { refusalsToReport, type Outcome, type Refusal, type Situation, type Write } from './situation.ts';
import { deadline } from './waits.ts';

/** What is known against a write: that it was refused, or that it did not last at one of its objects. */
export function refusalOf({ refusals, surroundings: { namespace } }: Situation, write: Write): Refusal | undefined {
  const parts = refusals.size === 0 ? [] : partsOf(write, namespace.name);
  return (
    refusals.get(parts.join(', ')) ??
    parts.map((part) => refusals.get(part)).find((refusal) => refusal?.undone === true)
  );
}

/** How often, at most, one of its objects was refused or changed back: what never was comes first. */
export function timesRefused(situation: Situation, write: Write): number {
  return refusalOf(situation, write)?.count ?? 0;
}

/** What does not last, whether it is as it should be at this moment or not. */
function undoneIn({ refusals }: Situation): readonly [string, Refusal] | undefined {
  return [...refusals].find(([, { undone }]) => undone === true);
}

function isUndone(situation: Situation, write: Write | undefined): boolean {
  return write !== undefined && refusalOf(situation, write)?.undone === true;
}

/**
 * On the way there nothing is built on what does not last, though it may be as it should be at this moment: what is not
 * about it waits. Undone once more after the deadline, the namespace has failed; if it lasts then, it goes on when that
 * is no longer in doubt.
 */
function unbuilt(
  situation: Situation,
  outcome: Outcome,
  followed: Write | undefined,
  [part, { message }]: readonly [string, Refusal],
): Outcome {
  const { over } = deadline(situation, `undone: ${part}`, durationMs(situation.spec.restart.progressDeadline));
  const isOwn = outcome.kind === 'Write' && isUndone(situation, outcome.write);
  if (over && (isOwn || isUndone(situation, followed))) return { kind: 'Failed', reason: 'WriteUndone', message };
  // What was done and does not hold any more for this very reason has failed of it, whichever deadline is over first.
  if (outcome.kind === 'Failed' && outcome.message.includes(message))
    return { ...outcome, reason: 'WriteUndone', message };
  if (isOwn || outcome.kind === 'Failed' || outcome.kind === 'Foreign' || outcome.kind === 'Wait') return outcome;
  return { kind: 'Wait', stuck: true, stalled: 'WriteUndone', message };
}

/**
 * On the way there a write that the API server does not take, or that does not last, is not tried for ever: nothing
 * stands on it yet, and others wait for the slot.
 */
export function givenUp(situation: Situation, outcome: Outcome, followed: Write | undefined): Outcome {
  const undone = undoneIn(situation);
  if (undone !== undefined) return unbuilt(situation, outcome, followed, undone);
  if (outcome.kind !== 'Write' || outcome.write.kind === 'Remove' || outcome.write.kind === 'Evict') return outcome;
  const name = describeWrite(outcome.write, situation.surroundings.namespace.name);
  const refused = situation.refusals.get(name);
  if (
    refused === undefined ||
    !deadline(situation, `refused: ${name}`, durationMs(situation.spec.restart.progressDeadline)).over
  )
    return outcome;
  return { kind: 'Failed', reason: 'WriteRefused', message: `a write is refused: ${refused.message}` };
}

/** What a person does about what does not last. */
export const leaveAlone = 'Have whoever it is leave that alone; it is tried again by itself, at most once a minute';

/** Who has stopped, or has failed, is told how to go on; beside that, what is the matter with what is still written. */
function verdictOn({ undone, message }: Refusal, { verdict, phase }: Draft): Verdict {
  if (verdict.state === 'Stalled' && (phase === 'Failed' || phase === 'Paused'))
    return verdict.message.includes(message) ? verdict : { ...verdict, message: `${verdict.message}; ${message}` };
  return undone === true
    ? { ...stalledMeanwhile(verdict, 'WriteUndone', message), way: leaveAlone }
    : stalledMeanwhile(verdict, 'WriteRefused', `${verdict.message}, but it is refused: ${message}`);
}

/**
 * A write that the API server keeps refusing is no progress: the status says who refuses it and why, while it is tried
 * again. So does one that somebody undoes again and again, also in the moments in which it is as it should be.
 */
export function blame(situation: Situation, draft: Draft): Draft {
  const refused = draft.next.kind === 'Write' ? refusalOf(situation, draft.next.write) : undefined;
  if (refused !== undefined && refused.count >= refusalsToReport)
    return { ...draft, verdict: verdictOn(refused, draft) };
  const undone =
    draft.verdict.state === 'Stalled' || draft.status.direction === undefined ? undefined : undoneIn(situation)?.[1];
  return undone === undefined ? draft : { ...draft, verdict: verdictOn(undone, draft) };
}
