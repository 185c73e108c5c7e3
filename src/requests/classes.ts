import { spend } from '../base/effort.ts';

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
 * Sorts candidates into classes by which of `count` matchers hold for them; the first candidate of a class represents
 * it. Candidates of different kinds are never in one class.
 */
export function classify<V>(
  candidates: Iterable<V>,
  count: number,
  holding: (value: V) => readonly number[],
  kind: (value: V) => string = () => '',
): Classes<V> {
  const seen = new Set<string>();
  const representatives: V[] = [];
  const members = Array.from({ length: count }, (): number[] => []);
  for (const value of candidates) {
    const numbers = holding(value);
    spend(1 + numbers.length);
    const key = `${kind(value)}${numbers.join()}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const number of numbers) members[number]?.push(representatives.length);
    representatives.push(value);
  }
  spend(count * wordsOf(representatives.length));
  return { representatives, holds: members.map(bitSet) };
}

/** So many are quicker put into a set one by one. */
const fewMembers = 32;

/** The set of these numbers, which ascend. */
export function bitSet(numbers: readonly number[]): bigint {
  const last = numbers.at(-1);
  if (last === undefined) return 0n;
  if (numbers.length < fewMembers) return numbers.reduce((set, number) => set | (1n << BigInt(number)), 0n);
  const digits = new Uint8Array((last >> 2) + 1);
  for (const number of numbers) digits[number >> 2] = (digits[number >> 2] ?? 0) | (1 << (number & 3));
  return BigInt(`0x${Array.from(digits.toReversed(), (digit) => digit.toString(16)).join('')}`);
}

/** The steps that an operation on a bit set of so many classes takes. */
export function wordsOf(classes: number): number {
  return 1 + classes / 1024;
}

/** The first class of a bit set: the most usual one. */
export function firstClass(bits: bigint): number {
  const low = bits & -bits;
  return low.toString(2).length - 1;
}
