import { defaultSpec } from '../../api/default-spec.ts';
import { memoize } from '../../base/memoize.ts';
import type { Surroundings } from '../../mesh/adapter.ts';
import { selectorOf, targetRefs } from '../../mesh/istio/vocabulary/objects.ts';
import { injectionLabel } from '../../mesh/istio/vocabulary/labels.ts';
import { projectWorkload } from '../../mesh/project-workload.ts';
import type { ConfigView, TemplateView, WorkloadView } from '../../mesh/views.ts';
import { policyKinds } from '../../mesh/istio/policy/parse.ts';
import { route } from './staying.ts';
import { namespaceIn, templatesIn, type Inventory } from './inventory.ts';
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

/** What makes the pods of a namespace and is neither a workload nor a gateway. */
export function otherTemplatesIn(namespace: string, inventory: Inventory): readonly TemplateView[] {
  return inventory.otherTemplates.filter(
    (template) => template.namespace === namespace && !isGateway(template, inventory),
  );
}

/**
 * The workloads of a namespace that are no gateways, or, where nothing makes pods there, those that its policies
 * suppose.
 */
export function workloadsIn(namespace: string, inventory: Inventory): readonly WorkloadView[] {
  const known = inventory.workloads.filter((workload) => workload.namespace === namespace);
  if (templatesIn(inventory).some((template) => template.namespace === namespace))
    return known.filter((workload) => !isGateway(workload, inventory));
  const selectors = selecting
    .flatMap((kind): readonly ConfigView[] => inventory.configs(kind, namespace))
    .filter((config) => targetRefs(config).length === 0)
    .map((config) => selectorOf(config) ?? {})
    .filter((labels) => !areGatewayLabels(labels, inventory));
  return [{}, ...selectors].map((labels) => supposed(namespace, labels));
}

/** What runs on every node, in the order of the manifests; the same list for the same ones. */
export const daemonSetsIn = memoize(({ workloads }: Inventory) => workloads.filter(({ kind }) => kind === 'DaemonSet'));

/** As of a namespace that leaves sidecars for ambient: one that says nothing else has them. */
function labelsOf(name: string, { namespaces }: Inventory): Readonly<Record<string, string>> {
  return { [injectionLabel]: 'enabled', ...namespaces.find((known) => known.name === name)?.labels };
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
    services: inventory.services.filter((service) => service.namespace === name),
    mesh: {
      ...meshOf(inventory, { rootNamespace }),
      daemonSets: () => daemonSetsIn(inventory),
      inhabitedNamespaces: () => [...new Set(templatesIn(inventory).map(({ namespace }) => namespace))],
      pods: () => [],
      serves: () => true,
      services: (namespace) =>
        inventory.services.filter((service) => namespace === undefined || service.namespace === namespace),
      workloads: (namespace) => workloadsIn(namespace, inventory),
      otherTemplates: (namespace) => otherTemplatesIn(namespace, inventory),
      labelsOf: (namespace) => labelsOf(namespace, inventory),
    },
  }));
}
