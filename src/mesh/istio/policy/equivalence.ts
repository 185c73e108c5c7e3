import { allowedOn, askedOn, type DataPath } from './data-path.ts';
import type { Request } from '../../../requests/semantics.ts';
import { example, intersect, type RequestSet, type Space, subtract, union, unionOf } from '../../../requests/space.ts';

/** What gets through by some ways together. */
export interface Outcome {
  readonly allowed: RequestSet;
  /** Of these, what no external authorizer is asked about. */
  readonly unasked: RequestSet;
}

/** What gets through by any of the paths. */
export function outcome(...paths: readonly DataPath[]): Outcome {
  return {
    allowed: unionOf(paths.map(allowedOn)),
    unasked: unionOf(paths.map((path) => subtract(allowedOn(path), askedOn(path)))),
  };
}

/** The requests that get through in one case and not in the other, or there only if an external authorizer agrees. */
export function gain(more: Outcome, less: Outcome, within: RequestSet): RequestSet {
  return intersect(within, union(subtract(more.allowed, less.allowed), subtract(more.unasked, less.unasked)));
}

/**
 * A request that gets through in one case and not in the other, or there only if an external authorizer agrees;
 * undefined if there is none. The other way round nothing is said: two cases are equivalent if neither gains anything.
 */
export function gained(more: Outcome, less: Outcome, within: RequestSet, space: Space): Request | undefined {
  return example(gain(more, less, within), space);
}
