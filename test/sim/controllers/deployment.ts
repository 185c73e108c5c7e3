import {
  enqueueChanges,
  ownerKey,
  startQueue,
  watchKind,
  type ControllerContext,
  type WorkQueue,
} from './controller.ts';
import {
  currentAnnotations,
  desiredReplicasAnnotation,
  generationsOf,
  maxReplicasAnnotation,
  newReplicaSet,
  revisionAnnotation,
  revisionOf,
  type Generations,
} from './deployment-replica-sets.ts';
import {
  allowedNewSize,
  boundsOf,
  isScaling,
  proportionalSizes,
  rollingStep,
  type Resize,
} from './deployment-rollout.ts';
import {
  isComplete,
  progressCheckAfter,
  progressDeadlineOf,
  rolloutStatusOf,
  setCondition,
  statusOf,
} from './deployment-status.ts';
import { deployments, pods, replicaSets } from './kinds.ts';
import { indexByOwner, type OwnerIndex } from './owner-index.ts';
import type { Condition, Pod } from './pod-types.ts';
import { conditionOf, isFinished } from './pods.ts';
import { equal } from '../apiserver/json.ts';
import { controllerOf, getByKey, keyOf, listOf, modify, updateStatus } from './typed-api.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from './workload-types.ts';

const manager = 'kube-controller-manager';

interface Indexes {
  readonly sets: OwnerIndex<ReplicaSet>;
  readonly pods: OwnerIndex<Pod>;
}

/** One sync in progress: what it found and the conditions it has set. */
interface Sync extends Generations {
  readonly deployment: Deployment;
  readonly conditions: readonly Condition[];
}

/**
 * The Deployment controller (pkg/controller/deployment of Kubernetes 1.36), without the removed rollback field and hash
 * collisions.
 */
export function startDeploymentController(context: ControllerContext): void {
  const queue = startQueue(context, (key) => reconcile(context, indexes, key));
  const sets = indexByOwner(context.api, replicaSets, context.signal, (set) => {
    const key = ownerKey(deployments, set);
    if (key !== undefined) queue.add(key);
  });
  const indexes = { sets, pods: indexByOwner(context.api, pods, context.signal, () => undefined) };
  enqueueChanges(context, deployments, queue);
  watchKind(context, pods, (pod, deleted) => {
    if (deleted && controllerOf(pod)?.kind === replicaSets.kind) enqueueRecreations(context, pod, queue);
  });
}

/**
 * A Deployment that recreates waits for its old pods to be gone, which changes no ReplicaSet
 * (DeploymentController.deletePod).
 */
function enqueueRecreations({ api }: ControllerContext, { metadata: { namespace } }: Pod, queue: WorkQueue): void {
  for (const deployment of listOf(api, deployments, namespace))
    if (deployment.spec.strategy.type === 'Recreate') queue.add(keyOf(deployment));
}

function reconcile(context: ControllerContext, indexes: Indexes, key: string): number | undefined {
  const deployment = getByKey(context.api, deployments, key);
  if (deployment === undefined) return undefined;
  const generations = generationsOf(deployment, indexes.sets.ownedBy(deployment));
  const sync = { deployment, conditions: pauseConditions(context, deployment), ...generations };
  const now = context.clock.now();
  const status =
    deployment.metadata.deletionTimestamp !== undefined
      ? statusOf(deployment, generations, sync.conditions, now)
      : act(context, indexes, sync);
  updateStatus(context.api, deployments, deployment, manager, status);
  return progressCheckAfter(deployment, status, now);
}

function act(context: ControllerContext, indexes: Indexes, found: Sync): DeploymentStatus {
  const now = context.clock.now();
  const sync = syncRevision(context, found);
  if (sync.deployment.spec.paused === true || isScaling(sync.deployment, sync)) {
    const sized = resize(context, sync, proportionalSizes(sync.deployment, sync), 'always');
    if (sync.deployment.spec.paused === true) deleteHistory(context, sized);
    return statusOf(sized.deployment, sized, sized.conditions, now);
  }
  const rolled =
    sync.deployment.spec.strategy.type === 'Recreate' ? recreate(context, indexes, sync) : roll(context, sync);
  return rolloutStatusOf(rolled.deployment, rolled, rolled.conditions, now);
}

function roll(context: ControllerContext, found: Sync): Sync {
  const sync = ensureCurrent(context, found);
  const steps = sync.current === undefined ? [] : rollingStep(sync.deployment, sync.current, sync.old);
  return finish(context, resize(context, sync, steps, 'changed'), steps.length > 0);
}

/** All old pods are gone before the first new one starts (deployment/recreate.go). */
function recreate(context: ControllerContext, indexes: Indexes, sync: Sync): Sync {
  const down = sync.old.filter((set) => set.spec.replicas > 0).map((set) => ({ set, replicas: 0 }));
  if (down.length > 0) return resize(context, sync, down, 'changed');
  if (sync.old.some((set) => indexes.pods.ownedBy(set).some((pod) => !isFinished(pod)))) return sync;
  const ready = ensureCurrent(context, sync);
  const up = ready.current === undefined ? [] : [{ set: ready.current, replicas: ready.deployment.spec.replicas }];
  return finish(context, resize(context, ready, up, 'changed'), false);
}

function finish(context: ControllerContext, sync: Sync, busy: boolean): Sync {
  if (!busy && isComplete(sync.deployment, sync.deployment.status)) deleteHistory(context, sync);
  return sync;
}

