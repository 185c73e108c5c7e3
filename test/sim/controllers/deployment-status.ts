import { timestamp } from '../../../src/base/clock.ts';
import type { Generations } from './deployment-replica-sets.ts';
import { boundsOf, totalSize } from './deployment-rollout.ts';
import type { Condition } from './pod-types.ts';
import { conditionOf } from './pods.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from './workload-types.ts';

type Counts = Required<Omit<DeploymentStatus, 'conditions'>>;
type Conditions = readonly Condition[];

/** Largest value: no deadline (deploymentutil.HasProgressDeadline). */
const noDeadline = 2 ** 31 - 1;

/** `spec.progressDeadlineSeconds`, unless it means none. */
export function progressDeadlineOf(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds === noDeadline ? undefined : seconds;
}

/** The condition with its times; like upstream, an unchanged status and reason leave the old condition as it was. */
export function setCondition(conditions: Conditions, next: Condition, now: number): Conditions {
  const current = conditionOf(conditions, next.type);
  if (current?.status === next.status && current.reason === next.reason) return conditions;
  return replaceCondition(conditions, next, now);
}

function replaceCondition(conditions: Conditions, next: Condition, now: number): Conditions {
  const current = conditionOf(conditions, next.type);
  const lastTransitionTime =
    current?.status === next.status ? (current.lastTransitionTime ?? timestamp(now)) : timestamp(now);
  const others = conditions.filter(({ type }) => type !== next.type);
  return [...others, { ...next, lastUpdateTime: timestamp(now), lastTransitionTime }];
}

/** The status of a Deployment after a sync; `conditions` are those that the sync has set so far. */
export function statusOf(
  deployment: Deployment,
  generations: Generations,
  conditions: Conditions,
  now: number,
): DeploymentStatus & { readonly conditions: Conditions } {
  const counts = countsOf(deployment, generations);
  const { maxUnavailable } = boundsOf(deployment);
  const enough = counts.availableReplicas >= deployment.spec.replicas - maxUnavailable;
  return { ...counts, conditions: setCondition(conditions, enough ? minimumAvailable : minimumUnavailable, now) };
}

/**
 * The same with progress estimated and failures of ReplicaSets passed on (syncRolloutStatus): for rollouts, not for
 * scaling or pauses.
 */
export function rolloutStatusOf(
  deployment: Deployment,
  generations: Generations,
  conditions: Conditions,
  now: number,
): DeploymentStatus {
  const next = statusOf(deployment, generations, conditions, now);
  const progressed = progress(deployment, next, conditions, generations.current, now);
  const failure = failureOf(generations);
  const others = progressed.filter(({ type }) => type !== 'ReplicaFailure');
  return { ...next, conditions: failure === undefined ? others : setCondition(progressed, failure, now) };
}

/** Whether every replica is updated and available (deploymentutil.DeploymentComplete). */
export function isComplete(deployment: Deployment, status: DeploymentStatus = {}): boolean {
  const { replicas } = deployment.spec;
  return (
    status.updatedReplicas === replicas &&
    status.replicas === replicas &&
    status.availableReplicas === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** When to look again whether the deadline has passed (requeueStuckDeployment); undefined when nothing is awaited. */
export function progressCheckAfter(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const deadline = progressDeadlineOf(deployment);
  const condition = conditionOf(status.conditions, 'Progressing');
  if (deadline === undefined || condition === undefined || isComplete(deployment, status)) return undefined;
  if (condition.reason === 'ProgressDeadlineExceeded' || condition.reason === 'NewReplicaSetAvailable')
    return undefined;
  return Math.max(Date.parse(condition.lastUpdateTime ?? '') + deadline * 1000 - now, 0) + 1000;
}

const minimumAvailable: Condition = {
  type: 'Available',
  status: 'True',
  reason: 'MinimumReplicasAvailable',
  message: 'Deployment has minimum availability.',
};
const minimumUnavailable: Condition = {
  type: 'Available',
  status: 'False',
  reason: 'MinimumReplicasUnavailable',
  message: 'Deployment does not have minimum availability.',
};

function countsOf(deployment: Deployment, { current, old }: Generations): Counts {
  const all = current === undefined ? old : [...old, current];
  const sum = (read: (set: ReplicaSet) => number | undefined): number =>
    all.reduce((total, set) => total + (read(set) ?? 0), 0);
  const availableReplicas = sum((set) => set.status?.availableReplicas);
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum((set) => set.status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum((set) => set.status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(totalSize(all) - availableReplicas, 0),
    terminatingReplicas: sum((set) => set.status?.terminatingReplicas),
  };
}

/** The conditions with Progressing brought up to date. `conditions` are those from before this status was counted. */
function progress(
  deployment: Deployment,
  next: DeploymentStatus & { readonly conditions: Conditions },
  conditions: Conditions,
  current: ReplicaSet | undefined,
  now: number,
): Conditions {
  const deadline = progressDeadlineOf(deployment);
  if (deadline === undefined) return next.conditions.filter(({ type }) => type !== 'Progressing');
  const before = conditionOf(conditions, 'Progressing');
  if (next.replicas === next.updatedReplicas && before?.reason === 'NewReplicaSetAvailable') return next.conditions;
  const subject =
    current === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${current.metadata.name}"`;
  if (isComplete(deployment, next)) {
    const message = `${subject} has successfully progressed.`;
    return setCondition(
      next.conditions,
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message },
      now,
    );
  }
  if (hasProgressed(deployment.status ?? {}, next)) {
    const message = `${subject} is progressing.`;
    return replaceCondition(
      next.conditions,
      { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message },
      now,
    );
  }
  if (hasTimedOut(before, deadline, now)) {
    const message = `${subject} has timed out progressing.`;
    return setCondition(
      next.conditions,
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message },
      now,
    );
  }
  return next.conditions;
}

/** More new pods, fewer old ones, or more that are ready or available (deploymentutil.DeploymentProgressing). */
function hasProgressed(before: DeploymentStatus, next: DeploymentStatus): boolean {
  const oldReplicas = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldReplicas(next) < oldReplicas(before) ||
    (next.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function hasTimedOut(condition: Condition | undefined, deadline: number, now: number): boolean {
  if (condition === undefined || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  return Date.parse(condition.lastUpdateTime ?? '') + deadline * 1000 < now;
}

function failureOf({ current, old }: Generations): Condition | undefined {
  return [current, ...old]
    .map((set) => conditionOf(set?.status?.conditions, 'ReplicaFailure'))
    .find((condition) => condition !== undefined);
}
