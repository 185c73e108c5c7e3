import type { Severity } from '../../../api/common.ts';
import { memoize } from '../../../base/memoize.ts';
import { own } from '../../../base/own.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { record } from '../../json.ts';
import { asksOf, type PodAsks } from '../../pod-resources.ts';
import { quantity, thousandths } from '../../quantity.ts';
import type { ConfigView, WorkloadView } from '../../views.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { chosenWaypoint } from '../waypoint/chosen.ts';
import { isOfWaypoint } from '../waypoint/taken.ts';
import { openScopes, scopesOf } from './quota-scopes.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

/**
 * How much of what a quota counts something takes, in thousandths, by the quota's own names
 * (pkg/quota/v1/evaluator/core/pods.go).
 */
interface Taken {
  readonly amount: (counted: string) => number;
  /** Scopes of the quota of which nobody knows whether they count it. */
  readonly open: readonly string[];
}

type Need = (scopes: readonly string[]) => Taken;

const nothing: Taken = { amount: () => 0, open: [] };

function ofPods(pods: number, asks: PodAsks): Need {
  const { requests, limits } = asks;
  const amount = (counted: string): number => {
    if (counted === 'pods' || counted === 'count/pods') return pods * 1000;
    if (counted.startsWith('limits.')) return pods * (own(limits, counted.slice('limits.'.length)) ?? 0);
    return pods * (own(requests, counted.startsWith('requests.') ? counted.slice('requests.'.length) : counted) ?? 0);
  };
  return (scopes) => {
    const open = openScopes(scopes, asks);
    return open === undefined ? nothing : { amount, open };
  };
}

function both(a: Need, b: Need): Need {
  return (scopes) => {
    const [one, other] = [a(scopes), b(scopes)];
    return {
      amount: (counted) => one.amount(counted) + other.amount(counted),
      open: [...new Set([...one.open, ...other.open])],
    };
  };
}

/** The first thing of which a quota has not enough left, as a sentence, and whether that is certain. */
interface Short {
  readonly message: string;
  readonly sure: boolean;
}

/** What a quota counts of pods, read once: every workload asks, and it may count thousands of things. */
const countedBy = memoize((quota: ConfigView) => {
  const [hard, used] = [record(quota.status['hard']), record(quota.status['used'])];
  return Object.entries(hard).flatMap(([counted, most]) => {
    const limit = counted.startsWith('count/') && counted !== 'count/pods' ? undefined : thousandths(most);
    return limit === undefined ? [] : [{ counted, limit, taken: thousandths(used[counted]) ?? 0 }];
  });
});

function shortIn(quota: ConfigView, need: Need): Short | undefined {
  const { amount, open } = need(scopesOf(quota));
  for (const { counted, limit, taken } of countedBy(quota)) {
    const wanted = amount(counted);
    if (wanted === 0 || taken + wanted <= limit) continue;
    const unsure = open.length === 0 ? '' : `, if its scope ${open.map(shown).join(' and ')} takes these pods in`;
    const message = `${nameOf(quota)} admits ${counted} ${quantity(limit)}, ${quantity(taken)} of them used, and ${quantity(wanted)} more would be needed${unsure}`;
    return { message, sure: open.length === 0 };
  }
  return undefined;
}

/** One that is certain before one that is not. */
function shortOf({ mesh, namespace }: Surroundings, need: Need): Short | undefined {
  const found = mesh.configs('ResourceQuota', namespace.name).flatMap((quota) => shortIn(quota, need) ?? []);
  return found.find(({ sure }) => sure) ?? found[0];
}

/**
 * `global.waypoint.resources` of the chart istio-discovery, unless the installation or spec.waypoint says otherwise.
 */
const usual = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '2', memory: '1Gi' } };

/** What the pods of the waypoint that is to be made take: what is certain, and then what is likely. */
interface Waypoint {
  readonly severity: Severity;
  readonly need: Need;
  /** What the message rests on, if it is not certain. */
  readonly by: string;
}

/** Every workload asks for them. */
const waypointsOf = memoize((surroundings: Surroundings): readonly Waypoint[] => {
  const {
    spec: {
      waypoint: {
        replicas: { min },
        resources,
      },
    },
    workloads,
  } = surroundings;
  const chosen = chosenWaypoint(surroundings);
  const made = chosen.adopted || workloads.some(({ templateLabels }) => isOfWaypoint(templateLabels, chosen));
  if (made || !getsWaypoint(surroundings)) return [{ severity: 'Critical', need: () => nothing, by: '' }];
  const likely = {
    requests: { ...usual.requests, ...resources?.requests },
    limits: { ...usual.limits, ...resources?.limits },
  };
  return [
    { severity: 'Critical', need: ofPods(min, asksOf(resources)), by: '' },
    { severity: 'Warning', need: ofPods(min, asksOf(likely)), by: ' (with what Istio usually gives a waypoint)' },
  ];
});

