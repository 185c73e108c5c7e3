import type { Surroundings } from '../../src/mesh/adapter.ts';
import { asksOf } from '../../src/mesh/pod-resources.ts';
import type { ConfigView, WorkloadView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import { config, migrationSpec, surroundings, workload } from './mesh-fixtures.ts';

type Strings = Readonly<Record<string, string>>;

const http = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });
const small = asksOf({ requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1' } });

/** A quota as its controller has counted it. */
export function quota(hard: Strings, used: Strings, spec: ConfigView['spec'] = {}): ConfigView {
  return config('ResourceQuota', { hard, ...spec }, { name: 'compute', status: { hard, used } });
}

/** A namespace with one Deployment that creates first. */
export function shop(
  one: ConfigView,
  overrides: Partial<WorkloadView> = {},
  more: Partial<Surroundings> = {},
): Surroundings {
  return surroundings({ workloads: [workload({ asks: small, ...overrides })], ...more }, [one]);
}

/** The same behind a waypoint of two pods. */
export function behindWaypoint(one: ConfigView, resources?: object, ...others: readonly WorkloadView[]): Surroundings {
  return surroundings(
    {
      spec: migrationSpec({ waypoint: { ...(resources && { resources }) } }),
      workloads: [workload({ asks: small }), ...others],
    },
    [http, one],
  );
}

/** What the rule about quotas sees and ignores, by its id. */
export const quotaExamples: Readonly<Record<string, Examples>> = {
  MM117: {
    seen: {
      pods: shop(quota({ pods: '2' }, { pods: '2' })),
      'the same by the generic name': shop(quota({ 'count/pods': '2' }, { 'count/pods': '2' })),
      'requests of CPU': shop(quota({ 'requests.cpu': '1' }, { 'requests.cpu': '950m' })),
      'the same by its short name': shop(quota({ cpu: '1' }, { cpu: '950m' })),
      'requests of memory': shop(quota({ 'requests.memory': '1Gi' }, { 'requests.memory': '1000Mi' })),
      'a quota of pods that may run for ever': shop(
        quota({ pods: '2' }, { pods: '2' }, { scopes: ['NotTerminating'] }),
      ),
      'a quota of pods that ask for something': shop(
        quota(
          { pods: '2' },
          { pods: '2' },
          { scopeSelector: { matchExpressions: [{ scopeName: 'NotBestEffort', operator: 'Exists' }] } },
        ),
      ),
      limits: shop(quota({ 'limits.cpu': '2' }, { 'limits.cpu': '1500m' })),
      'a DaemonSet that creates first': shop(quota({ pods: '2' }, { pods: '2' }), { kind: 'DaemonSet' }),
      'pods of the waypoint besides': behindWaypoint(quota({ pods: '4' }, { pods: '2' })),
      'what spec.waypoint asks for': behindWaypoint(quota({ 'requests.cpu': '2' }, { 'requests.cpu': '1' }), {
        requests: { cpu: '500m' },
      }),
      'what Istio gives a waypoint': behindWaypoint(quota({ 'limits.memory': '2Gi' }, { 'limits.memory': '1Gi' })),
    },
    ignored: {
      'room for one': shop(quota({ pods: '3', 'requests.cpu': '1' }, { pods: '2', 'requests.cpu': '900m' })),
      'a rollout that takes a pod away first': shop(quota({ pods: '2' }, { pods: '2' }), { maxUnavailable: 1 }),
      'a paused Deployment': shop(quota({ pods: '2' }, { pods: '2' }), { paused: true }),
      'one that is scaled to zero': shop(quota({ pods: '2' }, { pods: '2' }), { replicas: 0 }),
      'what its template does not ask for': shop(
        quota({ 'requests.cpu': '1', services: '1' }, { 'requests.cpu': '1', services: '1' }),
        { asks: asksOf({}) },
      ),
      'a quota of pods that ask for nothing': shop(quota({ pods: '2' }, { pods: '2' }, { scopes: ['BestEffort'] })),
      'a quota of pods that end by themselves': shop(
        quota({ pods: '2' }, { pods: '2' }, { scopes: ['NotBestEffort', 'Terminating'] }),
      ),
      'a quota that nobody has counted yet': shop(config('ResourceQuota', { hard: { pods: '2' } })),
      'a quota elsewhere': shop({ ...quota({ pods: '2' }, { pods: '2' }), namespace: 'blog' }),
      'nothing is restarted': shop(
        quota({ pods: '2' }, { pods: '2' }),
        {},
        { route: { from: 'IstioAmbient', to: 'None' } },
      ),
      'room for the waypoint too': behindWaypoint(quota({ pods: '5' }, { pods: '2' })),
      'a waypoint that is there and counted': behindWaypoint(
        quota({ pods: '5' }, { pods: '4' }),
        undefined,
        workload({ name: 'waypoint', templateLabels: { 'gateway.networking.k8s.io/gateway-name': 'waypoint' } }),
      ),
    },
  },
};
