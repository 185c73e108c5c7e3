import { greatest } from '../base/lists.ts';
import type { Part, Reading } from './judge.ts';
import { sum, type Block } from './limit.ts';

/** What one series had at each of some times, and who tells. */
export interface Series {
  readonly by: string;
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

/** What each of those who tell has counted, in order. */
export type Pieces = ReadonlyMap<string, readonly Block[]>;

/** No counter has more, and a sum of larger ones may be no number any more, which is neither too much nor little enough. */
const largest = 1e100;

/** More is nobody's traffic in one piece of time, and counts as so many in the same proportion: a pod tells what it likes. */
const mostCounted = 1e9;

function summed(series: readonly Series[]): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const { points } of series)
    for (const { at, value } of points)
      if (!Number.isNaN(value)) sums.set(at, (sums.get(at) ?? 0) + Math.min(largest, Math.max(0, value)));
  return sums;
}

function scaled({ at, total, bad }: Block): Block {
  const by = Math.max(1, total / mostCounted);
  return { at, total: total / by, bad: bad / by };
}

/** Where nothing was counted at all nothing is known; where some was and none of it bad, none was bad. */
export function piecesOf(total: readonly Series[], bad: readonly Series[]): Pieces {
  const failed = Map.groupBy(bad, ({ by }) => by);
  return new Map(
    [...Map.groupBy(total, ({ by }) => by)].map(([by, series]) => {
      const bads = summed(failed.get(by) ?? []);
      const blocks = [...summed(series)].map(([at, all]) =>
        scaled({ at, total: all, bad: Math.min(all, bads.get(at) ?? 0) }),
      );
      return [by, blocks.sort((one, other) => one.at - other.at)];
    }),
  );
}

function together(pieces: Pieces): readonly Block[] {
  const all = [...pieces].map(([by, blocks]) => ({ by, blocks }));
  const totals = summed(
    all.map(({ by, blocks }) => ({ by, points: blocks.map(({ at, total }) => ({ at, value: total })) })),
  );
  const bads = summed(all.map(({ by, blocks }) => ({ by, points: blocks.map(({ at, bad }) => ({ at, value: bad })) })));
  return [...totals]
    .map(([at, total]) => ({ at, total, bad: bads.get(at) ?? 0 }))
    .sort((one, other) => one.at - other.at);
}

function only(pieces: Pieces, others: Pieces): Pieces {
  return new Map([...pieces].filter(([by]) => others.has(by)));
}

/** Of so many pieces somebody may not have been scraped, or late. */
const mostMissed = 2;

/** Those who have told of late: who is silent for longer has moved, or ended. */
function lastingIn(pieces: Pieces, blockMs: number): Pieces {
  const last = greatest([...pieces.values()].map((blocks) => blocks.at(-1)?.at ?? 0));
  return new Map([...pieces].filter(([, blocks]) => (blocks.at(-1)?.at ?? 0) >= last - mostMissed * blockMs));
}

/** What one observer has told of one namespace. */
export interface Observed {
  readonly observer: string;
  /** Whether it was the same before. */
  readonly comparable: boolean;
  /** Each who tells is judged by himself, if all was not bad before already. */
  readonly each?: true;
  readonly before: Pieces;
  readonly since: Pieces;
  /** When the called themselves were called since. */
  readonly heard?: ReadonlySet<number>;
}

type Compared = Pick<Extract<Reading, { kind: 'Read' }>, 'baseline' | 'since' | 'heard'>;

/**
 * Only those who tell before and still tell are compared. Who calls for the first time says nothing of what became of the
 * called, and who has moved himself loses no traffic; nor may his share be held against those who are left, of whom
 * more may have been bad all the time.
 */
function compared({ comparable, before, since, heard }: Observed, blockMs: number): Compared {
  if (!comparable) return { baseline: [], since: together(since) };
  const lasting = lastingIn(only(since, before), blockMs);
  return { baseline: together(only(before, lasting)), since: together(lasting), ...(heard && { heard }) };
}

/**
 * Those of whom more was good than bad before: of the others nothing has become bad. Where other things were counted
 * then, not even one may have been bad, because nothing tells how many that would be of these.
 */
function admittedIn({ comparable, before }: Observed): Pieces {
  return new Map(
    [...before].filter(([, blocks]) => {
      const { bad, total } = sum(blocks);
      return total > 0 && (comparable ? 2 * bad <= total : bad === 0);
    }),
  );
}

/** What counts of one observer. Of those who do not count there are series, in which nothing happened. */
function countedOf(observed: Observed): Observed {
  if (observed.each === undefined) return observed;
  const before = admittedIn(observed);
  const nothing = new Map(
    [...observed.since].map(([by, blocks]) => [by, blocks.map(({ at }) => ({ at, total: 0, bad: 0 }))] as const),
  );
  const counted = only(observed.since, before);
  return { ...observed, before, since: observed.comparable || counted.size > 0 ? counted : nothing };
}

/**
 * Each who counts, by himself: he is one of as many, and what he was told stays so, whether he still tells or not. Who is
 * refused may well have ended of it.
 */
function partsOf({ observer, each, comparable, before, since }: Observed): readonly Part[] {
  if (each === undefined) return [];
  return [...before].map(([by, blocks]) => ({
    observer,
    by,
    baseline: comparable ? blocks : [],
    since: since.get(by) ?? [],
  }));
}

/**
 * The first observer who has seen anything happen, else the first who would; never two of them together. Each who is
 * judged by himself counts, whoever has seen it.
 */
export function readingOf(given: readonly Observed[], blockMs: number): Reading {
  const observed = given.map(countedOf);
  const all = observed.map((each) => ({ observer: each.observer, ...compared(each, blockMs) }));
  const parts = observed.flatMap(partsOf);
  const chosen =
    all.find(({ baseline, since }) => [...baseline, ...since].some(({ total }) => total > 0)) ??
    all.find(({ since }) => since.length > 0) ??
    all[0];
  const isByPart = observed.some(({ each }) => each === true);
  const busyBefore = observed.some(({ before }) => [...before.values()].flat().some(({ total }) => total > 0));
  return {
    ...{ kind: 'Read', blockMs, observer: '', baseline: [], since: [] },
    ...chosen,
    ...(busyBefore && { busyBefore }),
    ...(isByPart && { parts }),
  };
}
