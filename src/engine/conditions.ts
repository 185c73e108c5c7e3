import type { Condition, Finding } from '../api/common.ts';
import { timestamp } from '../base/clock.ts';
import { cutText } from '../base/cut-text.ts';
import { printable } from '../base/printable.ts';
import { listed } from '../base/counted.ts';
import type { Place } from './command-lines.ts';
import { messageWithWayOut, type StalledReason } from './ways-out.ts';

/** What one look at an object amounts to, in the words of kstatus. */
export type Verdict =
  /** Ready: it is where it shall be. InProgress: it gets there by itself. */
  | { readonly state: 'Ready' | 'InProgress'; readonly reason: string; readonly message: string }
  /**
   * A person has to do something. `way` is said instead of what the table of ways out has for the reason; `meanwhile`
   * is what is tried, or goes on, all the same.
   */
  | {
      readonly state: 'Stalled';
      readonly reason: StalledReason;
      readonly message: string;
      readonly way?: string;
      readonly meanwhile?: string;
    };

/** Stalled for another reason, with what goes on all the same. */
export function stalledMeanwhile(
  verdict: Verdict,
  reason: StalledReason,
  message: string,
): Extract<Verdict, { state: 'Stalled' }> {
  const meanwhile = verdict.state === 'Stalled' ? verdict.meanwhile : verdict.reason;
  return { state: 'Stalled', reason, message, ...(meanwhile !== undefined && { meanwhile }) };
}

/** The verdict as it is told: what is Stalled ends with what a person can do about it. */
export function told(verdict: Verdict, place: Place): Verdict {
  if (verdict.state !== 'Stalled') return verdict;
  return { ...verdict, message: messageWithWayOut(verdict.reason, verdict.message, place, verdict.way) };
}

/**
 * Ready, Reconciling and Stalled from one verdict, so that they never contradict each other: cli-utils' kstatus (Flux,
 * `kubectl wait`, Argo CD's health script) reads Stalled as failed, Reconciling as in progress and neither as current.
 * lastTransitionTime stays while a status stays. `answer` is why a command was not taken, and is kept until there is
 * another; null when one was, or when it is over (`answerNow`).
 */
export function conditionsFor(
  verdict: Verdict,
  previous: readonly Condition[] | undefined,
  generation: number,
  now: number,
  answer?: string | null,
): Condition[] {
  const { state, reason } = verdict;
  const wanted: readonly [string, boolean, string][] = [
    ['Ready', state === 'Ready', reason],
    ['Reconciling', state === 'InProgress', state === 'Stalled' ? (verdict.meanwhile ?? reason) : reason],
    ['Stalled', state === 'Stalled', reason],
  ];
  const conditions = wanted.map(([type, holds, why]) =>
    condition(type, holds ? 'True' : 'False', why, verdict.message, previous, generation, now),
  );
  const rejected = previous?.find(({ type }) => type === 'CommandRejected');
  if (typeof answer === 'string') conditions.push(answered(answer, generation, now));
  else if (rejected !== undefined && answer !== null) conditions.push(rejected);
  return conditions;
}

/** Each answer is one of its own, and as old as the command that it is given to. */
function answered(answer: string, generation: number, now: number): Condition {
  return condition('CommandRejected', 'True', 'NotPossible', answer, undefined, generation, now);
}

/** The conditions as they are, with an answer to a command: of what nobody looks at nothing else is said anew. */
export function withAnswer(
  previous: readonly Condition[] | undefined,
  answer: string,
  generation: number,
  now: number,
): Condition[] {
  const others = previous?.filter(({ type }) => type !== 'CommandRejected') ?? [];
  return [...others, answered(answer, generation, now)];
}

/**
 * What an object is about to do, or is tried though a person is needed, in a word that is the operator's own: a message
 * may have text of others in it.
 */
export function reconciling(conditions: readonly Condition[] | undefined): string | undefined {
  return conditions?.find(({ type }) => type === 'Reconciling')?.reason;
}

/** For how long an answer counts as told: after that it may have been somebody else who was. */
export const toldForMs = 10 * 60_000;

/** The answer to a command that was not carried out, as long as whoever gave it may be looking for it. */
export function freshAnswer(
  conditions: readonly Condition[],
  now: number,
): { readonly message: string; readonly until: number } | undefined {
  const rejected = conditions.find(({ type }) => type === 'CommandRejected');
  if (rejected === undefined) return undefined;
  const until = Date.parse(rejected.lastTransitionTime) + toldForMs;
  return until > now ? { message: rejected.message, until } : undefined;
}

/** What was answered to a command is over when the phase is another one: what kept it from being taken may be too. */
export function answerNow(
  answer: string | null | undefined,
  before: string | undefined,
  now: string,
): string | null | undefined {
  return answer === undefined && before !== now ? null : answer;
}

const restored = 'Restored';

