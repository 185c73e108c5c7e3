import { apiVersionOf, type Resource } from '../../../src/api/object.ts';
import { builtinTable } from '../apiserver/builtin-table.ts';
import { asObject, asString } from '../apiserver/json.ts';
import type { SimApi } from '../sim-api.ts';
import { startQueue, watchKind, type ControllerContext } from './controller.ts';
import { configMaps, customResourceDefinitions, namespaces, serviceAccounts, type Kind } from './kinds.ts';
import type { Namespace } from './pod-types.ts';
import { withCondition } from './pods.ts';
import { getByKey, listOf, modify } from './typed-api.ts';
import type { KubeObject } from '../../../src/api/object.ts';

const manager = 'kube-controller-manager';
/** How often a namespace that still has content is looked at again. */
const retryMs = 500;

/**
 * The namespace controller together with those that furnish a new namespace (service account, root CA publisher).
 * Deleting a namespace deletes everything in it; it goes when nothing is left, so an object with a finalizer holds it.
 */
export function startNamespaceController(context: ControllerContext): void {
  const queue = startQueue(context, (key) => reconcile(context, key));
  watchKind(context, namespaces, ({ metadata }) => {
    queue.add(`/${metadata.name}`);
  });
}

function reconcile(context: ControllerContext, key: string): number | undefined {
  const namespace = getByKey(context.api, namespaces, key);
  if (namespace === undefined) return undefined;
  if (namespace.metadata.deletionTimestamp === undefined) {
    furnish(context.api, namespace.metadata.name);
    return undefined;
  }
  const remaining = deleteContent(context.api, namespace.metadata.name);
  if (remaining.length > 0) {
    reportContent(context, namespace, remaining);
    return retryMs;
  }
  modify(context.api, namespaces, namespace, { manager, subresource: 'finalize' }, (current) => ({
    ...current,
    spec: { ...current.spec, finalizers: [] },
  }));
  return undefined;
}

function furnish(api: SimApi, namespace: string): void {
  const ensure = (kind: Kind<KubeObject>, name: string, content: Readonly<Record<string, unknown>>): void => {
    if (api.get(kind, namespace, name) !== undefined) return;
    api.create(
      kind,
      { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, namespace }, ...content },
      { manager },
    );
  };
  ensure(serviceAccounts, 'default', {});
  ensure(configMaps, 'kube-root-ca.crt', { data: { 'ca.crt': 'simulated' } });
}

/** Deletes what is left and returns the resources of which something still is there. */
function deleteContent(api: SimApi, namespace: string): readonly Resource[] {
  return namespacedResources(api).filter((resource) => {
    for (const { metadata } of api.list(resource, namespace)) {
      if (metadata.deletionTimestamp === undefined)
        api.delete(resource, namespace, metadata.name, { propagationPolicy: 'Background' });
    }
    return api.list(resource, namespace).length > 0;
  });
}

function namespacedResources(api: SimApi): readonly Resource[] {
  const builtin = builtinTable
    .filter(({ clusterScoped, storedAs }) => clusterScoped !== true && storedAs === undefined)
    .map(({ group, version, kind, plural }) => ({ group, version, kind, plural, namespaced: true }));
  const custom = listOf(api, customResourceDefinitions).map((definition) => {
    const spec = asObject(definition['spec']);
    return api.resourceFor(asString(spec['group']), asString(asObject(spec['names'])['kind']));
  });
  return [...builtin, ...custom.filter((resource) => resource?.namespaced === true)].filter(
    (resource) => resource !== undefined,
  );
}

function reportContent({ api, clock }: ControllerContext, namespace: Namespace, remaining: readonly Resource[]): void {
  const names = remaining.map(({ group, plural }) => (group === '' ? plural : `${plural}.${group}`)).join(', ');
  const condition = {
    type: 'NamespaceContentRemaining',
    status: 'True',
    reason: 'SomeResourcesRemain',
    message: `Some resources are remaining: ${names}`,
  } as const;
  modify(api, namespaces, namespace, { manager, subresource: 'status' }, (current) => ({
    ...current,
    status: { ...current.status, conditions: withCondition(current.status?.conditions, condition, clock.now()) },
  }));
}
