/*
 * Classes of one fact: two values are in one class if no matcher of any of the compared policies tells them apart. There are finitely
 * many, each with a representative, and each matcher is the set of the classes that it holds for.
 */

/** The classes of one fact, for matchers of type M. `undefined` represents the fact being absent. */
export interface Classes<V> {
  /** One value of each class; the more usual ones come first. */
  readonly representatives: readonly V[];
  /** By the number of the matcher: the classes it holds for, as a bit set. */
  readonly holds: readonly bigint[];
}

/**
 * Sorts candidates into classes by which of `count` matchers hold for them; the first candidate of a class represents it. Candidates of
 * different kinds are never in one class.
 */
export function classify<V>(candidates: Iterable<V>, count: number, holding: (value: V) => readonly number[], kind: (value: V) => string = () => ''): Classes<V> {
  const seen = new Set<string>();
  const representatives: V[] = [];
  const holds = Array.from({ length: count }, () => 0n);
  for (const value of candidates) {
    const numbers = holding(value);
    const key = `${kind(value)}${numbers.join()}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const bit = 1n << BigInt(representatives.length);
    for (const number of numbers) holds[number] = (holds[number] ?? 0n) | bit;
    representatives.push(value);
  }
  return { representatives, holds };
}

/** The first class of a bit set: the most usual one. */
export function firstClass(bits: bigint): number {
  const low = bits & -bits;
  return low.toString(2).length - 1;
}
