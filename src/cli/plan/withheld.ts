import type { Placed } from './namespace-order.ts';

/** A namespace for which nothing is written. */
export interface Withheld {
  readonly namespace: string;
  readonly why: string;
}

/**
 * The namespaces of which somebody doubts that what is planned is for what will be applied, and those that would refuse
 * their callers there: these keep their sidecars.
 */
export function withheldOf(
  placed: readonly Pick<Placed, 'surroundings' | 'needs'>[],
  doubtOf: (namespace: string) => string | undefined,
): readonly Withheld[] {
  const why = new Map<string, string>();
  let before = -1;
  while (why.size > before) {
    before = why.size;
    for (const { surroundings, needs } of placed) {
      const { name } = surroundings.namespace;
      const caller = needs.find((other) => why.has(other));
      const found =
        doubtOf(name) ?? (caller && `its callers in ${caller} would be refused, for which nothing is written`);
      if (found !== undefined && !why.has(name)) why.set(name, found);
    }
  }
  return [...why].map(([namespace, reason]) => ({ namespace, why: reason }));
}
