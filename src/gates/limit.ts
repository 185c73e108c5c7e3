import { upperBound } from './beta.ts';
import type { Count } from './evidence.ts';

/** What was counted in one piece of time; all pieces are equally long, and those of which nothing is known are absent. */
export interface Block extends Count {
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
}

/** What a share of bad ones is compared with. */
export interface Bounds {
  /** It is allowed whatever was before. */
  readonly max: number;
  /** What may come on top of what was before; absent where it is not compared with that. */
  readonly maxIncrease?: number;
}

/** A limit for each answer, and by how much bad ones come in bursts. */
export interface Limits {
  /** Who is above it fails. */
  readonly fail: number;
  /** Who is below it passes. */
  readonly pass: number;
  readonly dispersion: number;
}

/** The share before was not larger, with this chance. */
const confidence = 0.975;

/** Beyond it a share says nothing about health any more. */
const most = 0.5;

export function sum(blocks: readonly Count[]): Count {
  return blocks.reduce((all, { bad, total }) => ({ bad: all.bad + bad, total: all.total + total }), {
    bad: 0,
    total: 0,
  });
}

/** More tell no more, and what is worked out of them takes the longer the more there are (`beta.ts`). */
const mostTold = 1e8;

/** What is counted as if each had come by itself; in the same proportion, so that fewer prove less. */
export function thinned({ bad, total }: Count, dispersion: number): Count {
  const by = Math.max(dispersion, total / mostTold);
  return { bad: bad / by, total: total / by };
}

/**
 * How much more bad ones differ from block to block than if each came by itself (Pearson's statistic by its degrees of
 * freedom); never less than 1. What comes in bursts tells as much as that many fewer that do not.
 */
export function dispersionOf(blocks: readonly Count[]): number {
  const busy = blocks.filter(({ total }) => total > 0);
  const { bad, total } = sum(busy);
  const share = bad / total;
  if (busy.length < 2 || !(share > 0 && share < 1)) return 1;
  const statistic = busy.reduce(
    (all, block) => all + (block.bad - block.total * share) ** 2 / (block.total * share * (1 - share)),
    0,
  );
  return Math.max(1, statistic / (busy.length - 1));
}

/**
 * The limits that follow from what was before. What is not known of that is to the advantage of who is not to fail. Who
 * is to pass has no more of it than `maxIncrease` once again: else the less was known the sooner he would pass.
 */
export function limitsOf(baseline: readonly Block[], { max, maxIncrease }: Bounds): Limits {
  const dispersion = dispersionOf(baseline);
  const before = thinned(sum(baseline), dispersion);
  if (maxIncrease === undefined || before.total === 0) return { fail: max, pass: max, dispersion };
  const upper = upperBound(before.bad, before.total, confidence);
  const known = Math.min(upper, before.bad / before.total + maxIncrease);
  const capped = (limit: number): number => Math.min(most, Math.max(max, limit));
  return { fail: capped(upper + maxIncrease), pass: capped(known + maxIncrease), dispersion };
}
