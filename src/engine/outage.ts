import type { Situation } from './situation.ts';
import { deadline, standStill, waitedBefore, waitEnded } from './waits.ts';

function wellSince(wait: string): string {
  return `${wait}, and well since`;
}

/*
 * How long something is out that may come and go. A container in a crash loop is Ready for some seconds every five
 * minutes (the longest back-off of the kubelet), and each of these would begin its time anew. So its time goes on where
 * it stood, less what it was well meanwhile, until it was well for as long as it was out.
 */

/** How an outage stands against what it is allowed. */
export interface Outage {
  readonly over: boolean;
  /** When it will be over if nothing changes: by lasting too long, or by having been well for as long. */
  readonly until: number;
}

/**
 * A look that cannot tell: its time neither goes on nor is over. An absence of a moment (a controller that has yet to
 * see that somebody scaled, something else that is to be said first) would begin it anew each time.
 */
export function outageStands(situation: Situation, wait: string): void {
  for (const each of [wait, wellSince(wait)]) if (waitedBefore(situation, each) > 0) standStill(situation, each);
}

/** It is out in this look. To ask is to report, as of a deadline. */
export function stillOut(situation: Situation, wait: string, allowedMs: number, progress = 0): Outage {
  const well = wellSince(wait);
  const regained = waitedBefore(situation, well);
  if (regained > 0) standStill(situation, well);
  return deadline(situation, wait, allowedMs + regained, progress);
}

/** It is well in this look; undefined where there was none, or it is made good. */
export function wellAgain(situation: Situation, wait: string, allowedMs: number): Outage | undefined {
  const well = wellSince(wait);
  const regained = waitedBefore(situation, well);
  const lost = Math.min(allowedMs, waitedBefore(situation, wait));
  if (regained >= lost) return undefined;
  standStill(situation, wait);
  situation.waited(well);
  return { over: false, until: situation.now + Math.ceil(lost - regained) };
}

/** Undefined where there is none, or it is made good. */
export function outage(
  situation: Situation,
  wait: string,
  isOut: boolean,
  allowedMs: number,
  progress = 0,
): Outage | undefined {
  return isOut ? stillOut(situation, wait, allowedMs, progress) : wellAgain(situation, wait, allowedMs);
}

/** Nothing is left of it: that a look asks nothing about it is no accident. */
export function outageEnded(situation: Situation, wait: string): void {
  for (const each of [wait, wellSince(wait)]) waitEnded(situation, each);
}
