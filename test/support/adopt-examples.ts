import { managedBy, managedByLabel } from '../../src/api/resources.ts';
import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import { config, migrationSpec, plainPod, pod, service, surroundings, workload } from './mesh-fixtures.ts';

const http = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });
const byIdentity = config('AuthorizationPolicy', {
  rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }],
});
const listener = { name: 'mesh', port: 15008, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'Same' } } };
const spec = { gatewayClassName: 'istio-waypoint', listeners: [listener] };
const mine = config('Gateway', spec, { name: 'mine' });
const ofMine = { 'gateway.networking.k8s.io/gateway-name': 'mine' };
const toMine = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'mine' };
const adopting = { spec: migrationSpec({ waypoint: { adopt: 'mine' } }) };

/** A namespace that needs a waypoint, and whose migration is to use `mine`. */
function shop(
  gateway: ConfigView | undefined,
  overrides: Partial<Surroundings> = {},
  ...others: readonly ConfigView[]
): Surroundings {
  return surroundings({ ...adopting, ...overrides }, [http, ...(gateway === undefined ? [] : [gateway]), ...others]);
}

function conditions(programmed: string): ConfigView['status'] {
  return {
    conditions: [
      { type: 'Accepted', status: 'True', observedGeneration: 1 },
      { type: 'Programmed', status: programmed, reason: 'Pending', observedGeneration: 1 },
    ],
  };
}

/** Something of namespace `blog` is there too. */
function beside(
  labels: Readonly<Record<string, string>>,
  where: 'Namespace' | 'Service' | 'Pod' | 'Deployment',
): Surroundings {
  const given = shop(mine);
  const { mesh } = given;
  const blog = { namespace: 'blog', name: 'blog' };
  return {
    ...given,
    mesh: {
      ...mesh,
      inhabitedNamespaces: () => ['shop', 'blog'],
      services: () => [service({ ...blog, labels: where === 'Service' ? labels : {} })],
      pods: (name) => (name === 'blog' && where === 'Pod' ? [plainPod({ ...blog, labels })] : []),
      workloads: (name) =>
        name === 'blog' && where === 'Deployment' ? [workload({ ...blog, templateLabels: labels })] : [],
      labelsOf: (name) => (name === 'blog' && where === 'Namespace' ? labels : {}),
    },
  };
}

const there = { 'istio.io/use-waypoint': 'mine', 'istio.io/use-waypoint-namespace': 'shop' };
const underWay = { itinerary: 'L7', adopted: 'mine' } as const;

