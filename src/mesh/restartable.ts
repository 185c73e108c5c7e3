import { WorkloadKind } from '../api/namespace-migration.ts';
import { workloadOf } from './look-up.ts';
import type { PodView, WorkloadView } from './views.ts';

/** Why the operator cannot create the pod anew, by its workload's template or by eviction; undefined if it can. */
export function whyNotRestartable(pod: PodView, workloads: readonly WorkloadView[]): string | undefined {
  if (pod.owner === undefined) return 'has no controller that would create it anew';
  const { kind, name } = pod.owner;
  if (kind === 'Job') return 'belongs to a Job: its next run joins by itself';
  if (!WorkloadKind.safeParse(kind).success)
    return `belongs to ${kind} ${name}, which cannot be restarted by the operator`;
  const workload = workloadOf(pod, workloads);
  if (workload === undefined) return `belongs to a ${kind} ${name} that does not exist`;
  return workload.paused ? `belongs to Deployment ${name}, which is paused` : undefined;
}

/**
 * Workloads whose pods come back as they are only by eviction: OnDelete never rolls, and a StatefulSet with a partition
 * keeps a canary that a template change would move; evicted pods are created anew at their own revision.
 */
export function restartsByEviction({ strategy, partition }: Pick<WorkloadView, 'strategy' | 'partition'>): boolean {
  return strategy === 'OnDelete' || partition > 0;
}

/** Whether its controller is still rolling out, or never got to the end of it. */
export function isUnfinished({ observedGeneration, generation, available, updated, replicas }: WorkloadView): boolean {
  return observedGeneration < generation || available < replicas || updated < replicas;
}
