import { greatest } from '../base/lists.ts';

/** Of so many were so many bad. Fractions where they were divided by a dispersion. */
export interface Count {
  readonly bad: number;
  readonly total: number;
}

/** `Above`: that more are bad than the limit allows. `Below`: that fewer are. */
export type Direction = 'Above' | 'Below';

const factors = 20;

/** How many times as likely a bad one is under the alternatives: from a quarter more to hardly ever a good one. */
const [nearest, farthest] = [1.25, 64] as const;

const grid = Array.from({ length: factors }, (_each, k) => nearest * (farthest / nearest) ** (k / (factors - 1)));

/** ln of a mean of numbers that are given as their logarithms: they may be larger than a number can be. */
function logMean(logs: readonly number[]): number {
  const most = greatest(logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / logs.length);
}

/**
 * ln of how much more likely the count is under shares on the other side of the limit than at the limit: a mixture of
 * likelihood ratios over a grid of odds. It is a non-negative martingale at the limit and a supermartingale within it,
 * so by Ville's inequality it ever reaches 1/α with a chance of at most α, however often one looks.
 */
export function logEvidence({ bad, total }: Count, limit: number, direction: Direction): number {
  const odds = limit / (1 - limit);
  return logMean(
    grid.map((factor) => {
      const other = direction === 'Above' ? odds * factor : odds / factor;
      // ln(q/L) and ln((1-q)/(1-L)), with q = other / (1 + other).
      const good = Math.log1p(odds) - Math.log1p(other);
      return bad * (Math.log(other / odds) + good) + (total - bad) * good;
    }),
  );
}
