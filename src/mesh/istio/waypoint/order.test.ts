import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../test/support/properties.ts';
import {
  config,
  migrationSpec,
  namespace,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import type { WorkloadView } from '../../views.ts';
import { inOrder } from './in-order.ts';
import { restartOrder } from './order.ts';
import { bounded } from '../../../base/effort.ts';
import { exitOrder } from './exit/order.ts';
import { keyOf, type Wait } from './waits.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const workloads = names.map((name) => workload({ name, uid: name }));
const keys = fc
  .uniqueArray(fc.constantFrom(...workloads.map(keyOf), 'Deployment gone'), { maxLength: 3 })
  .map((all) => new Set(all));
const waits = fc.array(fc.record({ first: keys, later: keys, why: fc.constant('') }), { maxLength: 5 });

/** Pair by pair: whoever waits for nobody who is left goes next, all of them at once. */
function pairwise(left: readonly WorkloadView[], all: readonly Wait[]): readonly WorkloadView[] {
  const isBefore = (one: string, other: string): boolean =>
    one !== other && all.some(({ first, later }) => first.has(one) && later.has(other));
  const free = left.filter((each) => !left.some((other) => isBefore(keyOf(other), keyOf(each))));
  return free.length === 0
    ? left
    : [
        ...free,
        ...pairwise(
          left.filter((each) => !free.includes(each)),
          all,
        ),
      ];
}

describe('the order of restarts', () => {
  it('is that of the pairs that its groups stand for', () => {
    fc.assert(
      fc.property(waits, (all) => {
        const { workloads: ordered, circle } = inOrder(workloads, all);
        expect(ordered).toEqual(pairwise(workloads, all));
        expect(ordered.slice(ordered.length - circle.length)).toEqual(circle);
      }),
      { numRuns: 300 },
    );
  });

  it('has a place for what appears on the way: before those that wait for it, else last', () => {
    const api = { app: 'api' };
    const readers = config('AuthorizationPolicy', {
      rules: [
        {
          from: [{ source: { serviceAccounts: ['shop/web', 'shop/cart'] } }],
          to: [{ operation: { methods: ['GET'] } }],
        },
      ],
    });
    const given = surroundings(
      {
        itinerary: 'L7',
        order: [
          { kind: 'Deployment', name: 'web' },
          { kind: 'Deployment', name: 'api' },
        ],
        services: [service({ name: 'api', selector: api })],
        workloads: [
          workload({ name: 'api', serviceAccount: 'api', templateLabels: api }),
          workload({ name: 'cart', serviceAccount: 'cart' }),
          workload({ name: 'other', serviceAccount: 'other' }),
          workload({ serviceAccount: 'web' }),
        ],
      },
      [readers],
    );
    expect(restartOrder(given).workloads.map(({ name }) => name)).toEqual(['web', 'cart', 'api', 'other']);
  });

  it('is found where everybody may call everybody, and names as many of them as somebody reads', () => {
    const many = Array.from({ length: 3000 }, (_each, index) =>
      workload({ name: `w${index}`, uid: `w${index}`, templateLabels: { app: 'web' } }),
    );
    const allow = config('AuthorizationPolicy', {
      action: 'ALLOW',
      rules: [{ from: [{ source: { namespaces: ['shop'] } }], to: [{ operation: { methods: ['GET'] } }] }],
    });
    const { circle, reasons } = restartOrder(surroundings({ workloads: many }, [allow]));

    expect(circle).toHaveLength(3000);
    expect(reasons().get('Deployment w7')).toMatch(
      /^after Deployment w0, which calls it \(Service web, by its ALLOW policies\), and .*, and others$/,
    );
  });
});

describe('the order out of ambient', () => {
  it('is given up where each of many policies decides at each of many Services', () => {
    const many = Array.from({ length: 900 }, (_, at) => at);
    const route = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
    const waypoint = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'w' };
    const given = surroundings(
      {
        route,
        spec: migrationSpec({ ...route }),
        namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
        services: many.map((at) =>
          service({
            name: `s${at}`,
            uid: `s${at}`,
            selector: { app: `w${at}` },
            labels: { 'istio.io/use-waypoint': 'w' },
          }),
        ),
        workloads: many.map((at) => workload({ name: `w${at}`, uid: `w${at}`, templateLabels: { app: `w${at}` } })),
        pods: [],
      },
      [
        config('Gateway', { gatewayClassName: 'istio-waypoint' }, { name: 'w' }),
        ...many.map((at) =>
          config(
            'AuthorizationPolicy',
            { targetRefs: [waypoint], action: 'DENY', rules: [{ to: [{ operation: { paths: [`/${at}`] } }] }] },
            { name: `p${at}`, uid: `p${at}` },
          ),
        ),
      ],
    );
    const done = bounded(2_000_000, () => exitOrder(given).untold);
    expect(done).toMatchObject({ kind: 'Done', value: true });
  });
});
