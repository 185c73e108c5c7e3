import { waypointManifests } from '../../src/mesh/istio/vocabulary/gateway.ts';
import { appliedAnnotation, managedBy, managedByLabel } from '../../src/api/resources.ts';
import type { Surroundings } from '../../src/mesh/adapter.ts';
import { sealOf } from '../../src/mesh/seal.ts';
import type { ConfigView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import { budget, config, migrationSpec, plainPod, pod, service, surroundings, workload } from './mesh-fixtures.ts';

const http = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });
const byIdentity = config('AuthorizationPolicy', {
  rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }],
});
const gateway = config(
  'Gateway',
  { gatewayClassName: 'istio-waypoint' },
  { name: 'waypoint', labels: { 'istio.io/waypoint-for': 'service' } },
);
const ofWaypoint = { 'gateway.networking.k8s.io/gateway-name': 'waypoint' };

/** A namespace that needs a waypoint. */
function shop(overrides: Partial<Surroundings> = {}, ...others: readonly ConfigView[]): Surroundings {
  return surroundings(overrides, [http, ...others]);
}

/** The Gateway as the operator applies it. */
function ours(): ConfigView {
  const made =
    waypointManifests(shop())
      .map(
        ({
          resource: { kind },
          object: {
            metadata: { name, labels = {}, annotations = {} },
            ...rest
          },
        }) => config(kind, (rest['spec'] ?? {}) as ConfigView['spec'], { name, labels, annotations }),
      )
      .find(({ kind }) => kind === 'Gateway') ?? gateway;
  return {
    ...made,
    labels: { ...made.labels, [managedByLabel]: managedBy, 'meshmigration.dev/step': 'EnsureWaypoint' },
    annotations: { ...made.annotations, [appliedAnnotation]: sealOf(made) },
  };
}

const withBudget = { budgets: [budget({ name: 'waypoint' })] };

/** What the rule about names of the waypoint sees and ignores, by its id. */
export const takenNameExamples: Readonly<Record<string, Examples>> = {
  MM116: {
    seen: {
      'a waypoint of the user': shop({}, gateway),
      'a Gateway of another class': shop({}, { ...gateway, spec: { gatewayClassName: 'mine' } }),
      'one with our label': shop({}, { ...gateway, labels: { [managedByLabel]: managedBy } }),
      'what we made and somebody edited': shop({}, { ...ours(), spec: { gatewayClassName: 'mine' } }),
      'a Deployment': shop({
        workloads: [workload(), workload({ name: 'waypoint', templateLabels: { app: 'waypoint' } })],
      }),
      'a Service': shop({ services: [service(), service({ name: 'waypoint' })] }),
      'a PodDisruptionBudget': shop(withBudget),
      'what istiod made for another Gateway': shop({
        services: [
          service(),
          service({ name: 'waypoint', labels: { 'gateway.networking.k8s.io/gateway-name': 'mine' } }),
        ],
      }),
      'a workload with the identity of the waypoint': shop({ workloads: [workload({ serviceAccount: 'waypoint' })] }),
      'a waypoint while another one is named that is not there': shop(
        { spec: migrationSpec({ waypoint: { adopt: 'mine' } }) },
        gateway,
      ),
      'a workload with the identity of the one that is to be used': shop(
        { spec: migrationSpec({ waypoint: { adopt: 'mine' } }), workloads: [workload({ serviceAccount: 'mine' })] },
        { ...gateway, name: 'mine' },
      ),
      'a bare pod with it': shop({
        pods: [pod(), pod({ name: 'once', serviceAccount: 'waypoint', owner: { kind: 'Job', name: 'once' } })],
      }),
    },
    ignored: {
      'nothing of that name': shop(),
      'a Gateway elsewhere': shop({}, { ...gateway, namespace: 'blog' }),
      'another name': shop({ services: [service(), service({ name: 'waypoint-b' })] }, { ...gateway, name: 'mine' }),
      'no waypoint is needed': surroundings({ ...withBudget, services: [service(), service({ name: 'waypoint' })] }, [
        byIdentity,
        gateway,
      ]),
      ours: shop({}, ours()),
      'what istiod made for ours': shop(
        {
          workloads: [
            workload(),
            workload({ name: 'waypoint', templateLabels: ofWaypoint, serviceAccount: 'waypoint' }),
          ],
          pods: [
            pod(),
            plainPod({
              name: 'waypoint-1',
              labels: { ...ofWaypoint, 'istio.io/dataplane-mode': 'none', 'sidecar.istio.io/inject': 'false' },
              serviceAccount: 'waypoint',
              owner: { kind: 'Deployment', name: 'waypoint' },
            }),
          ],
          services: [service(), service({ name: 'waypoint', labels: ofWaypoint })],
          budgets: [budget({ name: 'waypoint', selector: { matchLabels: ofWaypoint } })],
        },
        ours(),
      ),
      'what is left of one that is gone': shop({
        services: [service(), service({ name: 'waypoint', labels: ofWaypoint })],
      }),
      'a budget where a single pod gets none': shop({
        ...withBudget,
        spec: migrationSpec({ waypoint: { replicas: { min: 1, max: 1 } } }),
      }),
      'a waypoint that is to be used': shop({ spec: migrationSpec({ waypoint: { adopt: 'waypoint' } }) }, gateway),
      'the way to sidecars': shop({ route: { from: 'IstioAmbient', to: 'IstioSidecar' } }, gateway),
    },
  },
};
