import { enqueueChanges, ownerKey, startQueue, watchKind, type ControllerContext } from './controller.ts';
import { hasHash, maxSurgeOf, updateStep, type NodePods } from './daemon-set-update.ts';
import { controllerRevisions, daemonSets, nodes, pods } from './kinds.ts';
import { fitsNode, pinnedNode, pinnedTo } from './node-fit.ts';
import { indexByOwner, type OwnerIndex } from './owner-index.ts';
import { nameSuffix, podFromTemplate, withTemplateLabel } from './pod-template.ts';
import type { Node, Pod } from './pod-types.ts';
import { byAge, isAvailable, isFinished, isReady, isTerminating, nextAvailability } from './pods.ts';
import { deleteHistory, revisionFor, revisionHashLabel } from './revisions.ts';
import { getByKey, keyOf, listOf, updateStatus } from './typed-api.ts';
import type { ControllerRevision, DaemonSet } from './workload-types.ts';

const manager = 'kube-controller-manager';

interface Indexes {
  readonly pods: OwnerIndex<Pod>;
  readonly revisions: OwnerIndex<ControllerRevision>;
}

/**
 * The DaemonSet controller (pkg/controller/daemon of Kubernetes 1.36). Taints are not modelled: a node fits by its
 * labels.
 */
export function startDaemonSetController(context: ControllerContext): void {
  const { api, signal } = context;
  const queue = startQueue(context, (key) => reconcile(context, indexes, key));
  const ownedPods = indexByOwner(api, pods, signal, (pod) => {
    const key = ownerKey(daemonSets, pod);
    if (key !== undefined) queue.add(key);
  });
  const indexes = { pods: ownedPods, revisions: indexByOwner(api, controllerRevisions, signal, () => undefined) };
  enqueueChanges(context, daemonSets, queue);
  watchKind(context, nodes, () => {
    for (const set of listOf(api, daemonSets)) queue.add(keyOf(set));
  });
}

function reconcile(context: ControllerContext, indexes: Indexes, key: string): number | undefined {
  const { api, clock } = context;
  const set = getByKey(api, daemonSets, key);
  if (set?.metadata.deletionTimestamp !== undefined || set === undefined) return undefined;
  const revision = revisionFor(api, daemonSets, set, indexes.revisions.ownedBy(set));
  const hash = revision.metadata.labels?.[revisionHashLabel] ?? '';
  const eligible = listOf(api, nodes).filter((node) => fitsNode(set.spec.template.spec, node));
  const podsOf = (): NodePods => byNode(eligible, indexes.pods.ownedBy(set));
  try {
    manage(context, set, hash, eligible, podsOf());
    if (set.spec.updateStrategy.type === 'RollingUpdate') update(context, set, hash, eligible, podsOf());
  } finally {
    updateStatus(api, daemonSets, set, manager, statusOf(set, hash, eligible, indexes.pods.ownedBy(set), clock.now()));
  }
  const owned = indexes.pods.ownedBy(set);
  const live = new Set([
    revision.metadata.name,
    ...owned.map((pod) => `${set.metadata.name}-${pod.metadata.labels?.[revisionHashLabel] ?? ''}`),
  ]);
  deleteHistory(api, indexes.revisions.ownedBy(set), set.spec.revisionHistoryLimit, live);
  return nextAvailability(owned, set.spec.minReadySeconds ?? 0, clock.now());
}

/** One pod on every node that should have one and none elsewhere (podsShouldBeOnNode). */
function manage(
  context: ControllerContext,
  set: DaemonSet,
  hash: string,
  eligible: readonly Node[],
  nodePods: NodePods,
): void {
  const wanted = new Map(eligible.map((node) => [node.metadata.name, node]));
  const surges = maxSurgeOf(set, eligible.length) > 0;
  for (const [name, all] of nodePods) {
    const alive = all.filter((pod) => !isTerminating(pod));
    const node = wanted.get(name);
    const running = alive.filter((pod) => !isFinished(pod));
    for (const pod of node === undefined ? alive : alive.filter(isFinished)) remove(context, pod);
    if (node === undefined) continue;
    // Without a surge the pod that still terminates keeps its place: its successor waits for it.
    if (all.length === 0 || (surges && alive.length === 0)) create(context, set, hash, node);
    for (const pod of surges ? surplusWhileSurging(set, hash, running, context.clock.now()) : running.slice(1))
      remove(context, pod);
  }
}

/**
 * With a surge two pods may share a node, but only one of each template, and the outdated one only while it serves and
 * the new one does not.
 */
function surplusWhileSurging(set: DaemonSet, hash: string, running: readonly Pod[], now: number): readonly Pod[] {
  const updated = running.filter((pod) => hasHash(pod, hash));
  const [old, ...others] = running.filter((pod) => !hasHash(pod, hash));
  const surplus = [...updated.slice(1), ...others];
  const [fresh] = updated;
  if (old === undefined || fresh === undefined) return surplus;
  return !isReady(old) || isAvailable(fresh, set.spec.minReadySeconds ?? 0, now) ? [...surplus, old] : surplus;
}

function update(
  context: ControllerContext,
  set: DaemonSet,
  hash: string,
  eligible: readonly Node[],
  nodePods: NodePods,
): void {
  const step = updateStep(set, nodePods, eligible.length, hash, context.clock.now());
  for (const pod of step.remove) remove(context, pod);
  for (const node of eligible) if (step.surge.includes(node.metadata.name)) create(context, set, hash, node);
}

function create({ api, random }: ControllerContext, set: DaemonSet, hash: string, node: Node): void {
  const template = withTemplateLabel(set.spec.template, revisionHashLabel, hash);
  const pod = podFromTemplate(template, daemonSets, set, `${set.metadata.name}-${nameSuffix(random)}`);
  api.create(pods, { ...pod, spec: pinnedTo(pod.spec, node) }, { manager });
}

function remove({ api }: ControllerContext, { metadata }: Pod): void {
  api.delete(pods, metadata.namespace, metadata.name, metadata.uid === undefined ? {} : { uid: metadata.uid });
}

function byNode(eligible: readonly Node[], owned: readonly Pod[]): NodePods {
  const found = new Map<string, Pod[]>(eligible.map((node) => [node.metadata.name, []]));
  for (const pod of [...owned].sort(byAge)) {
    const node = pod.spec.nodeName ?? pinnedNode(pod.spec) ?? '';
    found.set(node, [...(found.get(node) ?? []), pod]);
  }
  return found;
}

function statusOf(
  set: DaemonSet,
  hash: string,
  eligible: readonly Node[],
  owned: readonly Pod[],
  now: number,
): NonNullable<DaemonSet['status']> {
  const nodePods = byNode(eligible, owned);
  const oldest = eligible.map((node) => nodePods.get(node.metadata.name)?.[0]).filter((pod) => pod !== undefined);
  const available = oldest.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length;
  const expected = new Set(eligible.map((node) => node.metadata.name));
  return {
    observedGeneration: set.metadata.generation ?? 0,
    desiredNumberScheduled: eligible.length,
    currentNumberScheduled: oldest.length,
    numberMisscheduled: [...nodePods.keys()].filter((node) => !expected.has(node)).length,
    numberReady: oldest.filter(isReady).length,
    numberAvailable: available,
    numberUnavailable: eligible.length - available,
    updatedNumberScheduled: oldest.filter((pod) => hasHash(pod, hash)).length,
  };
}
