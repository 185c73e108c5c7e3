import type { Surroundings } from '../../adapter.ts';
import { restartsByEviction } from '../../restartable.ts';
import type { BudgetView, WorkloadView } from '../../views.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { selectingFully } from '../policy/selecting.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

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
  const more = budget.expectedPods === 0 ? '' : ', or, where it says how many have to stay, run more replicas';
  const what =
    budget.expectedPods === 0
      ? 'can count none of its pods and spares none'
      : `spares ${spare} of ${budget.expectedPods} pods when all are healthy`;
  return [
    {
      object: nameOf(workload),
      message: `PodDisruptionBudget ${budget.name} ${what}, and a restart takes ${takes} of ${workload.replicas} away at once: it would wait for ever`,
      fix: `${first}Let PodDisruptionBudget ${budget.name} spare ${takes} (${budget.expectedPods === 0 ? 'minAvailable as a number' : `maxUnavailable: ${takes}`})${more}.`,
    },
  ];
}

/** The budgets that select the pods of a workload, as far as it matters. */
interface Selecting {
  tightest?: BudgetView;
  /** In their order, as many as a message has room for. */
  readonly names: string[];
  room: number;
}

/** Characters of a message that anybody is told. */
const mostTold = 1024;

function take(all: Selecting, budget: BudgetView): void {
  if (all.tightest === undefined || spareOf(budget) < spareOf(all.tightest)) all.tightest = budget;
  if (all.room <= 0) return;
  all.names.push(budget.name);
  all.room -= budget.name.length;
}

/**
 * The eviction of a pod that two budgets select is refused by the API server (canEvict in
 * pkg/registry/core/pod/storage/eviction.go).
 */
function selectedTwice(workload: WorkloadView, { names }: Selecting): readonly Evidence[] {
  if (!restartsByEviction(workload) || names.length < 2) return [];
  return [
    {
      object: nameOf(workload),
      message: `its pods are restarted by eviction, which Kubernetes refuses while several PodDisruptionBudgets select them: ${names.join(', ')}`,
      fix: 'Leave one PodDisruptionBudget for these pods.',
    },
  ];
}

/** Of all budgets and all workloads. */
const steps = 3_000_000;

/** By workload. Pods are looked up by label; what else a selector asks for is compared with those that have the labels. */
function selectingEach(workloads: readonly WorkloadView[], budgets: readonly BudgetView[]): readonly Selecting[] {
  const found = workloads.map((): Selecting => ({ names: [], room: mostTold }));
  const labels = workloads.map(({ templateLabels }) => templateLabels);
  const places = selectingFully(labels, spend);
  for (const budget of budgets) {
    if (budget.selector === undefined) continue;
    const selected = places(budget.selector);
    spend(1 + selected.length / 8);
    for (const place of selected) {
      const all = found[place];
      if (all !== undefined) take(all, budget);
    }
  }
  return found;
}

function blockedByBudget({ route, namespace, workloads, budgets }: Surroundings): readonly Evidence[] {
  if (route.from !== 'IstioSidecar' && route.to !== 'IstioSidecar') return [];
  const running = workloads.filter(({ replicas }) => replicas > 0);
  const found = bounded(steps, () => selectingEach(running, budgets));
  if (found.kind === 'TooLarge')
    return [
      {
        object: nameOf({ kind: 'Namespace', name: namespace.name }),
        message: `which pods its ${budgets.length} PodDisruptionBudgets select takes more steps to tell than one look may take`,
        fix: 'Select pods in PodDisruptionBudgets by a few labels, and let no more of them be there than something needs.',
      },
    ];
  return running.flatMap((workload, place) => {
    const all = found.value[place];
    if (all?.tightest === undefined) return [];
    return [...tooTight(workload, all.tightest), ...selectedTwice(workload, all)];
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
