import type { Itinerary, MeshAdapter, StepPlan } from '../../src/mesh/adapter.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';

/*
 * Itineraries that are wrong on purpose, for tests whose judge has to notice.
 */

/** Names of steps. */
export type Names = readonly StepPlan['name'][];

/** Makes other steps of some. */
export type Steps = (steps: readonly StepPlan[]) => readonly StepPlan[];

/** The steps with some of them moved, in this order, before another one; as they are where there is no such one. */
export function moved(names: Names, before: StepPlan['name']): Steps {
  return (steps) => {
    const rest = steps.filter(({ name }) => !names.includes(name));
    const index = rest.findIndex(({ name }) => name === before);
    if (index < 0) return steps;
    return [
      ...rest.slice(0, index),
      ...names.flatMap((wanted) => steps.filter(({ name }) => name === wanted)),
      ...rest.slice(index),
    ];
  };
}

/** The steps but for these. */
export function without(...names: Names): Steps {
  return (steps) => steps.filter(({ name }) => !names.includes(name));
}

/** One change after the other. */
export function inTurn(...changes: readonly Steps[]): Steps {
  return (steps) => changes.reduce((so, change) => change(so), steps);
}

/** Istio with other itineraries, and whatever else is given. */
export function adapterWith(
  mutation: Partial<Record<keyof Itinerary, Steps>>,
  besides: Partial<MeshAdapter> = {},
): MeshAdapter {
  return {
    ...istio,
    ...besides,
    itinerary(...how) {
      const { forward, backward } = istio.itinerary(...how);
      return { forward: mutation.forward?.(forward) ?? forward, backward: mutation.backward?.(backward) ?? backward };
    },
  };
}
