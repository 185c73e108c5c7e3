import { enqueueChanges, ownerKey, startQueue, type ControllerContext } from './controller.ts';
import { controllerRevisions, pods, statefulSets } from './kinds.ts';
import { indexByOwner, type OwnerIndex } from './owner-index.ts';
import type { Pod } from './pod-types.ts';
import { isAvailable, isFinished, isTerminating, nextAvailability } from './pods.ts';
import { deleteHistory, revisionFor } from './revisions.ts';
import {
  isRunningAndReady,
  isUnavailable,
  newPod,
  partition,
  podRevision,
  type Replica,
  type Revisions,
} from './stateful-set-pods.ts';
import { getByKey, updateStatus } from './typed-api.ts';
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from './workload-types.ts';

const manager = 'kube-controller-manager';

interface Indexes {
  readonly pods: OwnerIndex<Pod>;
  readonly revisions: OwnerIndex<ControllerRevision>;
}

/**
 * The StatefulSet controller (pkg/controller/statefulset of Kubernetes 1.36, feature MaxUnavailableStatefulSet off as
 * by default), without volume claims. As upstream, with OrderedReady a pod that does not become ready stops everything,
 * also a return to the template that worked: somebody must delete that pod ("forced rollback" in the Kubernetes
 * documentation).
 */
export function startStatefulSetController(context: ControllerContext): void {
  const queue = startQueue(context, (key) => reconcile(context, indexes, key));
  const ownedPods = indexByOwner(context.api, pods, context.signal, (pod) => {
    const key = ownerKey(statefulSets, pod);
    if (key !== undefined) queue.add(key);
  });
  const indexes = {
    pods: ownedPods,
    revisions: indexByOwner(context.api, controllerRevisions, context.signal, () => undefined),
  };
  enqueueChanges(context, statefulSets, queue);
}

function reconcile(context: ControllerContext, indexes: Indexes, key: string): number | undefined {
  const { api, clock } = context;
  const set = getByKey(api, statefulSets, key);
  if (set === undefined) return undefined;
  const update = revisionFor(api, statefulSets, set, indexes.revisions.ownedBy(set));
  const existing = indexes.revisions.ownedBy(set);
  const current = existing.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  const revisions = { current, update };
  try {
    if (set.metadata.deletionTimestamp === undefined) advance(context, set, revisions, indexes.pods.ownedBy(set));
  } finally {
    updateStatus(api, statefulSets, set, manager, statusOf(set, revisions, indexes.pods.ownedBy(set), clock.now()));
  }
  const owned = indexes.pods.ownedBy(set);
  const live = new Set([current.metadata.name, update.metadata.name, ...owned.map(podRevision)]);
  deleteHistory(api, existing, set.spec.revisionHistoryLimit, live);
  return nextAvailability(owned, set.spec.minReadySeconds ?? 0, clock.now());
}

/**
 * One round of updateStatefulSet: fill the places, then scale down, then update. Each stage starts only when the one
 * before has nothing to wait for.
 */
function advance(context: ControllerContext, set: StatefulSet, revisions: Revisions, owned: readonly Pod[]): void {
  const { replicas, condemned } = partition(set, owned);
  const ordered = set.spec.podManagementPolicy === 'OrderedReady';
  for (const replica of replicas) {
    const settled = fillPlace(context, set, revisions, replica);
    if (ordered && !settled) return;
  }
  const now = context.clock.now();
  const minReady = set.spec.minReadySeconds ?? 0;
  const firstUnavailable = [...replicas.map(({ pod }) => pod), ...condemned.toReversed()].find((pod) =>
    isUnavailable(pod, minReady, now),
  );
  for (const pod of condemned) {
    const blocked = isTerminating(pod) || (isUnavailable(pod, minReady, now) && pod !== firstUnavailable);
    if (!isTerminating(pod) && !(ordered && blocked)) remove(context, pod);
    if (ordered) return;
  }
  if (set.spec.updateStrategy.type === 'RollingUpdate') updateNext(context, set, revisions, replicas);
}

/**
 * Creates the pod of a place, or replaces one that has ended; says whether the place is held by an available pod
 * (processReplica).
 */
function fillPlace(
  context: ControllerContext,
  set: StatefulSet,
  revisions: Revisions,
  { ordinal, pod }: Replica,
): boolean {
  if (pod === undefined) {
    context.api.create(pods, newPod(set, revisions, ordinal), { manager });
    return false;
  }
  if (isFinished(pod)) {
    if (!isTerminating(pod)) remove(context, pod);
    return false;
  }
  return isRunningAndReady(pod) && !isUnavailable(pod, set.spec.minReadySeconds ?? 0, context.clock.now());
}

/**
 * From the highest ordinal down to the partition: deletes the first pod of another revision, unless one above it is not
 * available yet.
 */
function updateNext(
  context: ControllerContext,
  set: StatefulSet,
  { update }: Revisions,
  replicas: readonly Replica[],
): void {
  const lowest = set.spec.updateStrategy.rollingUpdate?.partition ?? 0;
  const now = context.clock.now();
  for (const { pod } of replicas.slice(lowest).toReversed()) {
    if (pod !== undefined && podRevision(pod) !== update.metadata.name && !isTerminating(pod)) {
      remove(context, pod);
      return;
    }
    if (isUnavailable(pod, set.spec.minReadySeconds ?? 0, now)) return;
  }
}

function remove({ api }: ControllerContext, { metadata }: Pod): void {
  api.delete(pods, metadata.namespace, metadata.name, metadata.uid === undefined ? {} : { uid: metadata.uid });
}

function statusOf(
  set: StatefulSet,
  { current, update }: Revisions,
  owned: readonly Pod[],
  now: number,
): StatefulSetStatus {
  const made = owned.filter((pod) => !isTerminating(pod));
  const ready = owned.filter(isRunningAndReady);
  const replicas = owned.length;
  const updatedReplicas = made.filter((pod) => podRevision(pod) === update.metadata.name).length;
  const wanted = set.spec.replicas;
  const complete =
    set.spec.updateStrategy.type === 'RollingUpdate' &&
    updatedReplicas === wanted &&
    ready.length === wanted &&
    replicas === wanted;
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length,
    currentReplicas: complete
      ? updatedReplicas
      : made.filter((pod) => podRevision(pod) === current.metadata.name).length,
    updatedReplicas,
    currentRevision: complete ? update.metadata.name : current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: 0,
  };
}
