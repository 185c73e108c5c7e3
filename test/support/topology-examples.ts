import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { Examples } from './examples.ts';
import {
  captured,
  config,
  cronJob,
  installed,
  mesh,
  plainPod,
  pod,
  injected,
  root,
  service,
  surroundings,
  workload,
} from './mesh-fixtures.ts';
import type { ConfigView, ServiceView } from '../../src/mesh/views.ts';

const networks =
  'networks: {net1: {gateways: [{address: 1.2.3.4, port: 15443}]}, net2: {gateways: [{address: 1.2.3.5, port: 15443}]}}';

function settings(hosts: string): string {
  return `serviceSettings: [{settings: {clusterLocal: true}, hosts: [${hosts}]}]`;
}

/** A mesh whose ConfigMap says this, with these Services beside istiod. */
export function meshOf(meshNetworks: string, text = '', services: readonly ServiceView[] = []): Surroundings {
  const map = config('ConfigMap', { mesh: text, meshNetworks }, { name: 'istio', namespace: root });
  const configs: readonly ConfigView[] = [...installed.filter(({ kind }) => kind !== 'ConfigMap'), map];
  return surroundings({
    mesh: { ...mesh(configs), services: (home) => services.filter(({ namespace }) => namespace === home) },
  });
}

/** Two networks, as Services of the mesh are local or not. */
export const twoNetworks = (hosts?: string): Surroundings =>
  meshOf(networks, hosts === undefined ? '' : settings(hosts));

const gateway = (labels: Readonly<Record<string, string>>, port: number): Surroundings =>
  meshOf('networks: {}', '', [
    service({
      name: 'istio-eastwestgateway',
      namespace: root,
      labels,
      ports: [{ name: 'tls', port, targetPort: port, protocol: 'TCP' }],
    }),
  ]);
const network = { 'topology.istio.io/network': 'net1' };

const spire = { 'spiffe.io/spire-managed-identity': 'true' };
const templates = { 'inject.istio.io/templates': 'sidecar,spire' };
const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

/** What the rules about several networks and about identities of others see and ignore, by their ids. */
export const topologyExamples: Readonly<Record<'MM137' | 'MM141', Examples>> = {
  MM137: {
    seen: {
      'several networks': twoNetworks(),
      'a gateway for calls from others': gateway(network, 15443),
      'Services of other namespaces that are local': twoNetworks('"*.bank.svc.cluster.local"'),
      'its own Services that are local, as a Warning': twoNetworks('"*.shop.svc.cluster.local"'),
    },
    ignored: {
      'one network': meshOf('networks: {net1: {}}'),
      none: meshOf('networks: {}'),
      'what nobody can read': meshOf('{'),
      'Services that are all local': twoNetworks('"*.svc.cluster.local"'),
      'a label of the network alone': gateway(network, 443),
      'the port alone': gateway({}, 15443),
      'on the way to sidecars': { ...twoNetworks(), route: toSidecar, pods: [plainPod(captured)] },
    },
  },
  MM141: {
    seen: {
      'a template with the label': surroundings({
        workloads: [workload({ templateLabels: { app: 'web', ...spire } })],
      }),
      'a template of the injector': surroundings({ workloads: [workload({ templateAnnotations: templates })] }),
      'a CronJob': surroundings({ otherTemplates: [cronJob({ templateAnnotations: templates })] }),
      'a pod of something that the operator does not restart': surroundings({
        pods: [pod({ owner: { kind: 'Rollout', name: 'api' }, labels: { ...injected.labels, ...spire } })],
      }),
    },
    ignored: {
      'identities of istiod': surroundings(),
      'another template of the injector': surroundings({
        workloads: [workload({ templateAnnotations: { 'inject.istio.io/templates': 'sidecar,custom' } })],
      }),
      'the label for no': surroundings({
        workloads: [workload({ templateLabels: { app: 'web', 'spiffe.io/spire-managed-identity': 'false' } })],
      }),
      'what opts out': surroundings({
        workloads: [workload({ templateLabels: { app: 'web', ...spire, 'istio.io/dataplane-mode': 'none' } })],
        pods: [],
      }),
      'on the way to sidecars': surroundings({
        route: toSidecar,
        pods: [plainPod(captured)],
        workloads: [workload({ templateLabels: { app: 'web', ...spire } })],
      }),
    },
  },
};
