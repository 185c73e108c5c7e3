import { restartsByEviction } from '../mesh/restartable.ts';
import { podsOwnedBy } from '../mesh/look-up.ts';
import type { PodView, WorkloadView } from '../mesh/views.ts';

export { restartsByEviction };

/** Pods of the workload that are not being deleted. */
export function podsOf(workload: WorkloadView, pods: readonly PodView[]): readonly PodView[] {
  return podsOwnedBy(workload, pods).filter(({ terminating, finished }) => !terminating && !finished);
}

/**
 * Whether the controller has finished rolling the template out, as `kubectl rollout status` judges it. Only valid
 * together with the pods: the counters alone are true for a moment before the controller has seen a new template,
 * which the comparison of generations excludes.
 */
export function isRolledOut(workload: WorkloadView): boolean {
  if (workload.observedGeneration < workload.generation || workload.available < workload.replicas) return false;
  return (
    restartsByEviction(workload) || (workload.updated >= workload.replicas && workload.current === workload.replicas)
  );
}

function ordinal(pod: PodView): number {
  return Number(/-(\d+)$/.exec(pod.name)?.[1] ?? 0);
}

/**
 * The next pod to evict: the highest ordinal first as the StatefulSet controller does, and one that is not Ready before
 * all others, because losing it loses nothing. Undefined while another pod of the workload is missing or not Ready.
 */
export function nextEviction(
  workload: WorkloadView,
  pods: readonly PodView[],
  stale: readonly PodView[],
  terminating: boolean,
): PodView | undefined {
  if (terminating) return undefined;
  const [candidate] = [...stale].sort((a, b) => Number(a.ready) - Number(b.ready) || ordinal(b) - ordinal(a));
  if (candidate === undefined) return undefined;
  const others = pods.filter((pod) => pod.uid !== candidate.uid);
  const whole = others.every((pod) => pod.ready) && pods.length >= workload.replicas;
  return whole || !candidate.ready ? candidate : undefined;
}
