import { listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Awaiting } from '../../others.ts';
import { workloadOf } from '../../look-up.ts';
import { whyNotRestartable } from '../../restartable.ts';
import type { PodView, WorkloadView } from '../../views.ts';
import { anyOf, certainOf, goesPast } from './callers.ts';
import { nameInMetrics } from './observed.ts';
import { refusingPods } from './standing-guards.ts';

/*
 * The way back beside the called. Whoever is called gets its sidecar back before its callers (`order.ts`), but for pods that the operator cannot restart: in ambient
 * these go on refusing whoever goes past the waypoint, and with its sidecar a caller does.
 */

/** How a person replaces a pod that nobody restarts. */
function remedy(pod: PodView, workloads: readonly WorkloadView[]): string {
  const { namespace, name, owner } = pod;
  if (owner === undefined) return `kubectl delete pod ${name} -n ${namespace}, and create it again`;
  return workloadOf(pod, workloads)?.paused === true
    ? `kubectl rollout resume deployment/${owner.name} -n ${namespace}`
    : `kubectl delete pod ${name} -n ${namespace}, or restart ${owner.kind} ${owner.name}`;
}

/** As many pods as a message names with what to do about each. */
const named = 3;

function sentence(pods: readonly PodView[], { kind, name }: WorkloadView, { workloads }: Surroundings): string {
  const each = pods
    .slice(0, named)
    .map((pod) => `pod ${pod.name} ${whyNotRestartable(pod, workloads) ?? ''}: ${remedy(pod, workloads)}`);
  const others = pods.slice(named).map((pod) => pod.name);
  return (
    `${kind} ${name} gets its sidecars back after pods that it calls and that the operator cannot restart: they would refuse it for as long as they are in ambient. ` +
    `${each.join('; ')}${others.length === 0 ? '' : `; and ${listed(others)}`}`
  );
}

/**
 * What keeps a workload from getting its sidecars back: called pods beside it would refuse it. Where nobody knows who
 * calls, and nobody knew at the start, nothing is held up.
 */
export function awaitsOwnCalled(surroundings: Surroundings, workload: WorkloadView): Awaiting | undefined {
  const { namespace, spec, workloads } = surroundings;
  if (spec.policies.bypass !== 'CallersFirst' || !goesPast(surroundings)) return undefined;
  const caller = {
    namespace: namespace.name,
    serviceAccount: workload.serviceAccount,
    workload: nameInMetrics(workload.templateLabels, workload.name),
  };
  const refusing = refusingPods(surroundings, (pod) => whyNotRestartable(pod, workloads) !== undefined).flatMap(
    ({ pods, callers }) => (callers.flatMap(certainOf).some((each) => anyOf(each.callers)(caller)) ? pods : []),
  );
  return refusing.length === 0
    ? undefined
    : { stuck: true, refusesOnly: true, message: sentence([...new Set(refusing)], workload, surroundings) };
}
