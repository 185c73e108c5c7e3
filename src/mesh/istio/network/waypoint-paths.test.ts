import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { captured, config, plainPod, service, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import { ownShapes } from '../../../../test/support/own-shapes.ts';
import type { Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';
import { stepsTaken } from '../../../base/effort.ts';
import { cutsOf } from './cuts.ts';
import { placesIn } from './places.ts';
import { waypointOf } from './waypoint-paths.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const { 'n Services before which a waypoint is to stand, n templates, and a NetworkPolicy for a third of them': own } =
  ownShapes;

const wide = Object.fromEntries(times(6, (index) => [`all${index}`, 'x']));

/** A stranger's Services behind his waypoint, of which none selects a pod of his. */
function theirs(size: number): Surroundings {
  const given = surroundings({}, [
    config(
      'NetworkPolicy',
      { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: {} }] }] },
      { namespace: 'mallory' },
    ),
  ]);
  const workloads = times(size, (index) =>
    workload({
      namespace: 'mallory',
      name: `w${index}`,
      uid: `m${index}`,
      replicas: 0,
      templateLabels: { ...wide, app: `w${index}` },
    }),
  );
  const services = times(size, (index) =>
    service({
      namespace: 'mallory',
      name: `s${index}`,
      uid: `n${index}`,
      selector: { ...wide, app: `x${index}` },
      labels: { 'istio.io/use-waypoint': 'w' },
    }),
  );
  const waypoint = plainPod({
    ...captured,
    namespace: 'mallory',
    name: 'w',
    uid: 'w',
    containers: ['istio-proxy'],
    labels: { 'gateway.networking.k8s.io/gateway-name': 'w', 'istio.io/dataplane-mode': 'none' },
  });
  const [pods, all] = [[waypoint], [...given.services, ...services]];
  return {
    ...given,
    mesh: {
      ...given.mesh,
      inhabitedNamespaces: () => ['shop', 'mallory'],
      pods: (home) => (home === 'mallory' ? pods : given.pods),
      workloads: (home) => (home === 'mallory' ? workloads : []),
      services: (home = 'all') => ({ all, mallory: services })[home] ?? given.services,
      labelsOf: (home) => (home === 'mallory' ? { 'istio.io/dataplane-mode': 'ambient' } : given.namespace.labels),
    },
  };
}

/** Lists that stay the same, as in the process. */
function lasting(given: Surroundings): Surroundings {
  const known = new Map<string, ReturnType<Surroundings['mesh']['configs']>>();
  const configs: Surroundings['mesh']['configs'] = (kind, home) => {
    const key = `${kind} ${home ?? '*'}`;
    const found = known.get(key) ?? given.mesh.configs(kind, home);
    known.set(key, found);
    return found;
  };
  return { ...given, mesh: { ...given.mesh, configs } };
}

afterEach(() => {
  jest.restoreAllMocks();
});

/** How often a label is looked for in others, and the steps that are counted, once it is known which pods there are. */
function costOf(given: Surroundings): { readonly looks: number; readonly steps: number } {
  istio.choose(given);
  waypointOf(given);
  for (const name of ['shop', 'mallory']) for (const beside of ['shop', 'mallory']) placesIn(name, beside, given);
  const looks = jest.spyOn(Object, 'hasOwn');
  const before = stepsTaken();
  expect(cutsOf(given).tooLarge).toBeUndefined();
  return { looks: looks.mock.calls.length, steps: stepsTaken() - before };
}

describe('before which pods a waypoint stands', () => {
  it.each([
    ['its own', own ?? theirs],
    ["a stranger's", theirs],
  ])('is looked up, or counted: %s', (_, shape) => {
    const once = costOf(lasting(shape(60)));
    jest.restoreAllMocks();
    const twice = costOf(lasting(shape(120)));

    expect(twice.looks).toBeLessThanOrEqual(2.3 * once.looks + 2000 + 8 * (twice.steps - once.steps));
  });
});
