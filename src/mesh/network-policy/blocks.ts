import type { AddressRange, Family } from '../../base/address.ts';
import { memoize } from '../../base/memoize.ts';
import type { PolicyPeer } from './types.ts';

type Block = Extract<PolicyPeer, { readonly kind: 'Block' }>;

/** Addresses as ranges in order, of which no two have one in common. */
export type Cover = Readonly<Record<Family, readonly AddressRange[]>>;

function byFirst(one: AddressRange, other: AddressRange): number {
  if (one.first === other.first) return 0;
  return one.first < other.first ? -1 : 1;
}

function without({ block, except }: Block): readonly AddressRange[] {
  const { family, last } = block;
  const left: AddressRange[] = [];
  let from = block.first;
  for (const out of except.filter((each) => each.family === family).toSorted(byFirst)) {
    if (out.first > last) break;
    if (out.first > from) left.push({ family, first: from, last: out.first - 1n });
    if (out.last >= from) from = out.last + 1n;
  }
  return from > last ? left : [...left, { family, first: from, last }];
}

function joined(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const found: AddressRange[] = [];
  for (const range of ranges.toSorted(byFirst)) {
    const before = found.at(-1);
    if (before === undefined || range.first > before.last + 1n) found.push(range);
    else if (range.last > before.last) found.splice(-1, 1, { ...before, last: range.last });
  }
  return found;
}

/** What the blocks of a rule mean together; put in order once, because each pod is looked up in it. */
export const coverOf: (peers: readonly PolicyPeer[]) => Cover = memoize((peers: readonly PolicyPeer[]): Cover => {
  const ranges = peers.filter((peer) => peer.kind === 'Block').flatMap(without);
  const of = (family: Family): readonly AddressRange[] => joined(ranges.filter((each) => each.family === family));
  return { 4: of(4), 6: of(6) };
});

/** Whether there is any address in it. */
export function isEmptyCover(cover: Cover): boolean {
  return cover[4].length + cover[6].length === 0;
}

/** The last of some ranges in order that begins at a value or before it. */
export function lastBefore<T extends { readonly first: bigint | number }>(
  ranges: readonly T[],
  value: T['first'],
): T | undefined {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range !== undefined && range.first <= value) low = middle + 1;
    else high = middle;
  }
  return ranges[low - 1];
}

/** Whether an address is in it. */
export function covers(cover: Cover, { family, value }: { readonly family: Family; readonly value: bigint }): boolean {
  const range = lastBefore(cover[family], value);
  return range !== undefined && value <= range.last;
}
