import type { KubeObject } from '../api/object.ts';
import { managerName } from '../api/managers.ts';
import { group } from '../api/resources.ts';
import { Recent } from '../base/recent.ts';
import { readableDepth } from './depth.ts';
import { count, record, records, stringMap, strings, text, type Json } from './json.ts';
import { calledByWebhooks } from './outside-kinds.ts';
import { askingAnnotations } from './other-meshes.ts';
import { troubleOfPod } from './trouble.ts';
import type {
  BudgetView,
  ConfigView,
  NamespaceView,
  OwnerView,
  PodView,
  SelectorView,
  ServicePortView,
  ServiceView,
} from './views.ts';

function base(object: KubeObject): { name: string; uid: string; resourceVersion: string } {
  return {
    name: object.metadata.name,
    uid: object.metadata.uid ?? '',
    resourceVersion: object.metadata.resourceVersion ?? '',
  };
}

/** Who owns which label, from the `f:metadata` / `f:labels` part of managedFields. */
function labelManagers(object: KubeObject): Readonly<Record<string, string>> {
  const managers: Record<string, string> = {};
  for (const entry of object.metadata.managedFields ?? []) {
    const labels = record(record(record(entry.fieldsV1)['f:metadata'])['f:labels']);
    for (const field of Object.keys(labels)) {
      if (field.startsWith('f:')) managers[field.slice(2)] = managerName(entry);
    }
  }
  return managers;
}

/** A namespace as decisions see it. */
export function projectNamespace(object: KubeObject): NamespaceView {
  return {
    ...base(object),
    ...createdAtOf(object),
    labels: object.metadata.labels ?? {},
    annotations: object.metadata.annotations ?? {},
    terminating: object.metadata.deletionTimestamp !== undefined,
    labelManagers: labelManagers(object),
    hasAnnotations: object.metadata.annotations !== undefined,
  };
}

/** Kinds that decisions know by name, and the group that means them: another group's is another kind. */
const namesakes: ReadonlyMap<string, string> = new Map([
  ['Deployment', 'apps'],
  ['StatefulSet', 'apps'],
  ['DaemonSet', 'apps'],
  ['Job', 'batch'],
  ['CronJob', 'batch'],
  ['Pod', ''],
  ['Service', ''],
]);

/** The kind as views have it: with its group where another group's is known by the name. */
export function kindIn(group: string, kind: string): string {
  return namesakes.get(kind) === group || !namesakes.has(kind) ? kind : `${kind}.${group}`;
}

/** Those that say something to Istio, or to another mesh. */
export function meshAnnotations(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(Object.entries(annotations).filter(([key]) => key.includes('istio.io/'))),
    ...askingAnnotations(annotations),
  };
}

/**
 * The controller of a pod. A ReplicaSet's Deployment is its name without the pod-template-hash: the name is built so by
 * the Deployment controller, and reading it saves watching every ReplicaSet. Istio does the same
 * (GetDeployMetaFromPod).
 */
function ownerOf(object: KubeObject): OwnerView | undefined {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner === undefined) return undefined;
  const hash = object.metadata.labels?.['pod-template-hash'];
  const group = owner.apiVersion.includes('/') ? (owner.apiVersion.split('/')[0] ?? '') : '';
  if (owner.kind === 'ReplicaSet' && group === 'apps' && hash !== undefined && owner.name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) };
  }
  return { kind: kindIn(group, owner.kind), name: owner.name };
}

