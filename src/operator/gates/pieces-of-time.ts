import { greatest, least } from '../../base/lists.ts';
import { durationMs } from '../../base/duration.ts';
import type { Times } from '../../prometheus/client.ts';
import type { Want } from './want.ts';

/** Samples arrive as late as a scrape takes, of which a piece of time has four. */
const scrapesOfPiece = 4;

/** Prometheus answers with 11,000 points at the most, of how ever many namespaces it is asked. */
const mostPoints = 11_000;

/** What is older than this many pieces is not looked at any more. */
const mostPieces = 10_000;

/** Samples may come late, from afar or by another clock: pieces that ended within this time are asked about again. */
const lateMs = 15 * 60_000;

/** Pieces that end at multiples of their length, so that all namespaces have the same ones; undefined if there is none. */
function within(from: number, to: number, stepMs: number): Times | undefined {
  const [first, last] = [Math.ceil(from / stepMs) + 1, Math.floor(to / stepMs)];
  return last < first
    ? undefined
    : { from: Math.max(first, last - mostPieces + 1) * stepMs, to: last * stepMs, stepMs };
}

/** Pieces that were over before anything was changed. */
export function before({ before: end }: Want, windowMs: number, stepMs: number): Times | undefined {
  return within(end - windowMs, end, stepMs);
}

/**
 * Pieces that began two scrapes after the restarts were over, so that no counter is in its first: a new pod's first
 * value is no increase. Those that may still get samples are left out.
 */
export function since({ since: start }: Want, now: number, stepMs: number): Times | undefined {
  return within(start + (2 * stepMs) / scrapesOfPiece, now - stepMs / scrapesOfPiece, stepMs);
}

/** How far from each other the ends of two times before may be, for one question about both. */
export function mostApartMs(windowMs: number, stepMs: number): number {
  const pieces = Math.min(mostPieces, Math.ceil(windowMs / stepMs) + 1);
  return Math.min(windowMs, (mostPoints - pieces) * stepMs);
}

/** The first piece to be asked about, where those until `until` were asked about already. */
export function firstToAsk(until: number, stepMs: number): number {
  return until + stepMs - Math.ceil(lateMs / stepMs) * stepMs;
}

/** How long a piece of time is. */
export function stepOf(interval: string): number {
  return durationMs(interval);
}

/** The time in which all of these lie. */
export function span(all: readonly (Times | undefined)[]): Times | undefined {
  const there = all.filter((times) => times !== undefined);
  const [first] = there;
  return (
    first && {
      from: least(there.map(({ from }) => from)),
      to: greatest(there.map(({ to }) => to)),
      stepMs: first.stepMs,
    }
  );
}
