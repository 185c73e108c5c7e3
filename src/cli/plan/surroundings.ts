import { memoize } from '../../base/memoize.ts';
import { systemNamespaces } from '../../api/names.ts';
import type { MeshState, Surroundings } from '../../mesh/adapter.ts';
import { arrived } from '../../mesh/istio/itinerary.ts';
import {
  dataplaneModeLabel,
  injectionLabel,
  sidecarContainer,
  sidecarStatusAnnotation,
  tunnelLabel,
} from '../../mesh/istio/labels.ts';
import { istioVersionText } from '../../mesh/istio/policy/istio-version.ts';
import { tlsModeLabel } from '../../mesh/istio/policy/translate/selection.ts';
import { projectNamespace, projectPod } from '../../mesh/project.ts';
import type { ConfigView, NamespaceView, PodView, ServiceView, TemplateView, WorkloadView } from '../../mesh/views.ts';
import { namespacesOf } from '../audit/audit.ts';
import type { AuditContext } from '../audit/context.ts';
import { templatesIn, type Inventory } from '../audit/inventory.ts';
import { meshOf } from '../audit/mesh-config.ts';
import { areGatewayLabels, isGateway } from '../audit/reach.ts';
import { daemonSetsIn, otherTemplatesIn, workloadsIn } from '../audit/surroundings.ts';
import type { LeftNamespace } from './report.ts';
import { specFor, whyStays, type Wishes } from './wishes.ts';

/** What is read from manifests, whatever is asked about them. */
export type Read = Omit<AuditContext, 'surroundings'>;

const route = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;

/** A pod of a template as the injector would make it: a plan begins with sidecars. */
function injected({
  kind,
  namespace,
  name,
  serviceAccount,
  templateLabels,
  templateAnnotations,
}: TemplateView): PodView {
  return {
    ...projectPod({
      metadata: {
        name,
        namespace,
        labels: { [tlsModeLabel]: 'istio', [tunnelLabel]: 'http', ...templateLabels },
        annotations: { ...templateAnnotations, [sidecarStatusAnnotation]: '{}' },
      },
      spec: { serviceAccountName: serviceAccount, containers: [{ name: sidecarContainer }] },
    }),
    ...(name !== '' && { owner: { kind, name } }),
  };
}

/** Pods of the templates that the manifests have, gateways too. */
function podsIn(namespace: string, inventory: Inventory): readonly PodView[] {
  return templatesIn(inventory)
    .filter((template) => template.namespace === namespace)
    .map(injected);
}

/** The pods of a namespace; without templates those that its policies suppose. */
function podsOf(namespace: string, inventory: Inventory, rootNamespace: string): readonly PodView[] {
  const known = podsIn(namespace, inventory);
  return known.length > 0 ? known : workloadsIn(namespace, inventory, rootNamespace).map(injected);
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
 * Manifests may have Gateways of Istio too; the operator watches those of the Gateway API only, and findings name them
 * as it does.
 */
const asWatched = memoize((gateway: ConfigView): ConfigView => ({ ...gateway, kind: 'Gateway' }));

/**
 * Objects of a kind but for policies of gateways, which are not about any of the pods here. Each namespace asks about
 * each: they are the same lists for all of them.
 */
const configsOf = memoize(({ inventory, policies }: Read): MeshState['configs'] => {
  const forGateways = new Set<ConfigView>(policies.filter(({ reach }) => reach === 'Gateways').map(({ view }) => view));
  const known = new Map<string, readonly ConfigView[]>();
  return (kind, namespace) => {
    const key = `${kind} ${namespace ?? ''}`;
    const found =
      known.get(key) ??
      (kind === 'Gateway'
        ? inventory.configs('Gateway.gateway.networking.k8s.io', namespace).map(asWatched)
        : inventory.configs(kind, namespace).filter((config) => !forGateways.has(config)));
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

/** As it is described, or by its name alone. */
function namespaceOf(name: string, { namespaces }: Inventory): NamespaceView {
  return namespaces.find((known) => known.name === name) ?? projectNamespace({ metadata: { name } });
}

function surroundingsOf(name: string, read: Read, wishes: Wishes, moved: Moved): Surroundings {
  const {
    inventory,
    options: { rootNamespace },
  } = read;
  const namespace = namespaceOf(name, inventory);
  return {
    route,
    namespace,
    spec: specFor(namespace, wishes, rootNamespace),
    pods: podsOf(name, inventory, rootNamespace),
    budgets: [],
    workloads: workloadsOf(name, inventory),
    otherTemplates: otherTemplatesIn(name, inventory),
    services: inventory.services.filter(
      (service) => service.namespace === name && !areGatewayLabels(service.selector, inventory),
    ),
    mesh: meshState(read, moved),
  };
}

const nameLabel = 'app.kubernetes.io/name';
/** As the installation labels the pods of the operator (deploy/kustomize). */
const operatorName = 'mesh-migration-operator';

/** Why a namespace is no part of the plan; undefined if it is. */
function whyLeft(name: string, { inventory, options, policies }: Read, wishes: Wishes): string | undefined {
  if (name === options.rootNamespace)
    return 'the namespace of the control plane is never migrated; its policies count in every namespace';
  if (
    templatesIn(inventory).some(
      ({ namespace, templateLabels }) => namespace === name && templateLabels[nameLabel] === operatorName,
    )
  )
    return 'the operator itself runs there, and never migrates itself';
  if ((systemNamespaces as readonly string[]).includes(name)) return 'system namespaces are never migrated';
  const labels = inventory.namespaces.find((namespace) => namespace.name === name)?.labels ?? {};
  if (arrived(route, labels)) return 'it is in ambient already';
  const templates = templatesIn(inventory).filter(({ namespace }) => namespace === name);
  const isForWorkloads = policies.some(({ policy, reach }) => policy.namespace === name && reach !== 'Gateways');
  const hasGateways = templates.length > 0 || policies.some(({ policy }) => policy.namespace === name);
  if (hasGateways && !isForWorkloads && templates.every((template) => isGateway(template, inventory)))
    return 'gateways only: they keep a proxy of their own';
  const isDescribed = inventory.namespaces.some((namespace) => namespace.name === name);
  return whyStays(namespaceOf(name, inventory), isDescribed, wishes, options.rootNamespace);
}

/** What is to be planned, as it is before the first namespace has moved. */
export interface Subjects {
  readonly planned: readonly Surroundings[];
  readonly left: readonly LeftNamespace[];
}

/** The namespaces of some manifests. `moved` is looked at whenever somebody asks which pods still have sidecars. */
export function subjectsOf(read: Read, wishes: Wishes, moved: Moved): Subjects {
  const names = [...namespacesOf(read)].sort();
  const all = names.map((name) => ({ name, why: whyLeft(name, read, wishes) }));
  return {
    planned: all.filter(({ why }) => why === undefined).map(({ name }) => surroundingsOf(name, read, wishes, moved)),
    left: all.flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }])),
  };
}
