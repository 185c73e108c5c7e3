import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { workloadOf } from '../../look-up.ts';
import type { PodView, WorkloadView } from '../../views.ts';
import { isUnfinished, restartsByEviction } from '../../restartable.ts';

/** Whether Kubernetes is replacing pods of a workload by itself, and nothing keeps it from its end. */
function isRolling(workload: WorkloadView): boolean {
  const { kind, paused, deadlineExceeded, trouble, current, replicas } = workload;
  if (paused || deadlineExceeded || trouble !== undefined || restartsByEviction(workload)) return false;
  return isUnfinished(workload) || (kind === 'Deployment' && current > replicas);
}

/** Whether the labels of a pod are those of a template before. */
function isOutgoing(pod: PodView, rolling: readonly WorkloadView[]): boolean {
  const workload = workloadOf(pod, rolling);
  if (workload === undefined) return false;
  return Object.entries(workload.templateLabels).some(([key, value]) => pod.labels[key] !== value);
}

/**
 * The namespace as it is at the end of the rollouts that are under way, which replace every pod with labels of before:
 * what is only so until then is a reason to wait, and not to go back. Undefined without such a pod.
 */
export const afterRollouts: (surroundings: Surroundings) => Surroundings | undefined = memoize(
  (surroundings: Surroundings) => {
    const rolling = surroundings.workloads.filter(isRolling);
    if (rolling.length === 0) return undefined;
    const pods = surroundings.pods.filter((pod) => !isOutgoing(pod, rolling));
    return pods.length === surroundings.pods.length ? undefined : { ...surroundings, pods };
  },
);
