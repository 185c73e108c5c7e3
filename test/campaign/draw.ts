import type { Random } from '../../src/base/random.ts';

/** A whole number from 0 to `limit` - 1. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** One of them. */
export function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[below(random, from.length)];
  if (found === undefined) throw new RangeError('nothing to pick from');
  return found;
}

/** One of them, if there is any. */
export function pickAny<T>(random: Random, from: readonly T[]): T | undefined {
  return from[below(random, from.length)];
}
