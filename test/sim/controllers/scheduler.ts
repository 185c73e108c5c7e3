import { startQueue, watchKind, type ControllerContext } from './controller.ts';
import { nodes, pods } from './kinds.ts';
import { fitsNode } from './node-fit.ts';
import type { Node, Pod } from './pod-types.ts';
import { conditionOf, isFinished, withCondition } from './pods.ts';
import { getByKey, keyOf, listOf, modify } from './typed-api.ts';

const manager = 'kube-scheduler';

/** The uids of the pods on each node. */
type NodeUse = Map<string, Set<string>>;

/**
 * The scheduler: binds each pod to the fitting node that has the fewest. Resources and taints are not modelled, except
 * that a cordoned node takes only pods that are pinned to it (DaemonSets tolerate the cordon).
 */
export function startScheduler(context: ControllerContext): void {
  const used: NodeUse = new Map();
  const queue = startQueue(context, (key) => {
    schedule(context, used, key);
    return undefined;
  });
  watchKind(context, pods, (pod, deleted) => {
    count(used, pod, deleted || isFinished(pod));
    if (!deleted && awaitsNode(pod)) queue.add(keyOf(pod));
  });
  watchKind(context, nodes, () => {
    for (const pod of listOf(context.api, pods)) if (awaitsNode(pod)) queue.add(keyOf(pod));
  });
}

function count(used: NodeUse, { metadata: { uid = '' }, spec: { nodeName } }: Pod, gone: boolean): void {
  if (nodeName === undefined) return;
  const onNode = used.get(nodeName) ?? new Set();
  if (gone) onNode.delete(uid);
  else onNode.add(uid);
  used.set(nodeName, onNode);
}

function awaitsNode(pod: Pod): boolean {
  return pod.spec.nodeName === undefined && pod.metadata.deletionTimestamp === undefined;
}

function schedule(context: ControllerContext, used: NodeUse, key: string): void {
  const { api } = context;
  const pod = getByKey(api, pods, key);
  if (pod === undefined || !awaitsNode(pod)) return;
  const fitting = listOf(api, nodes).filter(
    (node) => fitsNode(pod.spec, node) && (node.spec?.unschedulable !== true || isDaemonPod(pod)),
  );
  const node = leastUsed(fitting, used);
  if (node === undefined) {
    reportUnschedulable(context, pod);
    return;
  }
  modify(api, pods, pod, { manager }, (current) => ({
    ...current,
    spec: { ...current.spec, nodeName: node.metadata.name },
  }));
}

function isDaemonPod(pod: Pod): boolean {
  return pod.metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') ?? false;
}

function leastUsed(candidates: readonly Node[], used: NodeUse): Node | undefined {
  return [...candidates].sort(
    (a, b) => (used.get(a.metadata.name)?.size ?? 0) - (used.get(b.metadata.name)?.size ?? 0),
  )[0];
}

function reportUnschedulable({ api, clock }: ControllerContext, pod: Pod): void {
  if (conditionOf(pod.status?.conditions, 'PodScheduled')?.status === 'False') return;
  const message = '0 nodes are available.';
  modify(api, pods, pod, { manager, subresource: 'status' }, (current) => ({
    ...current,
    status: {
      ...current.status,
      conditions: withCondition(
        current.status?.conditions,
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
        clock.now(),
      ),
    },
  }));
}
