import { scaledValue } from './int-or-percent.ts';
import type { Generations } from './deployment-replica-sets.ts';
import { byCreation, desiredReplicasAnnotation, maxReplicasAnnotation } from './deployment-replica-sets.ts';
import type { Deployment, ReplicaSet } from './workload-types.ts';

/** The size that a ReplicaSet should get now. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** How far a rolling update may stray from `spec.replicas`. */
export interface Bounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/**
 * Percentages resolved: the surge rounds up, the unavailable down, and one of them is at least 1
 * (deploymentutil.ResolveFenceposts).
 */
export function boundsOf(deployment: Deployment): Bounds {
  const { replicas, strategy } = deployment.spec;
  const rolling = strategy.rollingUpdate;
  if (strategy.type !== 'RollingUpdate' || rolling === undefined) return { maxSurge: 0, maxUnavailable: 0 };
  const maxSurge = scaledValue(rolling.maxSurge, replicas, 'up');
  const maxUnavailable = Math.min(scaledValue(rolling.maxUnavailable, replicas, 'down'), replicas);
  return maxSurge === 0 && maxUnavailable === 0
    ? { maxSurge, maxUnavailable: Math.min(1, replicas) }
    : { maxSurge, maxUnavailable };
}

/** The sum of `spec.replicas`. */
export function totalSize(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + set.spec.replicas, 0);
}

/** How many replicas a new ReplicaSet may have beside the old ones (deploymentutil.NewRSNewReplicas). */
export function allowedNewSize(deployment: Deployment, current: number, old: readonly ReplicaSet[]): number {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type === 'Recreate') return replicas;
  const room = replicas + boundsOf(deployment).maxSurge - totalSize(old) - current;
  return room <= 0 ? current : current + Math.min(room, replicas - current);
}

/**
 * One step of a rolling update (deployment/rolling.go): the new ReplicaSet is scaled up first; only when it needs
 * nothing, old ones are scaled down, pods that do not serve anyway before pods that do.
 */
export function rollingStep(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly Resize[] {
  const { replicas } = deployment.spec;
  const size = current.spec.replicas;
  const wanted = size > replicas ? replicas : allowedNewSize(deployment, size, old);
  if (wanted !== size) return [{ set: current, replicas: wanted }];
  return scaleDownOld(
    deployment,
    current,
    old.filter((set) => set.spec.replicas > 0),
  );
}

function scaleDownOld(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): readonly Resize[] {
  const minAvailable = deployment.spec.replicas - boundsOf(deployment).maxUnavailable;
  const newUnavailable = current.spec.replicas - availableOf(current);
  const most = totalSize([...old, current]) - minAvailable - newUnavailable;
  if (totalSize(old) === 0 || most <= 0 || old.some(isStale)) return [];
  const sizes = new Map(old.map((set) => [set, set.spec.replicas]));
  takeAway(sizes, most, (set) => Math.max(set.spec.replicas - availableOf(set), 0));
  const available = [...old, current].reduce((sum, set) => sum + availableOf(set), 0);
  takeAway(sizes, Math.max(available - minAvailable, 0), (set) => sizes.get(set) ?? 0);
  return [...sizes].filter(([set, size]) => size !== set.spec.replicas).map(([set, size]) => ({ set, replicas: size }));
}

/**
 * A status from before the last scale-down, with more available pods than asked for. Upstream computes a growing size
 * for it, refuses with "got invalid request to scale down", and so never counts pods as available that are already
 * doomed.
 */
function isStale(set: ReplicaSet): boolean {
  return availableOf(set) > set.spec.replicas;
}

/** Takes `count` in all from the sizes, oldest first, from each at most what `limit` allows. */
function takeAway(sizes: Map<ReplicaSet, number>, count: number, limit: (set: ReplicaSet) => number): void {
  let left = count;
  for (const [set, size] of sizes) {
    const taken = Math.min(left, limit(set), size);
    sizes.set(set, size - taken);
    left -= taken;
  }
}

/** Whether `spec.replicas` changed since the active ReplicaSets were sized (isScalingEvent). */
export function isScaling(deployment: Deployment, { current, old }: Generations): boolean {
  return active(current, old).some((set) => {
    const desired = set.metadata.annotations?.[desiredReplicasAnnotation];
    return desired !== undefined && Number(desired) !== deployment.spec.replicas;
  });
}

/**
 * The sizes after `spec.replicas` changed or while paused: in proportion, so that a rollout is not hastened
 * (DeploymentController.scale).
 */
export function proportionalSizes(deployment: Deployment, { current, old }: Generations): readonly Resize[] {
  const { replicas, strategy } = deployment.spec;
  const sets = active(current, old);
  const only = sets.length === 1 ? sets[0] : (current ?? old.at(-1));
  if (sets.length <= 1) return only === undefined ? [] : [{ set: only, replicas }];
  if (current !== undefined && isSaturated(deployment, current)) {
    return old.filter((set) => set.spec.replicas > 0).map((set) => ({ set, replicas: 0 }));
  }
  if (strategy.type !== 'RollingUpdate') return [];
  const allowed = replicas > 0 ? replicas + boundsOf(deployment).maxSurge : 0;
  return distribute(deployment, sets, allowed - totalSize(sets));
}

function distribute(deployment: Deployment, sets: readonly ReplicaSet[], toAdd: number): readonly Resize[] {
  if (toAdd === 0) return sets.map((set) => ({ set, replicas: set.spec.replicas }));
  const older = toAdd < 0 ? 1 : -1;
  const bySize = [...sets].sort((a, b) => b.spec.replicas - a.spec.replicas || older * byCreation(a, b));
  let added = 0;
  const sizes = bySize.map((set) => {
    const left = toAdd - added;
    const share = toAdd > 0 ? Math.min(fraction(deployment, set), left) : Math.max(fraction(deployment, set), left);
    added += share;
    return { set, replicas: set.spec.replicas + share };
  });
  return sizes.map((size, index) =>
    index === 0 ? { ...size, replicas: Math.max(0, size.replicas + toAdd - added) } : size,
  );
}

/** How much a ReplicaSet grows when the whole grows to its new size (getReplicaSetFraction). */
function fraction(deployment: Deployment, set: ReplicaSet): number {
  const { replicas } = deployment.spec;
  if (replicas === 0) return -set.spec.replicas;
  const before = Number(set.metadata.annotations?.[maxReplicasAnnotation] ?? 0) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((set.spec.replicas * (replicas + boundsOf(deployment).maxSurge)) / before) - set.spec.replicas;
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const { replicas } = deployment.spec;
  return (
    set.spec.replicas === replicas &&
    availableOf(set) === replicas &&
    set.metadata.annotations?.[desiredReplicasAnnotation] === String(replicas)
  );
}

function active(current: ReplicaSet | undefined, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return [...old, ...(current === undefined ? [] : [current])].filter((set) => set.spec.replicas > 0);
}

function availableOf(set: ReplicaSet): number {
  return set.status?.availableReplicas ?? 0;
}
