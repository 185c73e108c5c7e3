import { entriesOf, hasLabels } from '../../has-labels.ts';

type Labels = Readonly<Record<string, string>>;

/** Which of some label sets a selector selects, by their places, in order; no selector selects all. */
export type Selecting = (selector: Labels | undefined) => readonly number[];

/**
 * Looked up by label: to ask of each set whether a selector selects it would take as long as both are large, and whoever writes them decides how large that
 * is. `count` is told of the work before it is done: the sets that have the rarest of the labels are asked for the others.
 */
export function selecting(sets: readonly Labels[], count: (steps: number) => void = () => undefined): Selecting {
  const all = sets.map((_, place) => place);
  const byLabel = new Map<string, Map<string, number[]>>();
  for (const [place, labels] of sets.entries()) {
    const entries = Object.entries(labels);
    count(1 + entries.length / 8);
    for (const [key, value] of entries) {
      const byValue = byLabel.get(key) ?? new Map<string, number[]>();
      byLabel.set(key, byValue);
      const places = byValue.get(value);
      if (places === undefined) byValue.set(value, [place]);
      else places.push(place);
    }
  }
  return (selector) => {
    const entries = selector === undefined ? [] : entriesOf(selector);
    let rarest = all;
    for (const [key, value] of entries) {
      const places = byLabel.get(key)?.get(value);
      if (places === undefined) return [];
      if (places.length < rarest.length) rarest = places;
    }
    count(1 + (1 + rarest.length) * entries.length / 8);
    return entries.length < 2 ? rarest : rarest.filter((place) => hasLabels(sets[place] ?? {}, selector ?? {}));
  };
}
