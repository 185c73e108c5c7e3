import { durationMs } from '../base/duration.ts';
import type { PodView } from '../mesh/views.ts';
import type { Outcome, Situation } from './situation.ts';

/** How a wait stands against what it is allowed. */
export interface Deadline {
  readonly over: boolean;
  /** Milliseconds since the epoch at which it will be over if nothing interferes: for the next look and for display. */
  readonly until: number;
}

/**
 * Judges a wait by the time in which this process has watched it, never by timestamps: a pause, a crash or a clock that
 * jumps is nobody's failure. To ask is to report: a wait that a look does not ask about is over for the stopwatch and
 * begins anew, unless it `leavesEarly`. `progress` never goes back: a pod that becomes Ready a second time has got
 * nowhere.
 */
export function deadline({ now, waited }: Situation, wait: string, allowedMs: number, progress = 0): Deadline {
  const left = allowedMs - waited(`${wait}#${progress}`);
  return { over: left <= 0, until: now + Math.max(0, Math.ceil(left)) };
}

/**
 * A pod that is on its way out ends by itself, unless its node is lost or a finalizer holds it: then a person is
 * needed.
 */
export function ending(situation: Situation, pod: PodView, otherwise: string): Outcome {
  const { progressDeadline } = situation.spec.restart;
  const { over, until } = deadline(situation, `end of pod ${pod.uid}`, durationMs(progressDeadline));
  return over
    ? {
        kind: 'Wait',
        stuck: true,
        stalled: 'PodInTheWay',
        message: `pod ${pod.name} ${otherwise}: it is on its way out for ${progressDeadline} and does not end; look at its node and its finalizers`,
      }
    : { kind: 'Wait', until, message: `pod ${pod.name} ${otherwise}: waiting until it has ended` };
}

const settled = 'settled before ';

/**
 * For how long what `step` relies on has been seen to hold. Not a deadline: it counts while the namespace is paused
 * too.
 */
export function settledBefore(situation: Situation, step: string, forMs: number): Deadline {
  return deadline(situation, settled + step, forMs);
}

/**
 * The situation in which no deadline comes nearer: what is lost while somebody has stopped the namespace is not held
 * against it.
 */
export function withoutDeadlines(situation: Situation): Situation {
  return { ...situation, waited: (wait) => (wait.startsWith(settled) ? situation.waited(wait) : 0) };
}

const peeked = '? ';

/**
 * For how long the looks before this one have named the wait, without naming it in this one: what was so and is no
 * longer.
 */
export function waitedBefore({ waited }: Situation, wait: string): number {
  return waited(peeked + wait);
}

const stood = '= ';

/** A wait that neither goes on nor is over in this look: what is the matter may come back. */
export function standStill({ waited }: Situation, wait: string): void {
  waited(stood + wait);
}

/** The name of a wait that stands still; undefined for one that goes on. */
export function standing(wait: string): string | undefined {
  return wait.startsWith(stood) ? wait.slice(stood.length) : undefined;
}

const ended = '! ';
const early = '* ';

/** What was waited for has come: that a look asks nothing about it is no accident. */
export function waitEnded({ waited }: Situation, wait: string): void {
  waited(ended + wait);
}

/**
 * A look that has something else to do first has no occasion to ask about what is waited for: none of that is over by
 * it.
 */
export function leavesEarly({ waited }: Situation): void {
  waited(early);
}

const still = '- ';

/** Nothing goes on in this look: none of what is waited for is over by it, and the time until the next counts for none. */
export function allStand({ waited }: Situation): void {
  waited(still);
}

/** What a decision asks about; `kept` when others are not over because it does not, except those that it names. */
export interface Asked {
  readonly waits: ReadonlySet<string>;
  readonly kept: () => { readonly kept?: Kept };
}

/** Waits that stand still through a look, all but these. */
export interface Kept {
  readonly except: readonly string[];
  /** Not even for a moment does their time go on. */
  readonly still?: true;
}

/** What has to hold without a break is broken where it is not asked about. */
export function isKept({ except }: Kept, name: string): boolean {
  return !name.startsWith(settled) && !except.includes(name);
}

/** Notes which waits a decision asks about. */
export function noting(situation: Situation): Asked & { readonly situation: Situation } {
  const waits = new Set<string>();
  const except = new Set<string>();
  let leaves = false;
  let stands = false;
  const waited = (wait: string): number => {
    if (wait.startsWith(peeked)) return situation.waited(wait.slice(peeked.length));
    if (wait.startsWith(ended)) {
      except.add(wait.slice(ended.length));
      return 0;
    }
    if (wait === early) {
      leaves = true;
      return 0;
    }
    if (wait === still) {
      stands = true;
      return 0;
    }
    waits.add(wait);
    return situation.waited(standing(wait) ?? wait);
  };
  const kept = (): { readonly kept?: Kept } =>
    leaves || stands ? { kept: { except: [...except], ...(stands && { still: true }) } } : {};
  return { situation: { ...situation, waited }, waits, kept };
}
