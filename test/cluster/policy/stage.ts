import type { KubeObject } from '../../../src/api/object.ts';
import { record, records, text } from '../../../src/mesh/json.ts';
import { NotReadyError, until } from '../readiness.ts';
import type { Surface } from './arbitrary-policy.ts';
import { declareAuthorizers } from './authorizers.ts';
import { XdsStream, xdsTypes } from './xds-stream.ts';
import { kinds, homes, type StageOptions } from './stage-options.ts';

/** The class of waypoints that Istio itself makes. */
export const waypointClass = 'istio-waypoint';

/** A pod of the stage; KWOK runs it. */
export interface StagePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Workloads that differ in every way in which a policy may choose among them. */
export const stagePods: readonly StagePod[] = [
  { namespace: homes.home, name: 'web', labels: { app: 'web', version: 'v1' } },
  { namespace: homes.home, name: 'api', labels: { app: 'api' } },
  // As injection labels it.
  { namespace: homes.home, name: 'meshed', labels: { app: 'web', 'security.istio.io/tlsMode': 'istio' } },
  { namespace: homes.home, name: 'bare', labels: {} },
  { namespace: homes.other, name: 'web', labels: { app: 'web' } },
];

/** The Services of both namespaces. */
export const stageServices = ['web', 'api'] as const;

/**
 * Something outside the mesh that is reached through the waypoint of the namespace: its ServiceEntry, which is bound as
 * the namespace is.
 */
export const stageServiceEntry = { namespace: homes.home, name: 'outside', host: 'outside.example.com' } as const;

