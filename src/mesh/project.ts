import type { KubeObject } from '../api/object.ts';
import { count, record, records, stringMap, text, type Json } from './json.ts';
import type { BudgetView, ConfigView, NamespaceView, OwnerView, PodView, SelectorView, ServiceView } from './views.ts';

function base(object: KubeObject): { name: string; uid: string; resourceVersion: string } {
  return { name: object.metadata.name, uid: object.metadata.uid ?? '', resourceVersion: object.metadata.resourceVersion ?? '' };
}

/** Who owns which label, from the `f:metadata` / `f:labels` part of managedFields. */
function labelManagers(object: KubeObject): Readonly<Record<string, string>> {
  const managers: Record<string, string> = {};
  for (const entry of object.metadata.managedFields ?? []) {
    const labels = record(record(record(entry.fieldsV1)['f:metadata'])['f:labels']);
    for (const field of Object.keys(labels)) {
      if (field.startsWith('f:')) managers[field.slice(2)] = entry.manager ?? 'unknown';
    }
  }
  return managers;
}

/** A namespace as decisions see it. */
export function projectNamespace(object: KubeObject): NamespaceView {
  return {
    ...base(object),
    labels: object.metadata.labels ?? {},
    annotations: object.metadata.annotations ?? {},
    terminating: object.metadata.deletionTimestamp !== undefined,
    labelManagers: labelManagers(object),
    hasAnnotations: object.metadata.annotations !== undefined,
  };
}

/**
 * The controller of a pod. A ReplicaSet's Deployment is its name without the pod-template-hash: the name is built so by
 * the Deployment controller, and reading it saves watching every ReplicaSet. Istio does the same (GetDeployMetaFromPod).
 */
function ownerOf(object: KubeObject): OwnerView | undefined {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner === undefined) return undefined;
  const hash = object.metadata.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) };
  }
  return { kind: owner.kind, name: owner.name };
}

/** Milliseconds since the epoch; undefined if it is no time. */
function instant(value: unknown): number | undefined {
  const ms = Date.parse(text(value) ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

function isFinished(status: Json): boolean {
  return status['phase'] === 'Succeeded' || status['phase'] === 'Failed';
}

/** A pod as decisions see it. */
export function projectPod(object: KubeObject): PodView {
  const spec = record(object['spec']);
  const status = record(object['status']);
  const containers = [...records(spec['containers']), ...records(spec['initContainers'])];
  const ready = records(status['conditions']).find((condition) => condition['type'] === 'Ready');
  const readyChangedAt = instant(ready?.['lastTransitionTime']);
  const createdAt = instant(object.metadata.creationTimestamp);
  const owner = ownerOf(object);
  const revision = object.metadata.labels?.['controller-revision-hash'];
  const annotations = Object.entries(object.metadata.annotations ?? {}).filter(([key]) => key.includes('istio.io/'));
  return {
    ...base(object),
    namespace: object.metadata.namespace ?? '',
    labels: object.metadata.labels ?? {},
    annotations: Object.fromEntries(annotations),
    ...(owner && { owner }),
    containers: containers.map((container) => text(container['name']) ?? ''),
    hostNetwork: spec['hostNetwork'] === true,
    finished: isFinished(status),
    terminating: object.metadata.deletionTimestamp !== undefined,
    ready: ready?.['status'] === 'True',
    ...(createdAt !== undefined && { createdAt }),
    ...(readyChangedAt !== undefined && { readyChangedAt }),
    ...(revision !== undefined && { revision }),
    hasPreStop: records(spec['containers']).some((container) => record(container['lifecycle'])['preStop'] !== undefined),
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
      values: Array.isArray(expression['values']) ? expression['values'].map(String) : [],
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

/** A Service as decisions see it. */
export function projectService(object: KubeObject): ServiceView {
  const spec = record(object['spec']);
  return {
    ...base(object),
    namespace: object.metadata.namespace ?? '',
    labels: object.metadata.labels ?? {},
    headless: spec['clusterIP'] === 'None',
    selector: stringMap(spec['selector']),
  };
}

/** A configuration object of a mesh. `data` of a ConfigMap counts as its spec. */
export function projectConfig(kind: string): (object: KubeObject) => ConfigView {
  return (object) => ({
    ...base(object),
    kind,
    namespace: object.metadata.namespace ?? '',
    labels: object.metadata.labels ?? {},
    annotations: object.metadata.annotations ?? {},
    spec: record(object['spec'] ?? object['data']),
    status: record(object['status']),
  });
}

