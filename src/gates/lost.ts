import { greatest } from '../base/lists.ts';
import type { Block } from './limit.ts';

/** Traffic that paused for so long before may pause so many times as long before it counts as gone. */
const patience = 5;

const leastMs = 5 * 60_000;

/** The longest time without anything, in milliseconds: from what there was first until `until`. */
function longestGap(baseline: readonly Block[], until: number): number {
  const busy = baseline.filter(({ total }) => total > 0).map(({ at }) => at);
  return greatest([0, ...busy.map((at, n) => (busy[n + 1] ?? until) - at)]);
}

/**
 * Whether what there was before is gone: nothing for some times as long as it ever paused. Only series that are there
 * and stand still say so; where they are missing, it may be that nobody scrapes them. What the called were `heard` to
 * be called in is not quiet.
 */
export function isTrafficLost(
  baseline: readonly Block[],
  since: readonly Block[],
  blockMs: number,
  heard: ReadonlySet<number> = new Set(),
): boolean {
  const [first] = since;
  if (first === undefined || baseline.every(({ total }) => total === 0)) return false;
  const gap = longestGap(baseline, first.at - blockMs);
  const quiet = since.slice(since.findLastIndex(({ at, total }) => total > 0 || heard.has(at)) + 1);
  return quiet.length * blockMs >= Math.max(leastMs, patience * gap);
}
