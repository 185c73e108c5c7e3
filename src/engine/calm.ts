import type { Situation } from './situation.ts';
import { settledBefore, waitedBefore, waitEnded } from './waits.ts';

/** For so long nothing may be in the way any more, where something was: whoever replaces an object has it back by then. */
export const calmMs = 30_000;

/** What was in the way of something, and may be back in a moment: a policy or a workload that a tool replaces. */
export interface Obstacle {
  /** What it is in the way of. */
  readonly before: string;
  readonly isThere: boolean;
  /** Whether it was by what is stored: a process that has just taken over remembers nothing. */
  readonly wasThere?: boolean;
  /** Default: `calmMs`. */
  readonly forMs?: number;
}

/** By what it is known that something is in the way. */
export function wayTo(before: string): string {
  return `something is in the way before ${before}`;
}

/** Two looks may follow each other in no time. */
function isKnown(situation: Situation, obstacle: string): boolean {
  return situation.waits?.includes(obstacle) ?? waitedBefore(situation, obstacle) > 0;
}

/**
 * By when it counts that nothing is in the way: Infinity while something is, undefined once it has been away for long
 * enough, or never was there. Asked at each look in which it could be there: only what was seen to be away counts.
 */
export function calmAt(
  situation: Situation,
  { before, isThere, wasThere = false, forMs = calmMs }: Obstacle,
): number | undefined {
  const obstacle = wayTo(before);
  if (!isThere && !wasThere && !isKnown(situation, obstacle)) return undefined;
  const calm = isThere ? undefined : settledBefore(situation, before, forMs);
  if (calm?.over === true) {
    waitEnded(situation, obstacle);
    return undefined;
  }
  situation.waited(obstacle);
  return calm?.until ?? Infinity;
}
