import type { KubeObject, Resource } from '../../../src/api/object.ts';
import { SimStatusError, type SimApi } from '../sim-api.ts';
import { enqueueChanges, startQueue, watchKind, type ControllerContext } from './controller.ts';
import { pods, resourceQuotas } from './kinds.ts';
import type { ResourceQuota } from './service-types.ts';
import { getByKey, keyOf, listOf, updateStatus } from './typed-api.ts';

const manager = 'kube-controller-manager';
const finished: readonly (string | undefined)[] = ['Succeeded', 'Failed'];

/**
 * Counts the pods of a namespace for its quotas, as the resource quota controller does (pkg/controller/resourcequota):
 * those on their way out too. Of other resources nothing counts as used. Admission refuses what is beyond a count of
 * objects (`count/PLURAL.GROUP`), and no pods.
 */
export function startResourceQuotaController(context: ControllerContext): void {
  const { api } = context;
  api.addMutatingAdmission((resource, object) => {
    for (const quota of listOf(api, resourceQuotas, object.metadata.namespace)) admit(api, quota, resource, object);
    return object;
  });
  const queue = startQueue(context, (key) => {
    reconcile(context, key);
    return undefined;
  });
  enqueueChanges(context, resourceQuotas, queue);
  watchKind(context, pods, ({ metadata }) => {
    for (const quota of listOf(api, resourceQuotas, metadata.namespace)) queue.add(keyOf(quota));
  });
}

function reconcile({ api }: ControllerContext, key: string): void {
  const quota = getByKey(api, resourceQuotas, key);
  if (quota === undefined) return;
  const { hard } = quota.spec;
  const running = listOf(api, pods, quota.metadata.namespace).filter(({ status }) => !finished.includes(status?.phase));
  const used = Object.fromEntries(
    Object.keys(hard).map((counted) => [counted, counted === 'pods' ? String(running.length) : '0']),
  );
  updateStatus(api, resourceQuotas, quota, manager, { hard, used });
}

/** In the words of the quota admission plugin (apiserver: pkg/admission/plugin/resourcequota). */
function admit(
  api: SimApi,
  { metadata, spec }: ResourceQuota,
  resource: Resource,
  { metadata: { name, namespace } }: KubeObject,
): void {
  const [of, counted] = [`${resource.plural}.${resource.group}`, `count/${resource.plural}.${resource.group}`];
  const limit = spec.hard[counted];
  if (limit === undefined) return;
  const used = api.list(resource, namespace).length;
  if (used < Number(limit)) return;
  throw new SimStatusError(
    403,
    'Forbidden',
    `${of} "${name}" is forbidden: exceeded quota: ${metadata.name}, requested: ${counted}=1, used: ${counted}=${used}, limited: ${counted}=${limit}`,
  );
}
