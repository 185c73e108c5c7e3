import { memoize } from '../../base/memoize.ts';
import type { MeshState, Surroundings } from '../../mesh/adapter.ts';
import { dataplaneModeLabel, injectionLabel } from '../../mesh/istio/vocabulary/labels.ts';
import { istioVersionText } from '../../mesh/istio/policy/istio-version.ts';
import { projectPod } from '../../mesh/project.ts';
import type { ConfigView, NamespaceView, PodView, ServiceView, WorkloadView } from '../../mesh/views.ts';
import { namespacesOf } from '../audit/namespaces.ts';
import type { Read } from '../audit/context.ts';
import { route } from '../audit/staying.ts';
import { describedIn, namespaceIn, ofNamespace, type Inventory } from '../audit/inventory.ts';
import { meshOf } from '../audit/mesh-config.ts';
import { areGatewayLabels } from '../audit/reach.ts';
import { daemonSetsIn, inhabitedIn, knownWorkloadsIn, otherTemplatesIn, workloadsIn } from '../audit/surroundings.ts';
import { whyLeft } from './left.ts';
import { injected, podsIn } from './pods.ts';
import type { LeftNamespace } from './report.ts';
import { acknowledgedFor, specFor, type Wishes } from './wishes.ts';

/** Stands for a pod of a workload that policies suppose. */
function supposedPod({ namespace, templateLabels }: WorkloadView, inventory: Inventory): PodView {
  return injected(projectPod({ metadata: { name: '', namespace, labels: templateLabels } }), inventory);
}

/** The pods of a namespace; without templates those that its policies suppose. */
function podsOf(namespace: string, inventory: Inventory): readonly PodView[] {
  const known = podsIn(namespace, inventory);
  return known.length > 0
    ? known
    : workloadsIn(namespace, inventory).map((workload) => supposedPod(workload, inventory));
}

/**
 * Namespaces that have left their sidecars, each with the Services that went behind its waypoint, and the name of that.
 */
export type Moved = ReadonlyMap<string, { readonly waypoint: string; readonly services: readonly string[] }>;

/** What istiod would say of a Service that its namespace has put behind a waypoint. */
function bound(service: ServiceView, moved: Moved): ServiceView {
  const home = moved.get(service.namespace);
  if (home?.services.includes(service.name) !== true) return service;
  return {
    ...service,
    conditions: {
      'istio.io/WaypointBound': {
        status: 'True',
        reason: 'WaypointAccepted',
        message: `Successfully attached to waypoint ${service.namespace}/${home.waypoint}`,
      },
    },
  };
}

/**
 * Objects of a kind but for policies of gateways, which are not about any of the pods here. Each namespace asks about
 * each: they are the same lists for all of them.
 */
const configsOf = memoize(({ inventory, policies }: Read): MeshState['configs'] => {
  const forGateways = new Set<ConfigView>(policies.filter(({ reach }) => reach === 'Gateways').map(({ view }) => view));
  const known = new Map<string, readonly ConfigView[]>();
  return (kind, namespace) => {
    const key = `${kind} ${namespace ?? ''}`;
    const found = known.get(key) ?? inventory.configs(kind, namespace).filter((config) => !forGateways.has(config));
    known.set(key, found);
    return found;
  };
});

/** Services of manifests, once some namespaces have moved: the same list for as long as no further one has. */
function servicesWhile(inventory: Inventory, moved: Moved): MeshState['services'] {
  const known = new Map<string, { readonly home: unknown; readonly list: readonly ServiceView[] }>();
  return (namespace) => {
    const key = namespace ?? '';
    const home = namespace === undefined ? moved.size : moved.get(namespace);
    const before = known.get(key);
    if (before !== undefined && before.home === home) return before.list;
    const all = namespace === undefined ? inventory.services : ofNamespace(namespace, inventory.services);
    const list = moved.size === 0 ? all : all.map((service) => bound(service, moved));
    known.set(key, { home, list });
    return list;
  };
}

const noPods: readonly PodView[] = [];

/** The mesh while some namespaces have left their sidecars: one for all that look at it. */
function meshState(read: Read, moved: Moved): MeshState {
  const { inventory, options } = read;
  const mesh = meshOf(inventory, options);
  return {
    ...mesh,
    version: istioVersionText(options.version),
    daemonSets: () => daemonSetsIn(inventory),
    serves: () => true,
    configs: configsOf(read),
    inhabitedNamespaces: () => inhabitedIn(inventory),
    pods: (namespace) => (moved.has(namespace) ? noPods : podsIn(namespace, inventory)),
    services: servicesWhile(inventory, moved),
    workloads: (namespace) => knownWorkloadsIn(namespace, inventory),
    otherTemplates: (namespace) => otherTemplatesIn(namespace, inventory),
    labelsOf: (namespace) => labelsOf(namespace, inventory, moved),
  };
}

/** Of a namespace that is not described nobody knows them, but for those that it has got by moving. */
function labelsOf(name: string, inventory: Inventory, moved: Moved): NamespaceView['labels'] | undefined {
  const labels = describedIn(name, inventory)?.labels;
  return moved.has(name) ? { ...labels, [injectionLabel]: 'disabled', [dataplaneModeLabel]: 'ambient' } : labels;
}

function surroundingsOf(name: string, read: Read, wishes: Wishes, mesh: MeshState, now: number): Surroundings {
  const {
    inventory,
    options: { rootNamespace },
  } = read;
  const namespace = namespaceIn(name, inventory);
  return {
    route,
    namespace,
    spec: specFor(namespace, wishes, rootNamespace),
    acknowledged: acknowledgedFor(namespace, wishes, rootNamespace, now),
    pods: podsOf(name, inventory),
    budgets: ofNamespace(name, inventory.budgets),
    workloads: knownWorkloadsIn(name, inventory),
    otherTemplates: otherTemplatesIn(name, inventory),
    services: ofNamespace(name, inventory.services).filter(({ selector }) => !areGatewayLabels(selector, inventory)),
    mesh,
  };
}

/** What is to be planned, as it is before the first namespace has moved. */
export interface Subjects {
  readonly planned: readonly Surroundings[];
  readonly left: readonly LeftNamespace[];
}

/** The namespaces of some manifests at a time in milliseconds since the epoch. `moved` is looked at whenever somebody asks which pods still have sidecars. */
export function subjectsOf(read: Read, wishes: Wishes, moved: Moved, now: number, isLive: boolean): Subjects {
  const names = [...namespacesOf(read)].sort();
  const mesh = meshState(read, moved);
  const all = names.map((name) => ({ name, why: whyLeft(name, read, wishes, isLive) }));
  return {
    planned: all
      .filter(({ why }) => why === undefined)
      .map(({ name }) => surroundingsOf(name, read, wishes, mesh, now)),
    left: all.flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }])),
  };
}
