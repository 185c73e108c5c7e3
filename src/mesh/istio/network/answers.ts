import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { memoize } from '../../../base/memoize.ts';
import { RecentTexts } from '../../../base/recent-texts.ts';
import { sha256 } from '../../../base/sha256.ts';
import { bounded } from '../../../base/effort.ts';
import type { Cuts } from './compare.ts';
import { pack, unpack, type Lists } from './packed.ts';
import type { Place } from './places.ts';
import { comparing } from './sides.ts';

/**
 * What is remembered of all pairs of namespaces, in bytes: enough for each of 400 namespaces to be asked about each
 * other one. What is long has room of its own, so that one tenant with much to say makes nobody forget the others.
 */
const most = { Short: 64_000_000, Long: 16_000_000 } as const;

/** Characters from which an answer is long. */
const long = 4000;

const short = new RecentTexts(most.Short);
const lengthy = new RecentTexts(most.Long);

/** Bytes that all answers take together. */
export function bytesOfAnswers(): number {
  return short.bytes + lengthy.bytes;
}

let lists = 0;

/** A number for a list, for as long as it lives: it is short, and keeps nothing alive. */
const numberOf = memoize((_list: readonly Place[]) => (lists += 1));

/** Rows are much alike, so they take a fifth of their letters. */
function small(text: string): string {
  return deflateRawSync(text, { level: 1 }).toString('latin1');
}

function large(text: string): string {
  return inflateRawSync(Buffer.from(text, 'latin1')).toString();
}

/** What takes more steps than it may ever take. */
const tooLarge = '';

/** What came of it, and the new steps that it took. */
export interface Compared {
  /** Undefined where it takes too long. */
  readonly cuts: Cuts | undefined;
  readonly steps: number;
  /** It may be told the next time. */
  readonly later?: true;
}

/**
 * Compares two lists of places once for as long as these are the same, and everything else that decides about it. What
 * takes more steps than it may ever take is remembered as well; with fewer `left` it may be told the next time.
 */
export function compared(
  about: Lists,
  by: readonly unknown[],
  { most: limit, left = limit }: { readonly most: number; readonly left?: number },
  work: () => Cuts,
): Compared {
  const key = [...about.places.map(numberOf), sha256(JSON.stringify(by)).slice(0, 16)].join(' ');
  const before = short.get(key) ?? lengthy.get(key);
  if (before !== undefined) return { cuts: before === tooLarge ? undefined : unpack(large(before), about), steps: 0 };
  const allowed = Math.min(limit, left);
  if (allowed <= 0) return { cuts: undefined, steps: 0, later: true };
  const found = bounded(allowed, () => comparing(work));
  if (found.kind === 'TooLarge' && allowed < limit) return { cuts: undefined, steps: allowed, later: true };
  const text = found.kind === 'Done' ? small(pack(found.value, about)) : tooLarge;
  (text.length > long ? lengthy : short).set(key, text);
  return found.kind === 'Done' ? { cuts: found.value, steps: found.steps } : { cuts: undefined, steps: allowed };
}
