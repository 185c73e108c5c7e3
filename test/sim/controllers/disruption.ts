import { startQueue, watchKind, type ControllerContext } from './controller.ts';
import { scaledValue } from './int-or-percent.ts';
import { deployments, podDisruptionBudgets, pods, replicaSets, statefulSets } from './kinds.ts';
import { selects } from './label-selector.ts';
import type { Condition, Pod } from './pod-types.ts';
import { isReady, isTerminating, withCondition } from './pods.ts';
import { controllerOf, getByKey, keyOf, listOf, updateStatus } from './typed-api.ts';
import type { PodDisruptionBudget } from './workload-types.ts';
import type { SimApi } from '../sim-api.ts';

const manager = 'kube-controller-manager';
/** How long an evicted pod may take to be deleted before it counts again (disruption.DeletionTimeout). */
const deletionTimeoutMs = 120_000;

interface Expectation {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

/**
 * The disruption controller (pkg/controller/disruption of Kubernetes 1.36), without the scale subresource of custom
 * resources.
 */
export function startDisruptionController(context: ControllerContext): void {
  const { api } = context;
  const queue = startQueue(context, (key) => reconcile(context, key));
  watchKind(context, podDisruptionBudgets, (budget) => {
    queue.add(keyOf(budget));
  });
  watchKind(context, pods, ({ metadata }) => {
    for (const budget of listOf(api, podDisruptionBudgets, metadata.namespace)) queue.add(keyOf(budget));
  });
}

function reconcile({ api, clock }: ControllerContext, key: string): number | undefined {
  const budget = getByKey(api, podDisruptionBudgets, key);
  if (budget === undefined) return undefined;
  const { selector } = budget.spec;
  const selected = listOf(api, pods, budget.metadata.namespace).filter((pod) => selects(selector, pod.metadata.labels));
  const disrupted = stillDisrupted(budget, selected, clock.now());
  const { expectedPods, desiredHealthy } = expectationOf(api, budget, selected);
  const currentHealthy = selected.filter(
    (pod) => isReady(pod) && !isTerminating(pod) && !(pod.metadata.name in disrupted),
  ).length;
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(currentHealthy - desiredHealthy, 0);
  updateStatus(api, podDisruptionBudgets, budget, manager, {
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed,
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
    observedGeneration: budget.metadata.generation ?? 0,
    conditions: withCondition(budget.status?.conditions, allowance(budget, disruptionsAllowed), clock.now()),
  });
  const recheck = Object.values(disrupted).map((since) => Date.parse(since) + deletionTimeoutMs - clock.now());
  return recheck.length === 0 ? undefined : Math.max(Math.min(...recheck), 0) + 1;
}

function allowance(budget: PodDisruptionBudget, allowed: number): Condition {
  return {
    type: 'DisruptionAllowed',
    status: allowed > 0 ? 'True' : 'False',
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata.generation ?? 0,
  };
}

/** Pods that an eviction has named and that are not marked for deletion yet (buildDisruptedPodMap). */
function stillDisrupted(
  budget: PodDisruptionBudget,
  selected: readonly Pod[],
  now: number,
): Readonly<Record<string, string>> {
  const waiting = new Set(selected.filter((pod) => !isTerminating(pod)).map(({ metadata }) => metadata.name));
  const named = Object.entries(budget.status?.disruptedPods ?? {});
  return Object.fromEntries(
    named.filter(([name, since]) => waiting.has(name) && Date.parse(since) + deletionTimeoutMs >= now),
  );
}

/** How many pods there should be, and how many of them healthy (getExpectedPodCount); percentages round up. */
function expectationOf(api: SimApi, { spec }: PodDisruptionBudget, selected: readonly Pod[]): Expectation {
  if (spec.maxUnavailable !== undefined) {
    const expectedPods = expectedScale(api, selected);
    return {
      expectedPods,
      desiredHealthy: Math.max(expectedPods - scaledValue(spec.maxUnavailable, expectedPods, 'up'), 0),
    };
  }
  if (typeof spec.minAvailable === 'number')
    return { expectedPods: selected.length, desiredHealthy: spec.minAvailable };
  if (spec.minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  const expectedPods = expectedScale(api, selected);
  return { expectedPods, desiredHealthy: scaledValue(spec.minAvailable, expectedPods, 'up') };
}

/** The sum of `spec.replicas` over the controllers of the pods; pods without one do not count (getExpectedScale). */
function expectedScale(api: SimApi, selected: readonly Pod[]): number {
  const scales = new Map<string, number>();
  for (const pod of selected) {
    const scale = scaleOf(api, pod);
    if (scale !== undefined) scales.set(scale.uid, scale.replicas);
  }
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
}

function scaleOf(api: SimApi, pod: Pod): { readonly uid: string; readonly replicas: number } | undefined {
  const namespace = pod.metadata.namespace ?? '';
  const owner = controllerOf(pod);
  if (owner?.kind === 'StatefulSet') {
    const set = getByKey(api, statefulSets, `${namespace}/${owner.name}`);
    return set === undefined ? undefined : { uid: owner.uid, replicas: set.spec.replicas };
  }
  if (owner?.kind !== 'ReplicaSet') return undefined;
  const set = getByKey(api, replicaSets, `${namespace}/${owner.name}`);
  const parent = set === undefined ? undefined : controllerOf(set);
  if (parent?.kind !== 'Deployment')
    return set === undefined ? undefined : { uid: owner.uid, replicas: set.spec.replicas };
  const deployment = getByKey(api, deployments, `${namespace}/${parent.name}`);
  return deployment === undefined ? undefined : { uid: parent.uid, replicas: deployment.spec.replicas };
}