/** What generated policies may refer to: things that exist and things that do not. */
export const surface: Surface = {
  namespaces: [homes.home, homes.home, homes.home, homes.other, homes.root],
  labels: [
    { app: 'web' },
    { app: 'web', version: 'v1' },
    { app: 'api' },
    { app: 'gone' },
    { version: 'v1' },
    { app: 'web', version: '' },
  ],
  targets: [
    { kind: 'Service', name: 'web' },
    { group: '', kind: 'Service', name: 'api' },
    { kind: 'Service', name: 'gone' },
    { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' },
    { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gone' },
    { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: waypointClass },
    { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'istio' },
    { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'gone' },
    { group: 'networking.istio.io', kind: 'ServiceEntry', name: 'web' },
    { group: 'networking.istio.io', kind: 'ServiceEntry', name: stageServiceEntry.name },
  ],
  providers: ['gone'],
};

/**
 * Namespaces, pods, Services and waypoints; the pods sit at the front of nothing, so only what istiod says of them
 * matters.
 */
function stageObjects(): readonly (readonly [keyof typeof kinds, KubeObject])[] {
  const namespaces = [homes.home, homes.other];
  return [
    ...namespaces.map(
      (name) =>
        [
          'Namespace',
          { metadata: { name, labels: { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' } } },
        ] as const,
    ),
    ...stagePods.map(
      ({ namespace, name, labels }) =>
        [
          'Pod',
          {
            metadata: { namespace, name, labels },
            spec: { containers: [{ name: 'app', image: 'app:1' }], terminationGracePeriodSeconds: 0 },
          },
        ] as const,
    ),
    ...namespaces.flatMap((namespace) => [
      ...stageServices.map((name) => ['Service', service(namespace, name)] as const),
      ['Gateway', waypoint(namespace)] as const,
    ]),
    ['ServiceEntry', serviceEntry()],
  ];
}

function serviceEntry(): KubeObject {
  const { namespace, name, host } = stageServiceEntry;
  const ports = [
    { number: 80, name: 'http', protocol: 'HTTP' },
    { number: 9000, name: 'tcp', protocol: 'TCP' },
  ];
  return {
    metadata: { namespace, name },
    spec: {
      hosts: [host],
      addresses: ['240.240.1.1'],
      location: 'MESH_EXTERNAL',
      resolution: 'STATIC',
      ports,
      endpoints: [{ address: '192.0.2.1' }],
    },
  };
}

function service(namespace: string, name: string): KubeObject {
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'tcp', port: 9000, targetPort: 9000 },
  ];
  return { metadata: { namespace, name }, spec: { selector: { app: name }, ports } };
}

function waypoint(namespace: string): KubeObject {
  const listeners = [{ name: 'mesh', port: 15008, protocol: 'HBONE' }];
  return {
    metadata: { namespace, name: 'waypoint', labels: { 'istio.io/waypoint-for': 'all' } },
    spec: { gatewayClassName: waypointClass, listeners },
  };
}

/** A sidecar or a waypoint, played by a stream. */
export type StageNode =
  | { readonly kind: 'sidecar'; readonly pod: StagePod; readonly stream: XdsStream }
  | { readonly kind: 'waypoint'; readonly namespace: string; readonly stream: XdsStream };

/** The stage with everybody on it. */
export interface Stage {
  readonly ztunnel: XdsStream;
  readonly nodes: readonly StageNode[];
  close(): Promise<void>;
}

/** Creates the stage and lets a ztunnel, a sidecar for each pod and each waypoint connect to istiod. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { client, signal } = options;
  for (const [kind, object] of stageObjects()) await client.create(kinds[kind], object, signal);
  const restoreMesh = await declareAuthorizers(options);
  const addresses = await podAddresses(options);
  const proxy = (type: 'sidecar' | 'waypoint', { namespace, name, labels }: StagePod): XdsStream =>
    new XdsStream({
      program: options.program,
      port: options.port,
      types: [xdsTypes.listener],
      node: `${type}~${addresses.get(`${namespace}/${name}`) ?? ''}~${name}.${namespace}~${namespace}.svc.cluster.local`,
      metadata: { CLUSTER_ID: 'Kubernetes', ISTIO_VERSION: '1.31.0', NAMESPACE: namespace, LABELS: labels },
    });
  const nodes: readonly StageNode[] = [
    ...stagePods.map((pod) => ({ kind: 'sidecar', pod, stream: proxy('sidecar', pod) }) as const),
    ...[homes.home, homes.other].map(
      (namespace) =>
        ({
          kind: 'waypoint',
          namespace,
          stream: proxy('waypoint', {
            namespace,
            name: 'waypoint',
            labels: { 'gateway.networking.k8s.io/gateway-name': 'waypoint' },
          }),
        }) as const,
    ),
  ];
  const ztunnel = openZtunnel(options);
  return {
    ztunnel,
    nodes,
    async close() {
      for (const stream of [ztunnel, ...nodes.map((node) => node.stream)]) stream.close();
      await restoreMesh();
      await deleteNamespaces(options, [homes.home, homes.other]);
    },
  };
}

/** A ztunnel that is told of every policy and every workload. */
export function openZtunnel({ program, port }: StageOptions): XdsStream {
  const node = 'ztunnel~10.255.255.254~ztunnel-test.istio-system~istio-system.svc.cluster.local';
  return new XdsStream({
    program,
    port,
    node,
    types: [xdsTypes.authorization, xdsTypes.address],
    metadata: { CLUSTER_ID: 'Kubernetes' },
  });
}

/** Deletes the namespaces and waits until they are gone, so that another check may have the same ones. */
export async function deleteNamespaces({ client, signal }: StageOptions, names: readonly string[]): Promise<void> {
  for (const name of names) await client.delete(kinds.Namespace, undefined, name, { signal });
  await until(signal, async () => {
    const left = (await client.list(kinds.Namespace, { signal })).items
      .map(({ metadata: { name } }) => name)
      .filter((name) => names.includes(name));
    if (left.length > 0) throw new NotReadyError(`these namespaces are still there: ${left.join(', ')}`);
  });
}

/** Waits until every pod has an address, the waypoints' pods too; those are under `NAMESPACE/waypoint`. */
async function podAddresses({ client, signal }: StageOptions): Promise<ReadonlyMap<string, string>> {
  return await until(signal, async () => {
    const lists = await Promise.all(
      [homes.home, homes.other].map(async (namespace) => (await client.list(kinds.Pod, { namespace, signal })).items),
    );
    const running = lists.flat().flatMap((pod) => {
      const address = text(record(pod['status'])['podIP']);
      const ready = records(record(pod['status'])['conditions']).some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      );
      const name = pod.metadata.labels?.['gateway.networking.k8s.io/gateway-name'] ?? pod.metadata.name;
      return address === undefined || !ready ? [] : [[`${pod.metadata.namespace ?? ''}/${name}`, address] as const];
    });
    if (running.length < stagePods.length + 2)
      throw new NotReadyError(`only these pods run: ${running.map(([name]) => name).join(', ')}`);
    return new Map(running);
  });
}
