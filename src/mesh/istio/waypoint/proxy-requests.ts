import type { KubeObject } from '../../../api/object.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { record, records, text, type Json } from '../../json.ts';
import { asksOf, type Amounts } from '../../pod-resources.ts';
import { projectPod } from '../../project.ts';
import type { ProxyRequest, ProxyRequests } from '../../proxy-requests.ts';
import { quantity } from '../../quantity.ts';
import type { WorkloadView } from '../../views.ts';
import { parseMeshConfig } from '../settings/mesh-config.ts';
import { sidecarContainer } from '../vocabulary/labels.ts';
import { carriersOf } from '../vocabulary/node-agents.ts';
import { modeOf } from '../vocabulary/pod-mode.ts';
import { itineraryOf } from './choose.ts';
import { chosenWaypoint } from './chosen.ts';

/** What a waypoint asks for where nobody says: `global.waypoint` of the chart istiod. */
const chartsOwn = { requests: { cpu: '100m', memory: '128Mi' } };

/**
 * What the sidecar in a pod asks for, in thousandths; it is a container or, as a native sidecar, an init container.
 * Undefined if there is none.
 */
function sidecarAsks(spec: Json): Amounts | undefined {
  const containers = [...records(spec['containers']), ...records(spec['initContainers'])];
  const sidecar = containers.find(({ name }) => name === sidecarContainer);
  return sidecar === undefined ? undefined : asksOf(sidecar['resources']).requests;
}

/** What a waypoint asks for by the values of the injector, which the class of waypoints goes by too. */
function waypointAsks(mesh: Pick<MeshState, 'configs' | 'controlPlaneNamespace'>): Amounts {
  const values = mesh
    .configs('ConfigMap', mesh.controlPlaneNamespace)
    .find(({ name }) => name === 'istio-sidecar-injector')?.spec['values'];
  const { global } = parseMeshConfig(text(values) ?? '') ?? {};
  const { resources = chartsOwn } = record(record(global)['waypoint']);
  return asksOf(resources).requests;
}

/** So many pods that ask for so much each. */
interface Some {
  readonly pods: number;
  readonly asks: Amounts;
}

function countOf(some: readonly Some[]): number {
  return some.reduce((all, { pods: count }) => all + count, 0);
}

function together(when: ProxyRequest['when'], proxies: string, some: readonly Some[]): ProxyRequest {
  const sum = (resource: string): string =>
    quantity(some.reduce((all, { pods: count, asks }) => all + count * (asks[resource] ?? 0), 0));
  return { when, proxies, pods: countOf(some), cpu: sum('cpu'), memory: sum('memory') };
}

/** One pod of a workload stands for as many as that is to have, however many of them were read. */
function sidecarsOf({ workloads }: Surroundings, pods: readonly KubeObject[]): readonly Some[] {
  const some: Some[] = [];
  const makers = new Map(workloads.map((workload) => [`${workload.kind} ${workload.name}`, workload]));
  const counted = new Set<WorkloadView>();
  for (const object of pods) {
    const pod = projectPod(object);
    const asks = sidecarAsks(record(object['spec']));
    if (asks === undefined || modeOf(pod) !== 'Sidecar') continue;
    const maker = pod.owner && makers.get(`${pod.owner.kind} ${pod.owner.name}`);
    if (maker !== undefined && counted.has(maker)) continue;
    if (maker !== undefined) counted.add(maker);
    some.push({ pods: maker?.replicas ?? 1, asks });
  }
  return some;
}

function waypointsOf(surroundings: Surroundings): readonly Some[] {
  if (itineraryOf(surroundings) !== 'L7' || chosenWaypoint(surroundings).adopted) return [];
  const { replicas, resources } = surroundings.spec.waypoint;
  return [
    {
      pods: replicas.min,
      asks: resources === undefined ? waypointAsks(surroundings.mesh) : asksOf(resources).requests,
    },
  ];
}

function isSilent({ asks }: Some): boolean {
  return (asks['cpu'] ?? 0) === 0 || (asks['memory'] ?? 0) === 0;
}

/**
 * What the proxies of these namespaces request, of which these pods were seen; undefined where none of them has a
 * sidecar.
 */
export function proxyRequests(moving: readonly Surroundings[], pods: readonly KubeObject[]): ProxyRequests | undefined {
  const seen = Map.groupBy(pods, ({ metadata }) => metadata.namespace);
  const sidecars = moving.flatMap((each) => sidecarsOf(each, seen.get(each.namespace.name) ?? []));
  const [first] = moving;
  if (first === undefined || sidecars.length === 0) return undefined;
  const agents = carriersOf('ztunnel', first.mesh).genuine.map(({ replicas, asks }) => ({
    pods: replicas,
    asks: asks.requests,
  }));
  return {
    requests: [
      together('Now', 'sidecars', sidecars),
      together('Afterwards', 'waypoints', moving.flatMap(waypointsOf)),
      ...(agents.length > 0 ? [together('Always', 'ztunnel', agents)] : []),
    ],
    silent: countOf(sidecars.filter(isSilent)),
  };
}
