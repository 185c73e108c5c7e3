import { memoize } from '../../base/memoize.ts';
import type { MeshState, Surroundings } from '../../mesh/adapter.ts';
import { dataplaneModeLabel, injectionLabel } from '../../mesh/istio/vocabulary/labels.ts';
import { istioVersionText } from '../../mesh/istio/policy/istio-version.ts';
import { projectPod } from '../../mesh/project.ts';
import type { ConfigView, NamespaceView, PodView, ServiceView, WorkloadView } from '../../mesh/views.ts';
import { namespacesOf } from '../audit/namespaces.ts';
import type { Read } from '../audit/context.ts';
import { route } from '../audit/staying.ts';
import { namespaceIn, templatesIn, type Inventory } from '../audit/inventory.ts';
import { meshOf } from '../audit/mesh-config.ts';
import { areGatewayLabels, isGateway } from '../audit/reach.ts';
import { daemonSetsIn, otherTemplatesIn, workloadsIn } from '../audit/surroundings.ts';
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

/** The mesh while some namespaces have left their sidecars. */
function meshState(read: Read, moved: Moved): MeshState {
  const { inventory, options } = read;
  const mesh = meshOf(inventory, options);
  return {
    ...mesh,
    version: istioVersionText(options.version),
    daemonSets: () => daemonSetsIn(inventory),
    serves: () => true,
    configs: configsOf(read),
    inhabitedNamespaces: () => [...new Set(templatesIn(inventory).map(({ namespace }) => namespace))],
    pods: (namespace) => (moved.has(namespace) ? [] : podsIn(namespace, inventory)),
    services: (namespace) =>
      inventory.services
        .filter((service) => namespace === undefined || service.namespace === namespace)
        .map((service) => bound(service, moved)),
    workloads: (namespace) => workloadsOf(namespace, inventory),
    otherTemplates: (namespace) => otherTemplatesIn(namespace, inventory),
    labelsOf: (namespace) => labelsOf(namespace, inventory, moved),
  };
}

/** Of a namespace that is not described nobody knows them, but for those that it has got by moving. */
function labelsOf(name: string, { namespaces }: Inventory, moved: Moved): NamespaceView['labels'] | undefined {
  const labels = namespaces.find((known) => known.name === name)?.labels;
  return moved.has(name) ? { ...labels, [injectionLabel]: 'disabled', [dataplaneModeLabel]: 'ambient' } : labels;
}

function workloadsOf(name: string, inventory: Inventory): readonly WorkloadView[] {
  return inventory.workloads.filter((workload) => workload.namespace === name && !isGateway(workload, inventory));
}

function surroundingsOf(name: string, read: Read, wishes: Wishes, moved: Moved, now: number): Surroundings {
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
    budgets: inventory.budgets.filter((budget) => budget.namespace === name),
    workloads: workloadsOf(name, inventory),
    otherTemplates: otherTemplatesIn(name, inventory),
    services: inventory.services.filter(
      (service) => service.namespace === name && !areGatewayLabels(service.selector, inventory),
    ),
    mesh: meshState(read, moved),
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
  const all = names.map((name) => ({ name, why: whyLeft(name, read, wishes, isLive) }));
  return {
    planned: all
      .filter(({ why }) => why === undefined)
      .map(({ name }) => surroundingsOf(name, read, wishes, moved, now)),
    left: all.flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }])),
  };
}