/** Whatever is certain to be too much comes before what only may be. */
function judge(
  surroundings: Surroundings,
  needOf: (waypoint: Need) => Need,
  evidence: (short: string) => Evidence,
): readonly Evidence[] {
  for (const { severity, need, by } of waypointsOf(surroundings)) {
    const short = shortOf(surroundings, needOf(need));
    if (short !== undefined)
      return [{ ...evidence(`${short.message}${by}`), severity: short.sure ? severity : 'Warning' }];
  }
  return [];
}

function noRoomForWaypoint(surroundings: Surroundings): readonly Evidence[] {
  const {
    namespace: { name },
    spec: {
      waypoint: {
        replicas: { min },
      },
    },
  } = surroundings;
  return judge(
    surroundings,
    (waypoint) => waypoint,
    (short) => ({
      object: nameOf({ kind: 'Namespace', name }),
      message: `there is no room for the ${min} pods of its waypoint: ${short}`,
      fix: 'Raise the quota, or let the waypoint ask for less: spec.waypoint.replicas.min and spec.waypoint.resources.',
    }),
  );
}

/** A rollout that may take no pod away before a new one is there stands still for ever if that one is not admitted. */
function creatingFirst(surroundings: Surroundings): readonly WorkloadView[] {
  const {
    route: { from, to },
    workloads,
  } = surroundings;
  const chosen = chosenWaypoint(surroundings);
  if (from !== 'IstioSidecar' && to !== 'IstioSidecar') return [];
  return workloads.filter(
    ({ replicas, maxUnavailable, paused, templateLabels }) =>
      replicas > 0 && maxUnavailable === 0 && !paused && !isOfWaypoint(templateLabels, chosen),
  );
}

function takeFirst({ kind, namespace, name }: WorkloadView): string {
  const [field, type] = kind === 'Deployment' ? ['strategy', '"type":"RollingUpdate",'] : ['updateStrategy', ''];
  return `kubectl patch ${kind.toLowerCase()} ${name} -n ${namespace} -p '{"spec":{"${field}":{${type}"rollingUpdate":{"maxUnavailable":1,"maxSurge":0}}}}'`;
}

/** Of all quotas and all that workloads ask for. */
const steps = 1_000_000;

/** What no quota admits, said once of all workloads that ask for the same. */
function shortages(surroundings: Surroundings, workloads: readonly WorkloadView[]): readonly Evidence[] {
  const quotas = surroundings.mesh.configs('ResourceQuota', surroundings.namespace.name);
  const perPod = quotas.reduce((sum, quota) => sum + 1 + countedBy(quota).length / 4, 0);
  const known = new Map<string, readonly Evidence[]>();
  return workloads.flatMap((workload) => {
    const asked = JSON.stringify(workload.asks);
    spend(asked.length / 1024);
    const before = known.get(asked);
    if (before === undefined) spend(perPod);
    const found = before ?? shortFor(workload, surroundings);
    known.set(asked, found);
    return found.map(({ message, severity }): Evidence => ({
      object: nameOf(workload),
      message,
      ...(severity !== undefined && { severity }),
      fix: `Raise the quota, or have a pod taken away first, which interrupts a single one: ${takeFirst(workload)}`,
    }));
  });
}

function shortFor({ asks }: WorkloadView, surroundings: Surroundings): readonly Evidence[] {
  const pod = ofPods(1, asks);
  return judge(
    surroundings,
    (waypoint) => both(waypoint, pod),
    (short) => ({
      object: '',
      message: `its restart creates a pod before it takes one away, and there is no room for it: ${short}. It would never go on`,
    }),
  );
}

function noRoomForRestart(surroundings: Surroundings): readonly Evidence[] {
  const workloads = creatingFirst(surroundings);
  const found = bounded(steps, () => shortages(surroundings, workloads));
  if (found.kind === 'Done') return found.value;
  return [
    {
      object: nameOf({ kind: 'Namespace', name: surroundings.namespace.name }),
      message: 'whether its ResourceQuotas admit the pods of restarts takes more steps to tell than one look may take',
      fix: 'Have fewer ResourceQuotas in the namespace: one may count everything.',
    },
  ];
}

/** Whether what is created on the way is admitted. */
export const quotaRules: readonly Rule[] = [
  {
    id: 'MM117',
    severity: 'Critical',
    when: 'Start',
    title: 'A ResourceQuota admits no further pod',
    notOnTheWay: 'A rollout that a quota stops says so in the words of its controller, and fails at its deadline.',
    fix: 'Raise the quota.',
    find: (surroundings) => [...noRoomForWaypoint(surroundings), ...noRoomForRestart(surroundings)],
  },
];
