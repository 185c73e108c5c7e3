import { memoize } from '../base/memoize.ts';

/**
 * How many levels of lists and objects anything is read that tenants write. An API server takes 10,000 in fields that
 * have no schema (the configuration of a plugin, a status), where whoever walks through them by calling himself ends at
 * some thousand. No field that has a meaning here is nearly as deep.
 */
export const deepest = 100;

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Never looks further down than `levels`. */
function exceeds(value: unknown, levels: number): boolean {
  return isContainer(value) && (levels === 0 || Object.values(value).some((member) => exceeds(member, levels - 1)));
}

const isDeepObject = memoize((value: object) => exceeds(value, deepest));

/** Whether something is nested deeper than it is read: nobody knows what it says. */
export function isTooDeep(value: unknown): boolean {
  return isContainer(value) && isDeepObject(value);
}

function cutBelow(value: unknown, levels: number): unknown {
  if (!isContainer(value)) return value;
  if (levels < 0) return undefined;
  if (Array.isArray(value)) return value.map((member) => cutBelow(member, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, cutBelow(member, levels - 1)]));
}

/** The same without what is too deep to be read; one level more is kept, so that it still `isTooDeep`. */
export function readableDepth<T extends object>(value: T): T {
  return isTooDeep(value) ? (cutBelow(value, deepest) as T) : value;
}
