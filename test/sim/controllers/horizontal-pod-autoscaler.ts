import { startQueue, watchKind, type ControllerContext } from './controller.ts';
import { deployments, horizontalPodAutoscalers } from './kinds.ts';
import type { Condition } from './pod-types.ts';
import { withCondition } from './pods.ts';
import { getByKey, keyOf, listOf, modify, updateStatus } from './typed-api.ts';

const manager = 'kube-controller-manager';

/**
 * The autoscaler of Deployments in a cluster without metrics: it keeps the replicas between the bounds and leaves alone what
 * is scaled to zero (podautoscaler/horizontal.go reconcileAutoscaler of Kubernetes 1.36).
 */
export function startHorizontalPodAutoscaler(context: ControllerContext): void {
  const { api } = context;
  const queue = startQueue(context, (key) => { reconcile(context, key); return undefined; });
  watchKind(context, horizontalPodAutoscalers, (autoscaler) => { queue.add(keyOf(autoscaler)); });
  watchKind(context, deployments, ({ metadata }) => {
    for (const autoscaler of listOf(api, horizontalPodAutoscalers, metadata.namespace)) {
      if (autoscaler.spec.scaleTargetRef.name === metadata.name) queue.add(keyOf(autoscaler));
    }
  });
}

function reconcile({ api, clock }: ControllerContext, key: string): void {
  const autoscaler = getByKey(api, horizontalPodAutoscalers, key);
  if (autoscaler?.spec.scaleTargetRef.kind !== deployments.kind) return;
  const { minReplicas, maxReplicas, scaleTargetRef } = autoscaler.spec;
  const target = getByKey(api, deployments, `${autoscaler.metadata.namespace ?? ''}/${scaleTargetRef.name}`);
  if (target === undefined) return;
  const { replicas } = target.spec;
  const wanted = replicas === 0 ? 0 : Math.min(Math.max(replicas, minReplicas), maxReplicas);
  const conditions = activity(replicas).reduce<readonly Condition[] | undefined>((all, next) => withCondition(all, next, clock.now()), autoscaler.status?.conditions);
  updateStatus(api, horizontalPodAutoscalers, autoscaler, manager, {
    currentReplicas: target.status?.replicas ?? 0, desiredReplicas: wanted === replicas ? 0 : wanted, ...(conditions && { conditions }),
  });
  if (wanted !== replicas) modify(api, deployments, target, { manager }, (current) => ({ ...current, spec: { ...current.spec, replicas: wanted } }));
}

function activity(replicas: number): readonly Condition[] {
  const scale: Condition = { type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale', message: 'the HPA controller was able to get the target\'s current scale' };
  if (replicas === 0) {
    return [scale, { type: 'ScalingActive', status: 'False', reason: 'ScalingDisabled', message: 'scaling is disabled since the replica count of the target is zero' }];
  }
  return [scale, {
    type: 'ScalingActive', status: 'False', reason: 'FailedGetResourceMetric',
    message: 'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu',
  }];
}