/**
 * What was seen at the end of a rollback, by the reason that it has, and that which takes its place where somebody has
 * moved the namespace since.
 */
const endings = [
  { status: 'True', reason: 'AsItWas', moved: 'MovedSince' },
  { status: 'False', reason: 'Differs', moved: 'DifferedAndMovedSince' },
] as const;

/** Nobody knows any more, and somebody has moved it. */
const notSeen = 'NotSeen';

/** Between what became of it later and what was seen at the end of the rollback. */
const atTheEnd = '. At the end of the rollback: ';

/**
 * What was seen at the end, also where somebody has moved the namespace since: the reason tells which it was, and the
 * message has it at its end.
 */
function seenAtTheEnd(previous: readonly Condition[] | undefined): Condition | undefined {
  const before = previous?.find(({ type }) => type === restored);
  if (before?.status !== 'Unknown') return before;
  const ending = endings.find(({ moved }) => moved === before.reason);
  const [, message = ''] = before.message.split(atTheEnd);
  return ending && { ...before, status: ending.status, reason: ending.reason, message };
}

/** How a rollback ended. */
export interface Ending {
  /** What is not as it was, seen now; undefined where nobody looks any more. */
  readonly differences?: readonly string[] | undefined;
  /** Whether the namespace rests after it. */
  readonly rests: boolean;
  /** Who has moved it since. */
  readonly moved?: string | undefined;
}

/**
 * Whether a rollback has left everything as it was, said at its end by what was seen then and kept as long as the
 * namespace rests: what becomes of it later is its owner's. Of one that somebody has moved since it is Unknown. None
 * while nothing is back.
 */
export function restoredCondition(
  { differences, rests, moved }: Ending,
  previous: readonly Condition[] | undefined,
  generation: number,
  now: number,
): readonly Condition[] {
  if (differences === undefined) {
    const seen = rests ? seenAtTheEnd(previous) : undefined;
    if (!rests || moved === undefined) return seen === undefined ? [] : [seen];
    const reason = endings.find((ending) => ending.reason === seen?.reason)?.moved ?? notSeen;
    return [
      condition(
        restored,
        'Unknown',
        reason,
        `${moved}${seen === undefined ? '' : `${atTheEnd}${seen.message}`}`,
        previous,
        generation,
        now,
      ),
    ];
  }
  const [asItWas, differs] = endings;
  const { status, reason } = differences.length === 0 ? asItWas : differs;
  const message = differences.length === 0 ? 'everything that the migration changed is as it was' : listed(differences);
  return [condition(restored, status, reason, message, previous, generation, now)];
}

const noWayBack = 'NoWayBack';

/**
 * What keeps a namespace at rest from ever coming back, said before somebody needs it; no condition where nothing does.
 */
export function noWayBackCondition(
  finding: Finding | undefined,
  previous: readonly Condition[] | undefined,
  generation: number,
  now: number,
): readonly Condition[] {
  if (finding === undefined) return [];
  const { id, object, message, fix } = finding;
  return [condition(noWayBack, 'True', id, `${id} ${object}: ${message}. ${fix}`, previous, generation, now)];
}

/** The same as it was said; undefined where there is a way back. */
export function saidNoWayBack(conditions: readonly Condition[] | undefined): string | undefined {
  return conditions?.find(({ type, status }) => type === noWayBack && status === 'True')?.message;
}

/** Whether it was seen how a rollback ended: of a record that was made anew since nobody has. */
export function isSeen(conditions: readonly Condition[] | undefined): boolean {
  return conditions?.some(({ type, reason }) => type === restored && reason !== notSeen) === true;
}

/** Whether something was not as it was at the end of a rollback already, whatever became of it later. */
export function endedDifferent(conditions: readonly Condition[] | undefined): boolean {
  return seenAtTheEnd(conditions)?.status === 'False';
}

/** What a rollback has not left as it was; undefined where nobody has looked. */
export function notRestored(conditions: readonly Condition[] | undefined): string | undefined {
  const found = conditions?.find(({ type }) => type === restored);
  return found?.status === 'False' ? found.message : undefined;
}

/** Who has moved a namespace since its rollback; undefined where nobody has. */
export function movedAfter(conditions: readonly Condition[] | undefined): string | undefined {
  const found = conditions?.find(({ type }) => type === restored);
  return found?.status === 'Unknown' ? found.message.split(atTheEnd)[0] : undefined;
}

function condition(
  type: string,
  status: Condition['status'],
  reason: string,
  message: string,
  previous: readonly Condition[] | undefined,
  generation: number,
  now: number,
): Condition {
  const before = previous?.find((candidate) => candidate.type === type);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : timestamp(now);
  return {
    type,
    status,
    reason,
    message: cutText(printable(message), 2048),
    observedGeneration: generation,
    lastTransitionTime,
  };
}