/** What the rule about waypoints of the user that are to be used sees and ignores, by its id. */
export const adoptExamples: Readonly<Record<string, Examples>> = {
  MM118: {
    seen: {
      'another class': shop({ ...mine, spec: { ...spec, gatewayClassName: 'istio' } }),
      'our label on it': shop({
        ...mine,
        labels: { [managedByLabel]: managedBy, 'meshmigration.dev/step': 'EnsureWaypoint' },
      }),
      'a ServiceAccount of another name': shop({
        ...mine,
        annotations: { 'gateway.istio.io/service-account': 'else' },
      }),
      'one by its infrastructure': shop({
        ...mine,
        spec: { ...spec, infrastructure: { annotations: { 'gateway.istio.io/service-account': 'else' } } },
      }),
      'a Deployment of another name': shop({ ...mine, annotations: { 'gateway.istio.io/name-override': 'else' } }),
      'another ServiceAccount by parameters': shop(mine, {
        workloads: [workload(), workload({ name: 'mine', templateLabels: ofMine, serviceAccount: 'else' })],
      }),
      'a pod with another ServiceAccount': shop(mine, {
        pods: [pod(), plainPod({ name: 'mine-1', labels: ofMine, serviceAccount: 'else' })],
      }),
      'addresses of its own': shop({ ...mine, spec: { ...spec, addresses: [{ value: '10.0.0.1' }] } }),
      'no listener': shop({ ...mine, spec: { ...spec, listeners: [] } }),
      'another port': shop({ ...mine, spec: { ...spec, listeners: [{ ...listener, port: 15009 }] } }),
      'another protocol': shop({ ...mine, spec: { ...spec, listeners: [{ ...listener, protocol: 'HTTP' }] } }),
      'a second listener': shop({
        ...mine,
        spec: { ...spec, listeners: [listener, { name: 'http', port: 80, protocol: 'HTTP' }] },
      }),
      'a listener for all namespaces': shop({
        ...mine,
        spec: { ...spec, listeners: [{ ...listener, allowedRoutes: { namespaces: { from: 'All' } } }] },
      }),
      'one for workloads': shop({ ...mine, labels: { 'istio.io/waypoint-for': 'workload' } }),
      'one for nobody': shop({ ...mine, labels: { 'istio.io/waypoint-for': 'none' } }),
      'one that is not programmed': shop({ ...mine, status: conditions('False') }),
      'one that goes': shop({ ...mine, terminating: true }),
      'a policy for it': shop(mine, {}, config('AuthorizationPolicy', { targetRefs: [toMine] }, { name: 'for-it' })),
      'the older field': shop(mine, {}, config('RequestAuthentication', { targetRef: toMine }, { name: 'for-it' })),
      'a plugin for it': shop(mine, {}, config('WasmPlugin', { targetRefs: [toMine] })),
      'a filter for it': shop(mine, {}, config('EnvoyFilter', { targetRefs: [toMine] })),
      'an extension for it': shop(mine, {}, config('TrafficExtension', { targetRefs: [toMine] })),
      'telemetry for it': shop(mine, {}, config('Telemetry', { targetRefs: [toMine] })),
      'a route for it': shop(mine, {}, config('HTTPRoute', { parentRefs: [{ name: 'mine' }] })),
      'a route from elsewhere': shop(
        mine,
        {},
        config('GRPCRoute', { parentRefs: [{ name: 'mine', namespace: 'shop' }] }, { namespace: 'blog' }),
      ),
      'another namespace that goes through it': beside(there, 'Namespace'),
      'a Service elsewhere': beside(there, 'Service'),
      'a pod elsewhere': beside(there, 'Pod'),
      'a workload elsewhere': beside(there, 'Deployment'),
      'a canary elsewhere': beside(
        { 'istio.io/use-waypoint-canary': 'mine', 'istio.io/use-waypoint-canary-namespace': 'shop' },
        'Service',
      ),
      'a policy that comes on the way': shop(mine, underWay, config('Telemetry', { targetRefs: [toMine] })),
      'that there is none': shop(undefined),
    },
    ignored: {
      'what istioctl makes': shop({ ...mine, status: conditions('True') }),
      'one for services': shop({ ...mine, labels: { 'istio.io/waypoint-for': 'service' } }),
      'one for all': shop({ ...mine, labels: { 'istio.io/waypoint-for': 'all' } }),
      'a listener that says nothing of routes': shop({
        ...mine,
        spec: { ...spec, listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
      }),
      'its own pods': shop(mine, {
        workloads: [workload(), workload({ name: 'mine', templateLabels: ofMine, serviceAccount: 'mine' })],
        pods: [pod(), plainPod({ name: 'mine-1', labels: ofMine, serviceAccount: 'mine' })],
      }),
      'a policy for another Gateway': shop(
        mine,
        {},
        config('Telemetry', { targetRefs: [{ ...toMine, name: 'mine-b' }] }),
      ),
      'a route of a Gateway of that name elsewhere': shop(
        mine,
        {},
        config('HTTPRoute', { parentRefs: [{ name: 'mine' }] }, { namespace: 'blog' }),
      ),
      'a waypoint of that name elsewhere': beside({ 'istio.io/use-waypoint': 'mine' }, 'Service'),
      'what no waypoint is needed for': surroundings(adopting, [
        byIdentity,
        { ...mine, spec: { ...spec, gatewayClassName: 'istio' } },
      ]),
      'one that is gone on the way, which is waited for': shop(undefined, underWay),
      'one that is not programmed any more, which is waited for': shop(
        { ...mine, status: conditions('False') },
        underWay,
      ),
      'that the field is gone on the way': shop(mine, { ...underWay, spec: migrationSpec() }),
      'that nobody asks for it': surroundings({}, [http, { ...mine, spec: { ...spec, gatewayClassName: 'istio' } }]),
    },
  },
};
