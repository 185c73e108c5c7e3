import type { KubeObject } from '../../api/object.ts';
import { count, record } from '../../mesh/json.ts';
import { resolvePercent } from '../../mesh/project-workload.ts';
import { projectBudget } from '../../mesh/project.ts';
import { selects, type BudgetView, type WorkloadView } from '../../mesh/views.ts';

/** How many of its pods have to be healthy (getExpectedPodCount in pkg/controller/disruption/disruption.go). */
function desiredOf({ minAvailable, maxUnavailable }: Readonly<Record<string, unknown>>, expected: number): number {
  if (maxUnavailable !== undefined) return Math.max(0, expected - resolvePercent(maxUnavailable, expected, 'up'));
  return resolvePercent(minAvailable, expected, 'up');
}

/**
 * A PodDisruptionBudget among manifests. The status of one that was read from a cluster tells what it spares; of any
 * other it is what the disruption controller would count when all pods of these workloads are there.
 */
export function statedBudget(object: KubeObject, workloads: readonly WorkloadView[]): BudgetView {
  const budget = projectBudget(object);
  if (record(object['status'])['expectedPods'] !== undefined) return budget;
  const { selector, namespace } = budget;
  const expectedPods = workloads
    .filter((workload) => workload.namespace === namespace)
    .filter(({ templateLabels }) => selector !== undefined && selects(selector, templateLabels))
    .reduce((sum, { replicas }) => sum + replicas, 0);
  return { ...budget, current: true, expectedPods, desiredHealthy: desiredOf(record(object['spec']), expectedPods) };
}

/**
 * How many pods a workload has at least, by what scales it: manifests leave the number to the autoscaler. By kind,
 * namespace and name (`Deployment shop/api`).
 */
export function scaledTo(autoscalers: readonly KubeObject[]): ReadonlyMap<string, number> {
  return new Map(
    autoscalers.map(({ metadata: { namespace = '' }, spec }) => {
      const { scaleTargetRef, minReplicas } = record(spec);
      const { kind, name } = record(scaleTargetRef);
      return [`${String(kind)} ${namespace}/${String(name)}`, count(minReplicas, 1)] as const;
    }),
  );
}
