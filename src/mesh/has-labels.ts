import { memoize } from '../base/memoize.ts';

type Labels = Readonly<Record<string, string>>;

/** What a selector asks for, listed once: it is asked of each pod, and may ask for thousands. */
export const entriesOf: (selector: Labels) => readonly (readonly [string, string])[] = memoize((selector: Labels) => Object.entries(selector));

/** Whether labels have everything that a selector asks for: the first that they have not is the last that is looked at. */
export function hasLabels(labels: Labels, selector: Labels): boolean {
  return entriesOf(selector).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}
