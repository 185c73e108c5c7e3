import { defaultSpec } from '../../api/default-spec.ts';
import { memoize } from '../../base/memoize.ts';
import type { Surroundings } from '../../mesh/adapter.ts';
import { selectorOf, targetRefs } from '../../mesh/istio/vocabulary/objects.ts';
import { injectionLabel } from '../../mesh/istio/vocabulary/labels.ts';
import { projectWorkload } from '../../mesh/project-workload.ts';
import type { ConfigView, TemplateView, WorkloadView } from '../../mesh/views.ts';
import { policyKinds } from '../../mesh/istio/policy/parse.ts';
import { route } from './staying.ts';
import { namespaceIn, ofNamespace, templatesIn, type Inventory } from './inventory.ts';
import { meshOf } from './mesh-config.ts';
import { areGatewayLabels, isGateway } from './reach.ts';

/** Kinds with a selector of pods. */
const selecting: readonly string[] = [
  ...policyKinds,
  'EnvoyFilter',
  'Sidecar',
  'Telemetry',
  'WasmPlugin',
  'TrafficExtension',
];

/** Nothing of it matters to what manifests say, but the checks may ask. */
const spec = defaultSpec(route);

/**
 * Stands for pods that the manifests do not show: where a namespace has policies and no workload, each selector is
 * taken to select something, because that is why somebody wrote it. What the root namespace selects may be anywhere, and
 * is not taken to be everywhere.
 */
function supposed(namespace: string, labels: WorkloadView['templateLabels']): WorkloadView {
  return projectWorkload('Deployment')({
    metadata: { name: '', namespace },
    // istiod takes a pod without any label for one that has all, and every pod of a workload has one.
    spec: { template: { metadata: { labels: { 'meshmigration.dev/supposed': '', ...labels } } } },
  });
}

/** Templates that are no gateways, by inventory: what makes pods of a namespace is the same list for whoever asks. */
const withoutGateways = memoize((inventory: Inventory) => {
  const isOther = (template: TemplateView): boolean => !isGateway(template, inventory);
  return { workloads: inventory.workloads.filter(isOther), otherTemplates: inventory.otherTemplates.filter(isOther) };
});

/** What makes the pods of a namespace and is neither a workload nor a gateway. */
export function otherTemplatesIn(namespace: string, inventory: Inventory): readonly TemplateView[] {
  return ofNamespace(namespace, withoutGateways(inventory).otherTemplates);
}

/** The workloads of a namespace that are no gateways. */
export function knownWorkloadsIn(namespace: string, inventory: Inventory): readonly WorkloadView[] {
  return ofNamespace(namespace, withoutGateways(inventory).workloads);
}

/** What policies suppose, of an inventory by namespace. */
const supposedIn = memoize((_: Inventory) => new Map<string, readonly WorkloadView[]>());

/**
 * The workloads of a namespace that are no gateways, or, where nothing makes pods there, those that its policies
 * suppose.
 */
export function workloadsIn(namespace: string, inventory: Inventory): readonly WorkloadView[] {
  if (ofNamespace(namespace, templatesIn(inventory)).length > 0) return knownWorkloadsIn(namespace, inventory);
  const known = supposedIn(inventory).get(namespace) ?? supposedBy(namespace, inventory);
  supposedIn(inventory).set(namespace, known);
  return known;
}

function supposedBy(namespace: string, inventory: Inventory): readonly WorkloadView[] {
  const selectors = selecting
    .flatMap((kind): readonly ConfigView[] => inventory.configs(kind, namespace))
    .filter((config) => targetRefs(config).length === 0)
    .map((config) => selectorOf(config) ?? {})
    .filter((labels) => !areGatewayLabels(labels, inventory));
  return [{}, ...selectors].map((labels) => supposed(namespace, labels));
}

/** What runs on every node, in the order of the manifests; the same list for the same ones. */
export const daemonSetsIn = memoize(({ workloads }: Inventory) => workloads.filter(({ kind }) => kind === 'DaemonSet'));

/** Namespaces that something makes pods in. */
export const inhabitedIn: (inventory: Inventory) => readonly string[] = memoize((inventory: Inventory) => [
  ...new Set(templatesIn(inventory).map(({ namespace }) => namespace)),
]);

/** As of a namespace that leaves sidecars for ambient: one that says nothing else has them. */
function labelsOf(name: string, inventory: Inventory): Readonly<Record<string, string>> {
  return { [injectionLabel]: 'enabled', ...namespaceIn(name, inventory).labels };
}

/** Every namespace of the manifests as the checks of the operator see one that leaves sidecars for ambient. */
export function surroundingsOf(
  inventory: Inventory,
  rootNamespace: string,
  namespaces: ReadonlySet<string>,
): readonly Surroundings[] {
  return [...namespaces].sort().map((name): Surroundings => ({
    route,
    // Without a waypoint: the audit asks what ztunnel alone would do.
    itinerary: 'L4',
    spec,
    namespace: namespaceIn(name, inventory),
    pods: [],
    budgets: [],
    workloads: workloadsIn(name, inventory),
    otherTemplates: otherTemplatesIn(name, inventory),
    services: ofNamespace(name, inventory.services),
    mesh: {
      ...meshOf(inventory, { rootNamespace }),
      daemonSets: () => daemonSetsIn(inventory),
      inhabitedNamespaces: () => inhabitedIn(inventory),
      pods: () => [],
      serves: () => true,
      services: (namespace) =>
        namespace === undefined ? inventory.services : ofNamespace(namespace, inventory.services),
      workloads: (namespace) => workloadsIn(namespace, inventory),
      otherTemplates: (namespace) => otherTemplatesIn(namespace, inventory),
      labelsOf: (namespace) => labelsOf(namespace, inventory),
    },
  }));
}
