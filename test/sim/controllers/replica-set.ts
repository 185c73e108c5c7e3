import { SimStatusError } from '../sim-api.ts';
import { enqueueChanges, ownerKey, startQueue, type ControllerContext, type WorkQueue } from './controller.ts';
import { pods, replicaSets } from './kinds.ts';
import { indexByOwner, type OwnerIndex } from './owner-index.ts';
import { nameSuffix, podFromTemplate } from './pod-template.ts';
import type { Condition, Pod } from './pod-types.ts';
import {
  byDeletionPreference,
  isActive,
  isAvailable,
  isReady,
  isTerminating,
  nextAvailability,
  withCondition,
} from './pods.ts';
import { getByKey, updateStatus } from './typed-api.ts';
import type { ReplicaSet } from './workload-types.ts';

const manager = 'kube-controller-manager';

/**
 * The ReplicaSet controller (pkg/controller/replicaset of Kubernetes 1.36): as many active pods as asked for. It owns
 * pods by owner reference only: adopting and releasing pods by label is not modelled.
 */
export function startReplicaSetController(context: ControllerContext): void {
  const queue: WorkQueue = startQueue(context, (key) => reconcile(context, index, key));
  const index = indexByOwner(context.api, pods, context.signal, (pod) => {
    const key = ownerKey(replicaSets, pod);
    if (key !== undefined) queue.add(key);
  });
  enqueueChanges(context, replicaSets, queue);
}

function reconcile(context: ControllerContext, index: OwnerIndex<Pod>, key: string): number | undefined {
  const { api, clock } = context;
  const set = getByKey(api, replicaSets, key);
  if (set === undefined) return undefined;
  const failure =
    set.metadata.deletionTimestamp === undefined
      ? adjust(context, set, index.ownedBy(set).filter(isActive))
      : undefined;
  const owned = index.ownedBy(set);
  updateStatus(api, replicaSets, set, manager, statusOf(set, owned, failure, clock.now()));
  if (failure !== undefined) throw failure;
  return nextAvailability(owned.filter(isActive), set.spec.minReadySeconds ?? 0, clock.now());
}

/** Creates or deletes pods; returns the refusal that stopped it, as upstream's slow start does at the first one. */
function adjust(
  { api, random }: ControllerContext,
  set: ReplicaSet,
  active: readonly Pod[],
): SimStatusError | undefined {
  const excess = active.length - set.spec.replicas;
  const namespace = set.metadata.namespace;
  try {
    for (let missing = -excess; missing > 0; missing -= 1) {
      api.create(
        pods,
        podFromTemplate(set.spec.template, replicaSets, set, `${set.metadata.name}-${nameSuffix(random)}`),
        { manager },
      );
    }
    const doomed = [...active].sort(byDeletionPreference(active)).slice(0, Math.max(excess, 0));
    for (const pod of doomed) api.delete(pods, namespace, pod.metadata.name);
  } catch (error) {
    if (error instanceof SimStatusError) return error;
    throw error;
  }
  return undefined;
}

function statusOf(
  set: ReplicaSet,
  owned: readonly Pod[],
  failure: SimStatusError | undefined,
  now: number,
): NonNullable<ReplicaSet['status']> {
  const active = owned.filter(isActive);
  const minReady = set.spec.minReadySeconds ?? 0;
  const conditions = failureConditions(
    set,
    failure,
    active.length < set.spec.replicas ? 'FailedCreate' : 'FailedDelete',
    now,
  );
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, minReady, now)).length,
    terminatingReplicas: owned.filter(isTerminating).length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** The first refusal stays in the condition until a sync succeeds, as in upstream's calculateStatus. */
function failureConditions(
  set: ReplicaSet,
  failure: SimStatusError | undefined,
  reason: string,
  now: number,
): readonly Condition[] {
  const present = set.status?.conditions ?? [];
  if (failure === undefined) return present.filter(({ type }) => type !== 'ReplicaFailure');
  if (present.some(({ type }) => type === 'ReplicaFailure')) return present;
  return withCondition(present, { type: 'ReplicaFailure', status: 'True', reason, message: failure.message }, now);
}
