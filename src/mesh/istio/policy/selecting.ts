import { append } from '../../../base/collected.ts';
import { memoize } from '../../../base/memoize.ts';
import { entriesOf, hasLabels } from '../../has-labels.ts';
import { selects, type SelectorView } from '../../views.ts';

type Labels = Readonly<Record<string, string>>;

/** Which of some label sets a selector selects, by their places, in order; no selector selects all. */
export type Selecting = (selector: Labels | undefined) => readonly number[];

/**
 * Labels of a selector that are looked up, more than people ask for: the sets that have the rarest of them are asked for
 * the others.
 */
const lookedUp = 8;

/**
 * Looked up by label: to ask of each set whether a selector selects it would take as long as both are large, and
 * whoever writes them decides how large that is. `count` is told of the work before it is done. Only of labels that
 * somebody asks for an index is made.
 */
export function selecting(sets: readonly Labels[], count: (steps: number) => void = () => undefined): Selecting {
  const all = sets.map((_, place) => place);
  const keys = new Set<string>();
  for (const labels of sets) {
    const own = Object.keys(labels);
    count(1 + own.length / 8);
    for (const key of own) keys.add(key);
  }
  const byKey = new Map<string, Map<string, number[]>>();
  function byValueOf(key: string): ReadonlyMap<string, readonly number[]> {
    const known = byKey.get(key);
    if (known !== undefined) return known;
    count(1 + sets.length / 16);
    const made = Map.groupBy(
      all.filter((place) => Object.hasOwn(sets[place] ?? {}, key)),
      (place) => sets[place]?.[key] ?? '',
    );
    byKey.set(key, made);
    return made;
  }
  return (selector) => {
    const entries = selector === undefined ? [] : entriesOf(selector);
    if (entries.some(([key]) => !keys.has(key))) return [];
    let rarest: readonly number[] = all;
    for (const [key, value] of entries.slice(0, lookedUp)) {
      const places = byValueOf(key).get(value);
      if (places === undefined) return [];
      if (places.length < rarest.length) rarest = places;
    }
    if (selector === undefined || entries.length < 2) return rarest;
    count(1 + (rarest.length * entries.length) / 8);
    return rarest.filter((place) => hasLabels(sets[place] ?? {}, selector));
  };
}

type Expressions = NonNullable<SelectorView['matchExpressions']>;

/** Read once: they are compared with each set that has the labels. */
const readOf = memoize((expressions: Expressions) => ({
  matchExpressions: expressions.map(({ key, operator, values = [] }) => ({ key, operator, values: [...values] })),
  weight: weightOf(expressions),
}));

/**
 * The same of selectors that have expressions too: these are compared with the sets that have the labels. Of no labels
 * all are selected.
 */
export function selectingFully(
  sets: readonly Labels[],
  count: (steps: number) => void,
): (selector: SelectorView) => readonly number[] {
  const select = selecting(sets, count);
  return ({ matchLabels, matchExpressions = [] }) => {
    const places = select(matchLabels);
    if (matchExpressions.length === 0) return places;
    const { weight, ...expressions } = readOf(matchExpressions);
    return places.filter((place) => {
      count(weight);
      return selects(expressions, sets[place] ?? {});
    });
  };
}

/** What it takes to compare expressions with one set. */
export function weightOf(expressions: Expressions): number {
  const values = expressions.reduce((sum, each) => sum + (each.values ?? []).length, 0);
  return (1 + expressions.length + values / 16) / 4;
}

/** Which of some selectors select labels, by their places, in order; no selector selects all. */
export type SelectedBy = (labels: Labels) => readonly number[];

/**
 * The other way round: which selectors select some labels. Each is looked up by that of its labels for which the fewest
 * others ask.
 */
export function selectedBy(
  selectors: readonly (Labels | undefined)[],
  count: (steps: number) => void = () => undefined,
): SelectedBy {
  const asked = selectors.map((selector) => (selector === undefined ? [] : entriesOf(selector)));
  const keyOf = ([key, value]: readonly [string, string]): string => `${key}\0${value}`;
  const askedBy = new Map<string, number>();
  for (const entries of asked) {
    count(1 + entries.length / 8);
    for (const entry of entries) askedBy.set(keyOf(entry), (askedBy.get(keyOf(entry)) ?? 0) + 1);
  }
  const rarity = (entry: readonly [string, string]): number => askedBy.get(keyOf(entry)) ?? 0;
  const forAll: number[] = [];
  const byEntry = new Map<string, number[]>();
  for (const [place, entries] of asked.entries()) {
    const [first, ...others] = entries;
    if (first === undefined) {
      forAll.push(place);
      continue;
    }
    const rarest = keyOf(others.reduce((one, other) => (rarity(other) < rarity(one) ? other : one), first));
    append(byEntry, rarest, place);
  }
  return (labels) => {
    const maybe = entriesOf(labels).flatMap((entry) => byEntry.get(keyOf(entry)) ?? []);
    count(1 + entriesOf(labels).length / 8 + maybe.length / 4);
    const found = maybe.filter((place) => hasLabels(labels, selectors[place] ?? {}));
    return found.length === 0 ? forAll : [...forAll, ...found].sort((a, b) => a - b);
  };
}
