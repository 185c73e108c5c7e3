import { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { Finding } from '../../src/api/common.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { MeshMigration } from '../../src/api/resources.ts';
import { silentLogger } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { meshes } from '../../src/mesh/meshes.ts';
import { record } from '../../src/mesh/json.ts';
import { ClusterView } from '../../src/operator/cluster-view.ts';
import { surroundingsOf } from '../../src/operator/records.ts';
import type { Manifest } from '../../src/cli/manifests/manifest.ts';
import { customResourceDefinitions } from '../sim/controllers/kinds.ts';
import { startSimCluster, type SimCluster } from '../sim/sim-cluster.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';

const manager = 'kubectl';

/** What kustomize, a chart or the user leaves out of a fixture, and the API server asks for. */
function completed({ kind, object }: Manifest): KubeObject {
  const spec = record(object['spec']);
  const template = record(spec['template']);
  const labels = record(record(template['metadata'])['labels']);
  if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind)) return object;
  const named = Object.keys(labels).length > 0 ? labels : { 'made-for': object.metadata.name };
  return {
    ...object,
    spec: {
      ...spec,
      selector: spec['selector'] ?? { matchLabels: named },
      template: { ...template, metadata: { ...record(template['metadata']), labels: named } },
      ...(kind === 'StatefulSet' && { serviceName: spec['serviceName'] ?? object.metadata.name }),
    },
  };
}

/** Namespaces first, then what decides how pods are, and then what makes them. */
function order({ kind }: Manifest): number {
  if (kind === 'Namespace') return 0;
  return ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod'].includes(kind) ? 2 : 1;
}

/** Objects that this cluster does not serve, or refuses, by their names. */
type Refused = readonly string[];

/** Kinds of others that checks read, and that this cluster does not have by itself. */
const otherKinds: readonly (readonly [group: string, version: string, kind: string, plural: string, wide?: true])[] = [
  ['keda.sh', 'v1alpha1', 'ScaledObject', 'scaledobjects'],
  ['flagger.app', 'v1beta1', 'Canary', 'canaries'],
  ['argoproj.io', 'v1alpha1', 'Rollout', 'rollouts'],
  ['argoproj.io', 'v1alpha1', 'AnalysisTemplate', 'analysistemplates'],
  ['argoproj.io', 'v1alpha1', 'ClusterAnalysisTemplate', 'clusteranalysistemplates', true],
  ['monitoring.coreos.com', 'v1', 'PodMonitor', 'podmonitors'],
  ['monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'],
  ['vpcresources.k8s.aws', 'v1beta1', 'SecurityGroupPolicy', 'securitygrouppolicies'],
  ['operator.openshift.io', 'v1', 'Network', 'networks', true],
  ['cilium.io', 'v2', 'CiliumNetworkPolicy', 'ciliumnetworkpolicies'],
];

function definition([group, version, kind, plural, wide]: (typeof otherKinds)[number]): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: wide === true ? 'Cluster' : 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

function create(cluster: SimCluster, manifests: readonly Manifest[], namespace: string): Refused {
  const { server } = cluster;
  const refused: string[] = [];
  for (const kind of otherKinds)
    if (server.resourceFor(kind[0], kind[2]) === undefined)
      server.create(customResourceDefinitions, definition(kind), { manager });
  for (const manifest of manifests.toSorted((a, b) => order(a) - order(b))) {
    const { group, kind } = manifest;
    const resource = server.resourceFor(group, kind);
    const object = completed(manifest);
    if (resource === undefined) {
      refused.push(`${kind} ${object.metadata.name} is not served`);
      continue;
    }
    const metadata = resource.namespaced
      ? { ...object.metadata, namespace: object.metadata.namespace ?? namespace }
      : object.metadata;
    const apiVersion = group === '' ? resource.version : `${group}/${resource.version}`;
    try {
      // What is installed is as the manifests say.
      const there = server.get(resource, metadata.namespace, metadata.name);
      if (there === undefined) server.create(resource, { ...object, apiVersion, metadata }, { manager });
      else
        server.update(
          resource,
          { ...there, ...object, apiVersion, metadata: { ...there.metadata, ...metadata } },
          { manager },
        );
    } catch (error) {
      refused.push(`${kind} ${metadata.name}: ${(error as Error).message}`);
    }
  }
  return refused;
}

const source = { file: '', document: 0, line: 0 };

const lifecycle = { preStop: { sleep: { seconds: 5 } } };

/** A Deployment of pods with these labels: where a namespace has policies and no workload, plan supposes as much. */
export function supposed(namespace: string, labels: Readonly<Record<string, string>>, number: number): Manifest {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a', lifecycle }] } };
  return {
    group: 'apps',
    kind: 'Deployment',
    source,
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `supposed-${number}`, namespace, labels: {}, annotations: {} },
      spec: { template },
    },
  };
}

function withNamespaces(manifests: readonly Manifest[], names: readonly string[]): readonly Manifest[] {
  const described = new Set(
    manifests.filter(({ kind }) => kind === 'Namespace').map(({ object }) => object.metadata.name),
  );
  const missing = names
    .filter((name) => !described.has(name))
    .map((name): Manifest => ({
      group: '',
      kind: 'Namespace',
      source,
      object: {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, labels: { 'istio-injection': 'enabled' } },
      },
    }));
  return [...missing, ...manifests];
}

/** What the operator finds before the start, by namespace, where these objects are in a cluster with Istio. */
export interface OperatorFindings {
  readonly byNamespace: ReadonlyMap<string, readonly Finding[]>;
  readonly refused: Refused;
}

/** Puts objects into a simulated cluster, has pods made, and asks the operator's checks about some namespaces. */
export async function operatorFindings(
  manifests: readonly Manifest[],
  names: readonly string[],
  migration: Pick<MeshMigration, 'spec'> | undefined,
): Promise<OperatorFindings> {
  const random = seededRandom(1);
  const clock = new VirtualClock({ random: seededRandom(2) });
  return await clock.run(story(), { maxMs: 10 * 60_000 });

  async function story(): Promise<OperatorFindings> {
    const cluster = await startSimCluster({ clock, random, nodes: 1 });
    const stopping = new AbortController();
    try {
      const refused = create(cluster, withNamespaces(manifests, names), 'default');
      await new Promise<void>((resolve) => clock.timer(60_000, resolve));
      const view = new ClusterView({
        client: new KubeClient({ transport: cluster.admin, clock, random, fieldManager: 'test' }),
        meshes,
        controlPlaneNamespace: 'istio-system',
        ownNamespaces: [],
        clock,
        random,
        log: silentLogger,
      });
      void view.run(stopping.signal).catch(() => undefined);
      await view.whenSynced(stopping.signal);
      const spec =
        migration?.spec ??
        MeshMigrationSpec.parse({ from: 'IstioSidecar', to: 'IstioAmbient', namespaces: { names: ['any'] } });
      const asked = { metadata: { name: 'all' }, spec } as unknown as MeshMigration;
      const found = names.flatMap((name) => {
        const home = view.namespaces.get(undefined, name);
        return home === undefined
          ? []
          : [[name, istio.findings(surroundingsOf({ view, meshes }, spec, asked, home), 'Start')] as const];
      });
      return { byNamespace: new Map(found), refused };
    } finally {
      stopping.abort();
      await cluster.stop();
    }
  }
}
