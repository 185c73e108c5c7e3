import type { KubeObject } from '../../api/object.ts';
import { count, record, text } from '../../mesh/json.ts';
import { resolvePercent } from '../../mesh/project-workload.ts';
import { projectBudget } from '../../mesh/project.ts';
import { selects, type BudgetView, type TemplateView, type WorkloadView } from '../../mesh/views.ts';

/** How many of its pods have to be healthy (getExpectedPodCount in pkg/controller/disruption/disruption.go). */
function desiredOf({ minAvailable, maxUnavailable }: Readonly<Record<string, unknown>>, expected: number): number {
  if (maxUnavailable !== undefined) return Math.max(0, expected - resolvePercent(maxUnavailable, expected, 'up'));
  return resolvePercent(minAvailable, expected, 'up');
}

/**
 * A PodDisruptionBudget among manifests. The status of one that was read from a cluster tells what it spares; of any
 * other it is what the disruption controller would count when all pods of these workloads are there. Of one for pods of
 * `others` too, whose number nobody knows, nothing is told.
 */
export function statedBudget(
  object: KubeObject,
  workloads: readonly WorkloadView[],
  others: readonly TemplateView[],
): BudgetView {
  const budget = projectBudget(object);
  if (record(object['status'])['expectedPods'] !== undefined) return budget;
  const { selector, namespace } = budget;
  const isSelected = (template: TemplateView): boolean =>
    template.namespace === namespace && selector !== undefined && selects(selector, template.templateLabels);
  const expectedPods = workloads.filter(isSelected).reduce((sum, { replicas }) => sum + replicas, 0);
  const desiredHealthy = desiredOf(record(object['spec']), expectedPods);
  return { ...budget, current: !others.some(isSelected), expectedPods, desiredHealthy };
}

/** What scales workloads: how many pods it leaves at least, where it says nothing. */
const scalers = [
  { group: 'autoscaling', kind: 'HorizontalPodAutoscaler', field: 'minReplicas', least: 1 },
  { group: 'keda.sh', kind: 'ScaledObject', field: 'minReplicaCount', least: 0 },
] as const;

/**
 * How many pods a workload has at least, by what scales it: manifests leave the number to the autoscaler. By kind,
 * namespace and name (`Deployment shop/api`).
 */
export function scaledTo(
  objectsOf: (group: string, kind: string) => readonly KubeObject[],
): ReadonlyMap<string, number> {
  return new Map(
    scalers.flatMap(({ group, kind: scaler, field, least }) =>
      objectsOf(group, scaler).map(({ metadata: { namespace = '' }, spec }) => {
        const { scaleTargetRef, [field]: stated } = record(spec);
        const { kind, name } = record(scaleTargetRef);
        return [`${text(kind) ?? 'Deployment'} ${namespace}/${text(name) ?? ''}`, count(stated, least)] as const;
      }),
    ),
  );
}
