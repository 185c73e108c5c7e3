import type { Scale, Surroundings } from '../../adapter.ts';
import { waypointName } from '../vocabulary/gateway.ts';
import { isOfWaypoint } from './taken.ts';

/**
 * The pods that a waypoint lacks of its minimum. istiod creates the Deployment with one (files/waypoint.yaml of its
 * chart says no number, and an overlay that did would be applied again and again, against the autoscaler), and the
 * autoscaler raises it when it first looks: 15 s after it was made (enqueueHPA in
 * pkg/controller/podautoscaler/horizontal.go of Kubernetes). Only a Deployment that nobody has changed since: whoever
 * sets another number after that is not contradicted.
 */
export function allPodsAtOnce({ workloads, spec }: Surroundings): Scale | undefined {
  const { min } = spec.waypoint.replicas;
  const workload = workloads.find(({ kind, name }) => kind === 'Deployment' && name === waypointName);
  if (workload?.generation !== 1 || !isOfWaypoint(workload.templateLabels, workload)) return undefined;
  return workload.replicas > 0 && workload.replicas < min ? { workload, replicas: min } : undefined;
}
