import { memoize } from '../base/memoize.ts';

type Labels = Readonly<Record<string, string>>;

/** What a selector asks for, listed once: it is asked of each pod, and may ask for thousands. */
export const entriesOf: (selector: Labels) => readonly (readonly [string, string])[] = memoize((selector: Labels) =>
  Object.entries(selector),
);

const countOf = memoize((labels: Labels) => Object.keys(labels).length);

/** Whether a selector asks for nothing, or labels are none. */
export function isEmpty(labels: Labels): boolean {
  return countOf(labels) === 0;
}

/** More than any selector of people asks for. */
const many = 8;

/**
 * What it takes to compare them, in comparisons: nothing that counts where few are asked for, or more than there are.
 */
export function comparisons(labels: Labels, selector: Labels): number {
  const asked = countOf(selector);
  return asked <= many || asked > countOf(labels) ? 0 : asked;
}

/**
 * Whether labels have everything that a selector asks for: the first that they have not is the last that is looked at.
 */
export function hasLabels(labels: Labels, selector: Labels): boolean {
  const asked = countOf(selector);
  if (asked > many && asked > countOf(labels)) return false;
  return entriesOf(selector).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}