/** Milliseconds since the epoch; undefined if it is no time. */
function instant(value: unknown): number | undefined {
  const ms = Date.parse(text(value) ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

function isFinished(status: Json): boolean {
  return status['phase'] === 'Succeeded' || status['phase'] === 'Failed';
}

/** When the API server made it. */
export function createdAtOf(object: KubeObject): { readonly createdAt?: number } {
  const createdAt = instant(object.metadata.creationTimestamp);
  return createdAt === undefined ? {} : { createdAt };
}

function portsOf(containers: readonly Json[]): Pick<PodView, 'containerPorts'> {
  const ports = containers.flatMap((container) =>
    records(container['ports']).map((port) => {
      const name = text(port['name']);
      return {
        ...(name !== undefined && { name }),
        port: count(port['containerPort']),
        container: text(container['name']) ?? '',
      };
    }),
  );
  return ports.length === 0 ? {} : { containerPorts: ports };
}

/** Names of nodes, each kept once: pods are many, and nodes few. */
const nodeNames = new Recent<string>(5000);

function nodeOf({ nodeName }: Json): Pick<PodView, 'node'> {
  const name = text(nodeName);
  if (name === undefined || name === '') return {};
  const node = nodeNames.get(name) ?? name;
  nodeNames.set(node, node);
  return { node };
}

/** A pod as decisions see it. */
export function projectPod(object: KubeObject): PodView {
  const spec = record(object['spec']);
  const status = record(object['status']);
  const containers = [...records(spec['containers']), ...records(spec['initContainers'])];
  const ready = records(status['conditions']).find((condition) => condition['type'] === 'Ready');
  const owner = ownerOf(object);
  const trouble = ready?.['status'] === 'True' ? undefined : troubleOfPod(status);
  const revision = object.metadata.labels?.['controller-revision-hash'];
  return {
    ...base(object),
    namespace: object.metadata.namespace ?? '',
    labels: object.metadata.labels ?? {},
    annotations: meshAnnotations(object.metadata.annotations ?? {}),
    ...(owner && { owner }),
    containers: containers.map((container) => text(container['name']) ?? ''),
    ...portsOf(containers),
    hostNetwork: spec['hostNetwork'] === true,
    ...nodeOf(spec),
    finished: isFinished(status),
    terminating: object.metadata.deletionTimestamp !== undefined,
    ready: ready?.['status'] === 'True',
    ...createdAtOf(object),
    ...(revision !== undefined && { revision }),
    serviceAccount: text(spec['serviceAccountName']) ?? 'default',
    ...(trouble !== undefined && { trouble }),
    hasPreStop: records(spec['containers']).some(
      (container) => record(container['lifecycle'])['preStop'] !== undefined,
    ),
  };
}

function selectorOf(value: unknown): SelectorView | undefined {
  if (value === undefined || value === null) return undefined;
  const selector = record(value);
  return {
    matchLabels: stringMap(selector['matchLabels']),
    matchExpressions: records(selector['matchExpressions']).map((expression) => ({
      key: text(expression['key']) ?? '',
      operator: text(expression['operator']) ?? '',
      values: strings(expression['values']),
    })),
  };
}

/** A PodDisruptionBudget as decisions see it. */
export function projectBudget(object: KubeObject): BudgetView {
  const status = record(object['status']);
  return {
    ...base(object),
    namespace: object.metadata.namespace ?? '',
    selector: selectorOf(record(object['spec'])['selector']),
    disruptionsAllowed: count(status['disruptionsAllowed']),
    expectedPods: count(status['expectedPods']),
    desiredHealthy: count(status['desiredHealthy']),
    current: count(status['observedGeneration']) >= (object.metadata.generation ?? 0),
  };
}

/** `targetPort` is the port itself where it is not said (core/v1 ServicePort). */
function servicePort(port: Json): ServicePortView {
  const [name, appProtocol] = [text(port['name']), text(port['appProtocol'])];
  const number = count(port['port']);
  return {
    ...(name !== undefined && { name }),
    port: number,
    targetPort: text(port['targetPort']) ?? count(port['targetPort'], number),
    protocol: text(port['protocol']) ?? 'TCP',
    ...(appProtocol !== undefined && { appProtocol }),
  };
}

/** `networking.istio.io/exportTo`: names with commas; an empty one says nothing. */
function exportToOf(annotations: Readonly<Record<string, string>> = {}): Pick<ServiceView, 'exportTo'> {
  const said = annotations['networking.istio.io/exportTo'] ?? '';
  return said === '' ? {} : { exportTo: said.split(',').map((each) => each.trim()) };
}

/** Addresses that are none of the cluster's own. */
function opensBy(spec: Json): Pick<ServiceView, 'opensBy'> {
  const type = text(spec['type']) ?? '';
  if (type === 'LoadBalancer' || type === 'NodePort') return { opensBy: `its type is ${type}` };
  return strings(spec['externalIPs']).length > 0 ? { opensBy: 'it has externalIPs' } : {};
}

function saidAt({ lastTransitionTime }: Json): { readonly at?: number } {
  const at = instant(lastTransitionTime);
  return at === undefined ? {} : { at };
}

/** A Service as decisions see it. */
export function projectService(object: KubeObject): ServiceView {
  const spec = record(object['spec']);
  return {
    ...base(object),
    namespace: object.metadata.namespace ?? '',
    ...createdAtOf(object),
    labels: object.metadata.labels ?? {},
    annotations: Object.fromEntries(
      Object.entries(object.metadata.annotations ?? {}).filter(([key]) => key.startsWith(`${group}/`)),
    ),
    hasLabels: object.metadata.labels !== undefined,
    labelManagers: labelManagers(object),
    hasAnnotations: object.metadata.annotations !== undefined,
    headless: spec['clusterIP'] === 'None',
    externalName: spec['type'] === 'ExternalName',
    selector: stringMap(spec['selector']),
    ports: records(spec['ports']).map(servicePort),
    ...exportToOf(object.metadata.annotations),
    ...opensBy(spec),
    conditions: Object.fromEntries(
      records(record(object['status'])['conditions']).map((condition) => [
        text(condition['type']) ?? '',
        {
          status: text(condition['status']) ?? '',
          reason: text(condition['reason']) ?? '',
          message: text(condition['message']) ?? '',
          ...saidAt(condition),
        },
      ]),
    ),
  };
}

/** Of a webhook configuration only for which objects it is called, and what: the rest is certificates. */
function webhooksOf(object: KubeObject): Json | undefined {
  if (object['webhooks'] === undefined) return undefined;
  return {
    webhooks: records(object['webhooks']).map(({ namespaceSelector, objectSelector }) => ({
      namespaceSelector,
      objectSelector,
    })),
    ...calledByWebhooks(object),
  };
}

/** A configuration object of a mesh. `data` of a ConfigMap counts as its spec. */
export function projectConfig(kind: string): (object: KubeObject) => ConfigView {
  return (object) => ({
    ...base(object),
    ...createdAtOf(object),
    ...(object.metadata.deletionTimestamp !== undefined && { terminating: true as const }),
    generation: object.metadata.generation ?? 0,
    kind,
    namespace: object.metadata.namespace ?? '',
    labels: object.metadata.labels ?? {},
    annotations: object.metadata.annotations ?? {},
    spec: readableDepth(record(object['spec'] ?? object['data'] ?? webhooksOf(object))),
    status: readableDepth(record(object['status'])),
  });
}
