import { longestOriginal } from '../../../api/namespace-migration.ts';
import { restartAnnotation } from '../../../api/resources.ts';
import type { Surroundings } from '../../adapter.ts';
import { resolvePercent } from '../../project-workload.ts';
import { whyNotRestartable } from '../../restartable.ts';
import type { WorkloadView } from '../../views.ts';
import { concerns, modeFor, modeOf } from '../vocabulary/pod-mode.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence } from './rule.ts';

/** Whether pods of the namespace are made anew on the way. */
export function restarts({ route }: Surroundings): boolean {
  return route.from === 'IstioSidecar' || route.to === 'IstioSidecar';
}

/** Workloads that are restarted on the way, if they have pods. */
export function workloadsWithPods(surroundings: Surroundings): readonly WorkloadView[] {
  return restarts(surroundings) ? surroundings.workloads.filter((workload) => workload.replicas > 0) : [];
}

/** MM053: pods that nobody makes anew. */
export function notRestartable(surroundings: Surroundings): readonly Evidence[] {
  if (!restarts(surroundings)) return [];
  const target = modeFor(surroundings.route.to);
  return surroundings.pods
    .filter((pod) => concerns(pod) && !pod.terminating && modeOf(pod) !== target)
    .flatMap((pod) => {
      const reason = whyNotRestartable(pod, surroundings.workloads);
      return reason === undefined
        ? []
        : [{ object: nameOf(pod), message: `the pod ${reason}; it stays in mode ${modeOf(pod)} until it is replaced` }];
    });
}

/** MM055: workloads whose own strategy takes more pods at once than the spec allows. */
export function tooManyUnavailable(surroundings: Surroundings): readonly Evidence[] {
  return workloadsWithPods(surroundings).flatMap((workload) => {
    const allowed = Math.max(
      1,
      resolvePercent(surroundings.spec.restart.maxUnavailablePerWorkload, workload.replicas, 'up'),
    );
    return workload.maxUnavailable <= allowed
      ? []
      : [
          {
            object: nameOf(workload),
            message: `its update strategy takes ${workload.maxUnavailable} of ${workload.replicas} pods away at once; spec.restart.maxUnavailablePerWorkload allows ${allowed}`,
          },
        ];
  });
}

/** What a template says before it is restarted is recorded, to be put back exactly. */
export function unrecordable(surroundings: Surroundings): readonly Evidence[] {
  return workloadsWithPods(surroundings).flatMap((workload) => {
    const { length } = workload.templateAnnotations[restartAnnotation] ?? '';
    return length <= longestOriginal
      ? []
      : [
          {
            object: nameOf(workload),
            message: `its template has ${length} characters in the annotation ${restartAnnotation}, which a restart replaces; what is longer than ${longestOriginal} could not be put back`,
          },
        ];
  });
}
