import { describe, expect, it } from '@jest/globals';
import { questions, type Question } from '../../../test/fuzz/questions.ts';
import { counting } from '../../../test/support/counting.ts';
import {
  captured,
  installed,
  mesh,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  service,
  surroundings,
  workload,
} from '../../../test/support/mesh-fixtures.ts';
import { oneIn } from '../../../test/support/sample.ts';
import { ingredients, theirHome, type Theirs } from '../../../test/support/stranger-shapes.ts';
import type { MeshState, Route, Surroundings } from '../adapter.ts';
import { istio } from './adapter.ts';
import { rules } from './rules.ts';
import { foundGuarded } from './findings/guarded-rules.ts';
import { stepsTaken } from '../../base/effort.ts';

const sidecars = { 'istio-injection': 'enabled' };
const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const none: readonly never[] = [];

/** `shop` looks, `mallory` is in no migration; whatever is there stays the same lists, as in the process. */
function beside(
  { configs = none, pods = none, workloads = none, otherTemplates = none, services = none }: Theirs,
  { route, theirs }: Way,
): Surroundings {
  const isIn = route.from === 'IstioSidecar';
  const labels = isIn ? sidecars : ambient;
  const given = surroundings({
    route,
    spec: migrationSpec({ ...route }),
    namespace: namespace({ labels }),
    pods: [isIn ? pod() : plainPod(captured)],
    workloads: [workload()],
    services: [service(), service({ name: 'peers', uid: 'peers', headless: true })],
    itinerary: 'L4',
  });
  const all = mesh([...installed, ...configs]);
  const everyService = [...given.services, ...services];
  const state: MeshState = {
    ...all,
    inhabitedNamespaces: () => ['shop', theirHome],
    labelsOf: (name) => (name === theirHome ? theirs : labels),
    pods: (name) => ({ shop: given.pods, [theirHome]: pods })[name] ?? none,
    workloads: (name) => ({ shop: given.workloads, [theirHome]: workloads })[name] ?? none,
    otherTemplates: (name) => (name === theirHome ? otherTemplates : none),
    services: (name) =>
      name === undefined ? everyService : ({ shop: given.services, [theirHome]: services }[name] ?? none),
  };
  return { ...given, mesh: state };
}

function both(one: Theirs, other: Theirs): Theirs {
  const kinds = ['configs', 'pods', 'workloads', 'otherTemplates', 'services'] as const;
  return Object.fromEntries(kinds.map((kind) => [kind, [...(one[kind] ?? none), ...(other[kind] ?? none)]]));
}

/** Each rule of the catalogue by itself, and whatever else the engine may ask. */
function everything(given: Surroundings): readonly Question[] {
  const { itinerary: _itinerary, ...before } = given;
  return [
    ...rules.map(({ id }, index): Question => {
      const rule = rules[index];
      return [id, () => (rule === undefined ? [] : [before, given].map((each) => foundGuarded(rule, { ...each })))];
    }),
    ...questions(istio, given),
  ];
}

interface Cost {
  readonly reads: number;
  readonly steps: number;
}

const nothing: Cost = { reads: 0, steps: 0 };

/** What each question reads of a stranger's objects, and the steps that it counts, one after the other. */
function costsOf(theirs: Theirs, way: Way): ReadonlyMap<string, Cost> {
  let count = 0;
  const counted = counting(() => {
    count += 1;
  });
  const given = beside(
    Object.fromEntries(
      Object.entries(theirs).map(([kind, list]: [string, readonly object[]]) => [
        kind,
        list.map((each) => counted(each)),
      ]),
    ),
    way,
  );
  const found = new Map<string, Cost>();
  for (const [name, ask] of everything(given)) {
    const { reads, steps } = found.get(name) ?? nothing;
    const [read, taken] = [count, stepsTaken()];
    ask();
    found.set(name, { reads: reads + count - read, steps: steps + stepsTaken() - taken });
  }
  return found;
}

interface Way {
  readonly route: Route;
  readonly theirs: Readonly<Record<string, string>>;
}

const toAmbient: Route = { from: 'IstioSidecar', to: 'IstioAmbient' };
const toSidecars: Route = { from: 'IstioAmbient', to: 'IstioSidecar' };
const ways: Readonly<Record<string, Way>> = {
  'into ambient, past sidecars': { route: toAmbient, theirs: sidecars },
  'out of ambient, past ambient': { route: toSidecars, theirs: ambient },
  'out of ambient, past sidecars': { route: toSidecars, theirs: sidecars },
};

const names = Object.keys(ingredients);
const pairs = names.flatMap((one, index) => names.slice(index + 1).map((other) => ({ one, other })));
const [few, many] = [6, 48];

/** What is read beside it however little there is, so that a small number says nothing. */
const slack = 600;

/** What may be read for a step: what is counted is bounded by that, however it grows. */
const perStep = 64;

describe.each(Object.entries(ways))('a look %s', (_, way) => {
  it.each(oneIn(16, pairs))('reads of a stranger no more than he writes: $one and $other', ({ one, other }) => {
    const [ones, others] = [ingredients[one], ingredients[other]];
    if (ones === undefined || others === undefined) throw new Error('no such ingredient');
    const of = (a: number, b: number): ReadonlyMap<string, Cost> => costsOf(both(ones(a), others(b)), way);
    const [left, right, whole] = [of(many, few), of(few, many), of(many, many)];
    const readAt = (costs: ReadonlyMap<string, Cost>, name: string): number => costs.get(name)?.reads ?? 0;
    const dear = [...whole].filter(
      ([name, { reads, steps }]) => reads > 1.5 * (readAt(left, name) + readAt(right, name)) + slack + perStep * steps,
    );

    expect(Object.fromEntries(dear)).toEqual({});
  });
});
