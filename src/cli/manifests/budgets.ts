import type { KubeObject } from '../../api/object.ts';
import { memoize } from '../../base/memoize.ts';
import { count, record, text } from '../../mesh/json.ts';
import { resolvePercent } from '../../mesh/project-workload.ts';
import { projectBudget } from '../../mesh/project.ts';
import { selectingFully } from '../../mesh/istio/policy/selecting.ts';
import type { BudgetView, TemplateView, WorkloadView } from '../../mesh/views.ts';

/** How many of its pods have to be healthy (getExpectedPodCount in pkg/controller/disruption/disruption.go). */
function desiredOf({ minAvailable, maxUnavailable }: Readonly<Record<string, unknown>>, expected: number): number {
  if (maxUnavailable !== undefined) return Math.max(0, expected - resolvePercent(maxUnavailable, expected, 'up'));
  return resolvePercent(minAvailable, expected, 'up');
}

/** By namespace, and looked up: each budget is compared with all. */
const selectingIn = memoize((templates: readonly TemplateView[]) => {
  const homes = Map.groupBy(templates, ({ namespace }) => namespace);
  return new Map(
    [...homes].map(([home, there]) => {
      const select = selectingFully(
        there.map(({ templateLabels }) => templateLabels),
        () => undefined,
      );
      return [home, { there, select }] as const;
    }),
  );
});

/** Those of some templates whose pods a budget is for. */
function selected<T extends TemplateView>({ namespace, selector }: BudgetView, templates: readonly T[]): readonly T[] {
  const home = selectingIn(templates).get(namespace);
  if (home === undefined || selector === undefined) return [];
  const found = new Set(home.select(selector).map((place) => home.there[place]));
  return templates.filter((template) => found.has(template));
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
  const expectedPods = selected(budget, workloads).reduce((sum, { replicas }) => sum + replicas, 0);
  const desiredHealthy = desiredOf(record(object['spec']), expectedPods);
  return { ...budget, current: selected(budget, others).length === 0, expectedPods, desiredHealthy };
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
