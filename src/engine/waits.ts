import type { Situation } from './situation.ts';

/** How a wait stands against what it is allowed. */
export interface Deadline {
  readonly over: boolean;
  /** Milliseconds since the epoch at which it will be over if nothing interferes: for the next look and for display. */
  readonly until: number;
}

/**
 * Judges a wait by the time in which this process has watched it, never by timestamps: a pause, a crash or a clock that jumps
 * is nobody's failure. To ask is to report: a wait that a look does not ask about is over for the stopwatch and begins anew.
 * `progress` never goes back: a pod that becomes Ready a second time has got nowhere.
 */
export function deadline({ now, waited }: Situation, wait: string, allowedMs: number, progress = 0): Deadline {
  const left = allowedMs - waited(`${wait}#${progress}`);
  return { over: left <= 0, until: now + Math.max(0, left) };
}

const settled = 'settled before ';

/** For how long what `step` relies on has been seen to hold. Not a deadline: it counts while the namespace is paused too. */
export function settledBefore(situation: Situation, step: string, forMs: number): Deadline {
  return deadline(situation, settled + step, forMs);
}

/** The situation in which no deadline comes nearer: what is lost while somebody has stopped the namespace is not held against it. */
export function withoutDeadlines(situation: Situation): Situation {
  return { ...situation, waited: (wait) => (wait.startsWith(settled) ? situation.waited(wait) : 0) };
}

/** Notes which waits a decision asks about. */
export function noting(situation: Situation): { readonly situation: Situation; readonly waits: ReadonlySet<string> } {
  const waits = new Set<string>();
  const waited = (wait: string): number => {
    waits.add(wait);
    return situation.waited(wait);
  };
  return { situation: { ...situation, waited }, waits };
}
