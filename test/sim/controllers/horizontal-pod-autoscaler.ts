import { startQueue, watchKind, type ControllerContext } from './controller.ts';
import { deployments, horizontalPodAutoscalers } from './kinds.ts';
import type { Condition } from './pod-types.ts';
import { withCondition } from './pods.ts';
import { getByKey, keyOf, modify, updateStatus } from './typed-api.ts';

const manager = 'kube-controller-manager';
/**
 * `--horizontal-pod-autoscaler-sync-period`. Every key waits that long, the first time too
 * (FixedItemIntervalRateLimiter in podautoscaler/rate_limiters.go).
 */
const syncMs = 15_000;

/**
 * The autoscaler of Deployments in a cluster without metrics: it keeps the replicas between the bounds and leaves alone
 * what is scaled to zero (podautoscaler/horizontal.go reconcileAutoscaler of Kubernetes 1.36). It watches no
 * Deployments: it looks at them every {@link syncMs}.
 */
export function startHorizontalPodAutoscaler(context: ControllerContext): void {
  const queue = startQueue(context, (key) => reconcile(context, key));
  watchKind(context, horizontalPodAutoscalers, (autoscaler) => {
    queue.add(keyOf(autoscaler), syncMs);
  });
}

function reconcile({ api, clock }: ControllerContext, key: string): number | undefined {
  const autoscaler = getByKey(api, horizontalPodAutoscalers, key);
  if (autoscaler?.spec.scaleTargetRef.kind !== deployments.kind) return undefined;
  const { minReplicas, maxReplicas, scaleTargetRef } = autoscaler.spec;
  const target = getByKey(api, deployments, `${autoscaler.metadata.namespace ?? ''}/${scaleTargetRef.name}`);
  if (target === undefined) return syncMs;
  const { replicas } = target.spec;
  const wanted = replicas === 0 ? 0 : Math.min(Math.max(replicas, minReplicas), maxReplicas);
  const conditions = activity(replicas).reduce<readonly Condition[] | undefined>(
    (all, next) => withCondition(all, next, clock.now()),
    autoscaler.status?.conditions,
  );
  updateStatus(api, horizontalPodAutoscalers, autoscaler, manager, {
    currentReplicas: target.status?.replicas ?? 0,
    desiredReplicas: wanted === replicas ? 0 : wanted,
    ...(conditions && { conditions }),
  });
  if (wanted !== replicas)
    modify(api, deployments, target, { manager }, (current) => ({
      ...current,
      spec: { ...current.spec, replicas: wanted },
    }));
  return syncMs;
}

function activity(replicas: number): readonly Condition[] {
  const scale: Condition = {
    type: 'AbleToScale',
    status: 'True',
    reason: 'SucceededGetScale',
    message: "the HPA controller was able to get the target's current scale",
  };
  if (replicas === 0) {
    return [
      scale,
      {
        type: 'ScalingActive',
        status: 'False',
        reason: 'ScalingDisabled',
        message: 'scaling is disabled since the replica count of the target is zero',
      },
    ];
  }
  return [
    scale,
    {
      type: 'ScalingActive',
      status: 'False',
      reason: 'FailedGetResourceMetric',
      message:
        'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu',
    },
  ];
}