/** A pause suspends the estimate of progress; its end starts the estimate anew (checkPausedConditions). */
function pauseConditions({ clock }: ControllerContext, deployment: Deployment): readonly Condition[] {
  const conditions = deployment.status?.conditions ?? [];
  const current = conditionOf(conditions, 'Progressing');
  const paused = deployment.spec.paused === true;
  const marked = current?.reason === 'DeploymentPaused';
  if (
    progressDeadlineOf(deployment) === undefined ||
    current?.reason === 'ProgressDeadlineExceeded' ||
    paused === marked
  )
    return conditions;
  const [reason, message] = paused
    ? ['DeploymentPaused', 'Deployment is paused']
    : ['DeploymentResumed', 'Deployment is resumed'];
  return setCondition(conditions, { type: 'Progressing', status: 'Unknown', reason, message }, clock.now());
}

/**
 * The current ReplicaSet, when there is one, gets the newest revision and the Deployment's annotations; the Deployment
 * gets that revision.
 */
function syncRevision(context: ControllerContext, sync: Sync): Sync {
  if (sync.current === undefined) return sync;
  const { deployment, old } = sync;
  const { minReadySeconds } = deployment.spec;
  const annotations = currentAnnotations(deployment, sync.current, old);
  const upToDate =
    equal(annotations, sync.current.metadata.annotations) && minReadySeconds === sync.current.spec.minReadySeconds;
  const current = upToDate
    ? sync.current
    : (modify(context.api, replicaSets, sync.current, { manager }, (set) => ({
        ...set,
        metadata: { ...set.metadata, annotations },
        spec: { ...set.spec, ...(minReadySeconds === undefined ? {} : { minReadySeconds }) },
      })) ?? sync.current);
  recordRevision(context, deployment, annotations[revisionAnnotation] ?? '1');
  return withProgressing(
    { ...sync, current },
    'FoundNewReplicaSet',
    `Found new replica set "${current.metadata.name}"`,
    context,
    'if-absent',
  );
}

/** Creates the ReplicaSet of the template if it does not exist. */
function ensureCurrent(context: ControllerContext, sync: Sync): Sync {
  if (sync.current !== undefined) return sync;
  const { deployment, old } = sync;
  const planned = newReplicaSet(deployment, old);
  const replicas = allowedNewSize(deployment, 0, old);
  const created = context.api.create(replicaSets, sized(deployment, planned, replicas), { manager }) as ReplicaSet;
  recordRevision(context, deployment, String(revisionOf(created)));
  return withProgressing(
    { ...sync, current: created },
    'NewReplicaSetCreated',
    `Created new replica set "${created.metadata.name}"`,
    context,
    'always',
  );
}

function withProgressing(
  sync: Sync,
  reason: string,
  message: string,
  { clock }: ControllerContext,
  when: 'always' | 'if-absent',
): Sync {
  if (progressDeadlineOf(sync.deployment) === undefined) return sync;
  if (when === 'if-absent' && conditionOf(sync.conditions, 'Progressing') !== undefined) return sync;
  return {
    ...sync,
    conditions: setCondition(sync.conditions, { type: 'Progressing', status: 'True', reason, message }, clock.now()),
  };
}

/** Through the status subresource, as upstream: that way the annotation does not count as a new generation. */
function recordRevision({ api }: ControllerContext, deployment: Deployment, revision: string): void {
  if (deployment.metadata.annotations?.[revisionAnnotation] === revision) return;
  modify(api, deployments, deployment, { manager, subresource: 'status' }, (current) => ({
    ...current,
    metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, [revisionAnnotation]: revision } },
  }));
}

/**
 * Writes new sizes; `always` also renews the annotations of ReplicaSets that keep their size, so that a scaling is seen
 * as done.
 */
function resize({ api }: ControllerContext, sync: Sync, sizes: readonly Resize[], when: 'always' | 'changed'): Sync {
  const updated = new Map<string | undefined, ReplicaSet>();
  for (const { set, replicas } of sizes) {
    if (when === 'changed' && set.spec.replicas === replicas) continue;
    const stored = modify(api, replicaSets, set, { manager }, (current) => sized(sync.deployment, current, replicas));
    if (stored !== undefined) updated.set(set.metadata.uid, stored);
  }
  const newest = <T extends ReplicaSet | undefined>(set: T): T | ReplicaSet => updated.get(set?.metadata.uid) ?? set;
  return { ...sync, current: newest(sync.current), old: sync.old.map(newest) };
}

function sized(deployment: Deployment, set: ReplicaSet, replicas: number): ReplicaSet {
  const desired = deployment.spec.replicas;
  return {
    ...set,
    metadata: {
      ...set.metadata,
      annotations: {
        ...set.metadata.annotations,
        [desiredReplicasAnnotation]: String(desired),
        [maxReplicasAnnotation]: String(desired + boundsOf(deployment).maxSurge),
      },
    },
    spec: { ...set.spec, replicas },
  };
}

/** Keeps as many empty old ReplicaSets as `spec.revisionHistoryLimit` says (cleanupDeployment). */
function deleteHistory({ api }: ControllerContext, { deployment, old }: Sync): void {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const excess = [...old].sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(old.length - limit, 0));
  for (const { metadata, spec, status } of excess) {
    const observed = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
    if (spec.replicas === 0 && (status?.replicas ?? 0) === 0 && observed)
      api.delete(replicaSets, metadata.namespace, metadata.name);
  }
}
