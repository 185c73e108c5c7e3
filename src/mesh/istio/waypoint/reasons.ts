import { memoize } from '../../../base/memoize.ts';
import { byKey, grouped, type Follower, type Keys, type Wait } from './waits.ts';

/** Somebody who comes before, and all that say so. */
type Before = readonly [key: string, why: readonly string[]];

/** A sentence of those before somebody, and whether there are more than are named. */
export type Say = (before: readonly Before[], more: boolean) => string;

/** As many are named as somebody reads. */
const mostNamed = 20;

/** As many of a group are looked at: one of them may be who waits. */
const firstOf = memoize((keys: Keys) => [...keys].sort().slice(0, mostNamed + 1));

interface Told {
  readonly before: readonly Before[];
  readonly more: boolean;
}

/** For whom some groups wait, who is in all of them himself among these. */
function beforeThese(followers: readonly Follower[]): Told {
  const waits = followers
    .flatMap((each) => each.waits.slice(0, mostNamed))
    .sort((a, b) => a.at - b.at)
    .slice(0, mostNamed);
  const found = new Map<string, Set<string>>();
  for (const { first, why } of waits)
    for (const key of firstOf(first)) found.set(key, (found.get(key) ?? new Set()).add(why));
  return {
    before: [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, why]) => [key, [...why].sort()] as const),
    more: followers.reduce((sum, each) => sum + each.waits.length, 0) > mostNamed,
  };
}

/** For each workload that waits: those before it, each with why. */
export function reasonsOf(waits: readonly Wait[], say: Say): ReadonlyMap<string, string> {
  const { followers } = grouped(waits);
  const places = new Map(followers.map((follower, place) => [follower, place]));
  const known = new Map<string, Told>();
  return new Map(
    [...byKey(followers)].flatMap(([key, own]) => {
      const name = own.map((each) => places.get(each)).join(' ');
      const told = known.get(name) ?? beforeThese(own);
      known.set(name, told);
      const others = told.before.filter(([other]) => other !== key);
      if (others.length === 0) return [];
      return [[key, say(others.slice(0, mostNamed), others.length > mostNamed || told.more)] as const];
    }),
  );
}
