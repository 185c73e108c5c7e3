import { enqueueChanges, startQueue, watchKind, type ControllerContext } from './controller.ts';
import { pods, resourceQuotas } from './kinds.ts';
import { getByKey, keyOf, listOf, updateStatus } from './typed-api.ts';

const manager = 'kube-controller-manager';
const finished: readonly (string | undefined)[] = ['Succeeded', 'Failed'];

/**
 * Counts the pods of a namespace for its quotas, as the resource quota controller does (pkg/controller/resourcequota): those on
 * their way out too. Of other resources nothing counts as used, and nothing is refused, as admission would.
 */
export function startResourceQuotaController(context: ControllerContext): void {
  const { api } = context;
  const queue = startQueue(context, (key) => { reconcile(context, key); return undefined; });
  enqueueChanges(context, resourceQuotas, queue);
  watchKind(context, pods, ({ metadata }) => { for (const quota of listOf(api, resourceQuotas, metadata.namespace)) queue.add(keyOf(quota)); });
}

function reconcile({ api }: ControllerContext, key: string): void {
  const quota = getByKey(api, resourceQuotas, key);
  if (quota === undefined) return;
  const { hard } = quota.spec;
  const running = listOf(api, pods, quota.metadata.namespace).filter(({ status }) => !finished.includes(status?.phase));
  const used = Object.fromEntries(Object.keys(hard).map((counted) => [counted, counted === 'pods' ? String(running.length) : '0']));
  updateStatus(api, resourceQuotas, quota, manager, { hard, used });
}
