import type { Surroundings } from '../../adapter.ts';
import { asIf } from './neighbour.ts';

/** Who calls whom, as this and all other migrations declare it together. */
export function declaredByAll({ spec, scope }: Surroundings): Surroundings['spec']['callers'] {
  const others = scope?.declared() ?? [];
  if (others.length === 0) return spec.callers;
  const byCalled = Map.groupBy([...spec.callers, ...others], ({ namespace }) => namespace);
  return [...byCalled].map(([namespace, entries]) => ({ namespace, from: entries.flatMap(({ from }) => from) }));
}

/**
 * A namespace, and all that are asked from it, as all migrations declare it: where each went by its own alone, two of
 * them could come to orders in which both wait for each other.
 */
export const asAllDeclare = asIf((surroundings) => {
  const callers = declaredByAll(surroundings);
  return callers === surroundings.spec.callers
    ? surroundings
    : { ...surroundings, spec: { ...surroundings.spec, callers } };
});
