import type { NamespaceMigrationStatus, WorkloadRecord } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { WorkloadView } from '../mesh/views.ts';
import type { Outcome, Situation } from './situation.ts';
import { troubles, type Turn } from './turn.ts';
import { deadline } from './waits.ts';

/*
 * A restart that is complete is no proof that the workload lives in the new data plane: many die a little later, of
 * what they call first then. So it is watched until the namespace goes on, and one that dies counts as a restart
 * that has failed. Safe: nothing is written; dying before or after, the next process watches anew.
 */

/**
 * A new rollout of it is its owner's, and what comes of that is not ours to judge. Pods of an older template are the
 * proof: a restart that is complete leaves none. That pods are missing is none, whoever cannot make them.
 */
function isOwnersTurn({ observedGeneration, generation, updated, current }: WorkloadView): boolean {
  return observedGeneration < generation || current > updated;
}

/** Less than it had, and not by a node or two that are lost or drained, where each has one of its pods. */
export function isShort({ kind, available, replicas }: WorkloadView): boolean {
  return kind === 'DaemonSet' ? available < replicas / 2 : available < replicas;
}

/** Rolled out or paused by its owner: its pods are not ours to judge, and no other restart waits for them. */
export function isOwnersInHand(workload: WorkloadView): boolean {
  return workload.paused || isOwnersTurn(workload);
}

/** Of a restart of this way: a record may also be of an attempt or a migration before. */
export function isRestarted({ steps = [] }: NamespaceMigrationStatus, known: WorkloadRecord | undefined): boolean {
  if (known?.completedAt === undefined) return false;
  const { startedAt } = known;
  return steps.some((each) => each.name === known.step && Date.parse(each.startedAt) <= Date.parse(startedAt));
}

/** A pod that has a place to run, and is not Ready for as long as is allowed without one more that is. */
function latePod({ situation, step, workload, all }: Turn): { readonly late: boolean; readonly until: number } {
  const allowed = durationMs(situation.spec.restart.progressDeadline);
  const dues = all
    .filter(({ ready, node }) => !ready && node !== undefined)
    .map(({ uid }) => deadline(situation, `${step.name}: pod ${uid} not Ready`, allowed, workload.available));
  return { late: dues.some(({ over }) => over), until: Math.min(...dues.map(({ until }) => until)) };
}

/**
 * A workload that was restarted and is short of pods now: others wait for it, and it fails as a restart does that makes
 * no progress, if a pod that has a place to run is not Ready. More pods than there is room for, or than may be made, are
 * no failure of ours, and each pod has its time from when it has a place. What its owner has in hand never fails; it is
 * waited for. Safe: nothing is written; dying before or after, each pod has its time anew. Undefined if it is whole.
 */
export function falters(turn: Turn): Outcome | undefined {
  const { situation, step, workload } = turn;
  const { kind, name, uid, available, replicas } = workload;
  if (!isShort(workload)) return undefined;
  const { progressDeadline } = situation.spec.restart;
  const said = troubles(turn);
  const short = `${kind} ${name} was restarted and has ${available} of ${replicas} pods available${said === '' ? '' : `: ${said}`}`;
  const { late, until } = isOwnersInHand(workload) ? { late: false, until: Infinity } : latePod(turn);
  if (late) return { kind: 'Failed', reason: 'WorkloadUnavailable', message: `${short}, for ${progressDeadline}` };
  const due = deadline(
    situation,
    `${step.name}: ${kind} ${uid} after its restart`,
    durationMs(progressDeadline),
    available,
  );
  return due.over
    ? { kind: 'Wait', stuck: true, stalled: 'NotRestartable', message: short, ...(until < Infinity && { until }) }
    : { kind: 'Wait', until: Math.min(due.until, until), message: short };
}

/** Whether some workload was restarted in a step. */
function hasRestarted(status: NamespaceMigrationStatus, { name }: StepPlan): boolean {
  return (status.workloads ?? []).some((record) => record.step === name && isRestarted(status, record));
}

/**
 * Waits once all of them are restarted; undefined when that is over. Asked whether or not one of them is short of pods:
 * one that comes and goes keeps the namespace on its way no longer than it has to be whole at the end.
 */
export function watchedLongEnough(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
): Outcome | undefined {
  const { watch } = situation.spec.restart;
  if (!hasRestarted(status, step)) return undefined;
  const { over, until } = deadline(situation, `${step.name}: after the restarts`, durationMs(watch));
  return over
    ? undefined
    : { kind: 'Wait', until, message: `watching for ${watch} whether what was restarted stays available` };
}
