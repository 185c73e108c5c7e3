import { startQueue, watchKind, type ControllerContext } from './controller.ts';
import { nodes, pods } from './kinds.ts';
import { awaitsNetwork } from './node-agent.ts';
import { drainsForMs, endedStatus, nextChange, statusAt } from './pod-lifecycle.ts';
import type { Pod } from './pod-types.ts';
import { isFinished, isTerminating } from './pods.ts';
import { getByKey, keyOf, updateStatus } from './typed-api.ts';

const manager = 'kubelet';
/** How long containers take to end after SIGTERM; a shorter grace period is kept. */
const stopMs = 500;

/** What a kubelet remembers of its pods, by uid, in milliseconds of the monotonic clock. */
interface Memory {
  readonly bound: Map<string, number>;
  readonly stopping: Map<string, number>;
  addresses: number;
}

/**
 * The kubelets of all nodes: start bound pods as their `podBehaviour` annotations say, stop deleted ones gracefully and
 * remove them. A pod that is being deleted is not ready any more, but for one that drains.
 */
export function startKubelet(context: ControllerContext): void {
  const memory: Memory = { bound: new Map(), stopping: new Map(), addresses: 0 };
  const queue = startQueue(context, (key) => sync(context, memory, key));
  watchKind(context, pods, (pod, deleted) => {
    if (deleted) forget(memory, pod);
    else if (pod.spec.nodeName !== undefined) queue.add(keyOf(pod));
  });
}

function forget(memory: Memory, { metadata: { uid = '' } }: Pod): void {
  memory.bound.delete(uid);
  memory.stopping.delete(uid);
}

function sync(context: ControllerContext, memory: Memory, key: string): number | undefined {
  const { api, clock } = context;
  const pod = getByKey(api, pods, key);
  if (pod?.spec.nodeName === undefined) return undefined;
  if (awaitsNetwork(api, pod) && !isTerminating(pod)) return undefined;
  if (!isFinished(pod)) run(context, memory, pod);
  if (isTerminating(pod)) return stop(context, memory, pod);
  return nextChange(pod, ageOf(memory, pod, clock.monotonic()));
}

function run({ api, clock }: ControllerContext, memory: Memory, pod: Pod): void {
  const node = getByKey(api, nodes, `/${pod.spec.nodeName ?? ''}`);
  const hostIP = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
  const podIP = pod.spec.hostNetwork === true ? hostIP : (pod.status?.podIP ?? nextAddress(memory));
  const age = ageOf(memory, pod, clock.monotonic());
  updateStatus(api, pods, pod, manager, statusAt(pod, { age, now: clock.now(), hostIP, podIP }));
}

/** Removes the pod when its time to stop is over; says how much is left otherwise. */
function stop({ api, clock }: ControllerContext, memory: Memory, pod: Pod): number | undefined {
  const {
    uid = '',
    namespace,
    name,
    deletionGracePeriodSeconds: grace = 0,
  } = pod.metadata as Pod['metadata'] & { deletionGracePeriodSeconds?: number };
  if (grace === 0) return undefined;
  const now = clock.monotonic();
  const since = memory.stopping.get(uid) ?? now;
  memory.stopping.set(uid, since);
  const left = since + Math.min(drainsForMs(pod) ?? stopMs, grace * 1000) - now;
  if (left > 0) return left;
  if (!isFinished(pod) && (pod.metadata.finalizers ?? []).length > 0)
    updateStatus(api, pods, pod, manager, endedStatus(pod, clock.now()));
  api.delete(pods, namespace, name, { uid, gracePeriodSeconds: 0 });
  return undefined;
}

function ageOf(memory: Memory, { metadata: { uid = '' } }: Pod, now: number): number {
  const bound = memory.bound.get(uid) ?? now;
  memory.bound.set(uid, bound);
  return now - bound;
}

function nextAddress(memory: Memory): string {
  memory.addresses += 1;
  const n = memory.addresses;
  return `10.${String(128 + (n >> 16))}.${String((n >> 8) & 255)}.${String(n & 255)}`;
}
