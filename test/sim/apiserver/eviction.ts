import { timestamp } from '../../../src/base/clock.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { SimStatusError } from '../sim-api.ts';
import { deleteObject, type DeleteOptions } from './delete.ts';
import { tooManyRequests } from './errors.ts';
import { asArray, asNumber, asObject, at, isObject, withField } from './json.ts';
import { matchesLabels, selectorOf } from './label-selector.ts';
import type { ServedResource } from './served-resource.ts';
import type { ServerState } from './server-state.ts';
import { updateObject } from './update.ts';

/** Phases in which a pod counts for no budget. */
const outsideBudgets: readonly unknown[] = ['Succeeded', 'Failed', 'Pending'];

function isReady(pod: KubeObject): boolean {
  return asArray(at(pod, 'status', 'conditions'))
    .map(asObject)
    .some((item) => item['type'] === 'Ready' && item['status'] === 'True');
}

function budgetsOf(state: ServerState, pod: KubeObject): readonly KubeObject[] {
  return state.store.list('poddisruptionbudgets.policy', `${pod.metadata.namespace ?? ''}/`).filter((budget) => {
    const selector = at(budget, 'spec', 'selector');
    return isObject(selector) && matchesLabels(selectorOf(selector), pod.metadata.labels);
  });
}

function refuse(budget: KubeObject, message: string, retryAfterSeconds?: number): SimStatusError {
  return tooManyRequests(
    "Cannot evict pod as it would violate the pod's disruption budget.",
    [{ reason: 'DisruptionBudget', message: `The disruption budget ${budget.metadata.name} ${message}` }],
    retryAfterSeconds,
  );
}

/** Takes one disruption from the budget (checkAndDecrement upstream). */
function takeDisruption(state: ServerState, budget: KubeObject, pod: KubeObject, options: DeleteOptions): void {
  const served = state.registry.find('policy', 'v1', 'poddisruptionbudgets');
  const observed = asNumber(at(budget, 'status', 'observedGeneration'), 0);
  if (observed < (budget.metadata.generation ?? 0)) {
    throw refuse(budget, 'is still being processed by the server.', 10);
  }
  const allowed = asNumber(at(budget, 'status', 'disruptionsAllowed'), 0);
  if (allowed <= 0) {
    const healthy = asNumber(at(budget, 'status', 'currentHealthy'), 0);
    const desired = asNumber(at(budget, 'status', 'desiredHealthy'), 0);
    throw refuse(
      budget,
      healthy <= desired
        ? `needs ${String(desired)} healthy pods and has ${String(healthy)} currently`
        : 'does not allow evicting pods currently',
    );
  }
  if (served === undefined) return;
  const now = timestamp(state.clock.now());
  const decremented = withField(budget, ['status', 'disruptionsAllowed'], allowed - 1);
  const noted = withField(decremented, ['status', 'disruptedPods', pod.metadata.name], now);
  const next = allowed > 1 ? noted : withField(noted, ['status', 'conditions'], exhausted(budget, now));
  updateObject(state, served, budget, next, {
    manager: 'kube-apiserver',
    subresource: 'status',
    dryRun: options.dryRun === true,
  });
}

/** The conditions of a budget whose last disruption has just been taken. */
function exhausted(budget: KubeObject, now: string): readonly unknown[] {
  const others = asArray(at(budget, 'status', 'conditions')).filter(
    (item) => asObject(item)['type'] !== 'DisruptionAllowed',
  );
  return [
    ...others,
    {
      type: 'DisruptionAllowed',
      status: 'False',
      observedGeneration: budget.metadata.generation,
      lastTransitionTime: now,
      reason: 'InsufficientPods',
      message: '',
    },
  ];
}

/** Whether the budget lets a pod go that is not ready anyway (unhealthyPodEvictionPolicy). */
function exempt(budget: KubeObject, pod: KubeObject): boolean {
  if (isReady(pod)) return false;
  if (at(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true;
  const healthy = asNumber(at(budget, 'status', 'currentHealthy'), 0);
  const desired = asNumber(at(budget, 'status', 'desiredHealthy'), 0);
  return healthy >= desired && desired > 0;
}

/** POST of an Eviction: a delete that asks the disruption budgets first. */
export function evictPod(state: ServerState, served: ServedResource, pod: KubeObject, options: DeleteOptions): void {
  const counted = pod.metadata.deletionTimestamp === undefined && !outsideBudgets.includes(at(pod, 'status', 'phase'));
  const budgets = counted ? budgetsOf(state, pod) : [];
  if (budgets.length > 1) {
    throw new SimStatusError(
      500,
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const [budget] = budgets;
  if (budget !== undefined && !exempt(budget, pod)) takeDisruption(state, budget, pod, options);
  deleteObject(state, served, pod, options);
}
