import { istio } from '../../src/mesh/istio/adapter.ts';
import type { Route, StepPlan } from '../../src/mesh/adapter.ts';
import { ways } from './stage.ts';

/*
 * The steps at which faults are aimed, and of which coverage is told. They are asked of the operator itself: what aims and counts may know the way. Who
 * judges does not.
 */

/** `DIRECTION STEP` for each step there and back. */
export interface Steps {
  readonly there: readonly string[];
  readonly back: readonly string[];
}

/** A look never ends at these: whoever begins one has gone past it before anything is stored. */
const momentary: readonly StepPlan['work']['kind'][] = ['Check', 'Snapshot', 'Baseline'];

/** The steps of the itineraries of a way at which a record can stand, in their order. */
export function stepsOf(route: Route): Steps {
  const hasHttp = route.from !== 'None' && route.to !== 'None';
  const itineraries = (hasHttp ? (['L4', 'L7'] as const) : (['L4'] as const)).flatMap((name) =>
    [undefined, 'gate'].map((adopted) => istio.itinerary(route, {}, name, adopted)),
  );
  const named = (direction: string, steps: readonly StepPlan[]): readonly string[] =>
    steps.filter(({ work }) => !momentary.includes(work.kind)).map(({ name }) => `${direction} ${name}`);
  const each = (all: readonly string[]): readonly string[] => [...new Set(all)];
  return {
    there: each(itineraries.flatMap(({ forward }) => named('Forward', forward))),
    back: each(itineraries.flatMap(({ backward }) => named('Backward', backward))),
  };
}

/** All that any history can come to. */
export function allSteps(): readonly string[] {
  const each = ways.map(([from, to]) => stepsOf({ from, to }));
  return [...new Set([...each.flatMap(({ there }) => there), ...each.flatMap(({ back }) => back)])];
}
