import { record, records } from '../../../src/mesh/json.ts';
import {
  captured,
  config,
  installed,
  mesh,
  migrationSpec,
  namespace,
  plainPod,
  service,
  surroundings,
} from '../mesh-fixtures.ts';
import { changeIt, deleteIt, eachPodOf, eachServiceElsewhere, inAmbient, inTurn, respecify } from './deeds.ts';
import type { Deed, RemediesById, Remedy } from './remedy.ts';
import { accepting } from './ways.ts';

type Spec = Readonly<Record<string, unknown>>;

const staying: Remedy = { says: 'Keep this namespace on sidecars', done: 'LeftOut' };

const forEverybody = {
  MM030: 'calls of others follow one for all hosts too, which its owner has to limit by exportTo',
};

function moveTo(home: string): Deed {
  return changeIt((each) => ({ ...each, namespace: home }));
}

const withoutTrafficPolicy = respecify(({ trafficPolicy: _trafficPolicy, ...spec }) => ({
  ...spec,
  ...(spec['subsets'] !== undefined && {
    subsets: records(spec['subsets']).map(({ trafficPolicy: _its, ...subset }) => subset),
  }),
}));

function tls(change: (settings: unknown) => Spec): Deed {
  return respecify((spec) => {
    const { tls: before, ...rest } = record(spec['trafficPolicy']);
    return { ...spec, trafficPolicy: { ...rest, ...change(before) } };
  });
}

/** Namespace `bank` has moved: its pods are in ambient and its Services behind its waypoint. */
const migrated = inTurn(
  eachPodOf('bank', (pod) => [inAmbient(pod)]),
  eachServiceElsewhere((each) => [
    each.namespace === 'bank'
      ? {
          ...each,
          labels: { ...each.labels, 'istio.io/use-waypoint': 'waypoint' },
          conditions: {
            'istio.io/WaypointBound': {
              status: 'True',
              reason: 'WaypointAccepted',
              message: 'Successfully attached to waypoint bank/waypoint',
            },
          },
        }
      : each,
  ]),
);

/** What a waypoint can follow: without what it compares otherwise, and where it reads. */
const followable = inTurn(
  respecify((spec) => ({
    ...spec,
    ...(spec['http'] !== undefined && { http: records(spec['http']).map(({ match: _match, ...rule }) => rule) }),
  })),
  moveTo('bank'),
);

const leaving = {
  route: { from: 'IstioAmbient', to: 'IstioSidecar' },
  namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
  pods: [plainPod(captured)],
} as const;

const called = service({ namespace: 'bank', name: 'api', selector: { app: 'api' } });
const beforeNoWaypoint = surroundings({
  spec: migrationSpec({ callers: [{ namespace: 'bank', from: [{ namespace: 'shop' }] }] }),
  mesh: {
    ...mesh([
      ...installed,
      config('VirtualService', { hosts: ['api.bank'], http: [{ timeout: '1s' }] }, { namespace: 'bank' }),
    ]),
    services: (home) => (home === undefined || home === 'bank' ? [called] : []),
    pods: (home) => (home === 'bank' ? [plainPod({ ...captured, namespace: 'bank' })] : []),
  },
});

/** What clients do by routes and traffic policies. */
export const routeRemedies: RemediesById = {
  MM030: {
    ways: [
      { ...staying, then: forEverybody },
      { says: 'remove the VirtualService', done: deleteIt },
      {
        says: 'bind it to ingress gateways only (spec.gateways)',
        done: respecify((spec) => ({ ...spec, gateways: ['istio-ingress/public'] })),
      },
      {
        says: /^Have its owner limit it with exportTo/,
        done: respecify((spec) => ({ ...spec, exportTo: ['.'] })),
      },
      { says: /exportTo, or remove it\./, done: deleteIt },
      accepting,
    ],
    besides: ['A waypoint follows one whose hosts all are Services of the namespace'],
  },
  MM031: {
    ways: [
      staying,
      { says: 'remove the route', done: deleteIt },
      {
        says: 'have it in the namespace of its Service, where a waypoint follows it for all callers',
        done: moveTo('bank'),
        of: ['here, for a Service elsewhere', 'with a waypoint, here, for a Service elsewhere'],
      },
    ],
  },
  MM032: {
    ways: [
      { says: 'Remove the traffic policy', done: withoutTrafficPolicy },
      { says: 'keep this namespace on sidecars', done: 'LeftOut' },
      { says: /^Remove the tls settings/, done: tls(() => ({})) },
      { says: /or set ISTIO_MUTUAL, with which/, done: tls(() => ({ tls: { mode: 'ISTIO_MUTUAL' } })) },
      { says: /Or keep this namespace in ambient/, done: 'LeftOut' },
    ],
    besides: ['A waypoint applies one whose host is a Service of the namespace'],
    more: {
      'TLS that takes the identity away on the way to sidecars': surroundings({ ...leaving, services: [service()] }, [
        config('DestinationRule', { host: 'web', trafficPolicy: { tls: { mode: 'SIMPLE' } } }),
      ]),
    },
  },
  MM094: {
    ways: [
      staying,
      { says: 'change the route so that a waypoint can follow it', done: followable },
      { says: /^Migrate namespace bank first: its waypoint then does it for all callers/, done: migrated },
      {
        says: /^Put a waypoint before Service bank\/api/,
        done: migrated,
      },
      accepting,
    ],
    more: { 'a Service in ambient, before which stands no waypoint': beforeNoWaypoint },
  },
};
