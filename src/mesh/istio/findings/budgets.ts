import type { Surroundings } from '../../adapter.ts';
import { restartsByEviction } from '../../restartable.ts';
import { selects, type BudgetView, type WorkloadView } from '../../views.ts';
import { nameOf, type Evidence, type Rule } from './rule.ts';

/**
 * How many pods a budget spares when all are healthy. Its status knows: percentages of what, and pods of which
 * workloads go in. A budget whose pods the disruption controller cannot count (of a DaemonSet in percent, for example)
 * expects none and spares none.
 */
function spareOf({ expectedPods, desiredHealthy }: BudgetView): number {
  return Math.max(0, expectedPods - desiredHealthy);
}

/**
 * What a restart takes away at once: the rollout of a template does not ask budgets and takes what its strategy allows,
 * evictions go one by one.
 */
function takenBy(workload: WorkloadView): number {
  return restartsByEviction(workload) ? 1 : workload.maxUnavailable;
}

/** What makes a restart of this kind take fewer pods at once. */
function gentler({ kind, namespace, name, strategy }: WorkloadView): string | undefined {
  if (kind === 'StatefulSet' || strategy === 'OnDelete') return undefined;
  const [field, type] = kind === 'Deployment' ? ['strategy', '"type":"RollingUpdate",'] : ['updateStrategy', ''];
  return `kubectl patch ${kind.toLowerCase()} ${name} -n ${namespace} -p '{"spec":{"${field}":{${type}"rollingUpdate":{"maxUnavailable":0,"maxSurge":1}}}}'`;
}

function tooTight(workload: WorkloadView, budget: BudgetView): readonly Evidence[] {
  const [takes, spare] = [takenBy(workload), spareOf(budget)];
  if (!budget.current || takes <= spare) return [];
  const command = gentler(workload);
  const first =
    command === undefined
      ? ''
      : `Let it create the new pod before it takes an old one away, which changes no pod now: ${command} Or: `;
  const what =
    budget.expectedPods === 0
      ? 'can count none of its pods and spares none'
      : `spares ${spare} of ${budget.expectedPods} pods when all are healthy`;
  return [
    {
      object: nameOf(workload),
      message: `PodDisruptionBudget ${budget.name} ${what}, and a restart takes ${takes} of ${workload.replicas} away at once: it would wait for ever`,
      fix: `${first}let PodDisruptionBudget ${budget.name} spare ${takes} (${budget.expectedPods === 0 ? 'minAvailable as a number' : `maxUnavailable: ${takes}`}), or run more replicas.`,
    },
  ];
}

/**
 * The eviction of a pod that two budgets select is refused by the API server (canEvict in
 * pkg/registry/core/pod/storage/eviction.go).
 */
function selectedTwice(workload: WorkloadView, budgets: readonly BudgetView[]): readonly Evidence[] {
  if (!restartsByEviction(workload) || budgets.length < 2) return [];
  return [
    {
      object: nameOf(workload),
      message: `its pods are restarted by eviction, which Kubernetes refuses while several PodDisruptionBudgets select them: ${budgets.map(({ name }) => name).join(', ')}`,
      fix: 'Leave one PodDisruptionBudget for these pods.',
    },
  ];
}

function blockedByBudget({ route, workloads, budgets }: Surroundings): readonly Evidence[] {
  if (route.from !== 'IstioSidecar' && route.to !== 'IstioSidecar') return [];
  return workloads
    .filter(({ replicas }) => replicas > 0)
    .flatMap((workload) => {
      const selecting = budgets.filter(
        ({ selector }) => selector !== undefined && selects(selector, workload.templateLabels),
      );
      const [tightest] = [...selecting].sort((a, b) => spareOf(a) - spareOf(b));
      return [...(tightest === undefined ? [] : tooTight(workload, tightest)), ...selectedTwice(workload, selecting)];
    });
}

/** Whether what a restart takes away can ever be spared. */
export const budgetRules: readonly Rule[] = [
  {
    id: 'MM057',
    severity: 'Critical',
    when: 'Start',
    title: 'A PodDisruptionBudget never spares what a restart takes',
    notOnTheWay: 'Before each restart its budgets are asked as they are then, and it waits for them.',
    fix: 'Let the rollout create the new pod first (maxUnavailable: 0, maxSurge: 1), or let the PodDisruptionBudget spare as many as it takes.',
    find: blockedByBudget,
  },
];
