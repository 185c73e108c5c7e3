import { least } from '../base/lists.ts';
import type { NamespaceMigrationStatus, WorkloadRecord } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { WorkloadView } from '../mesh/views.ts';
import { notEnrolled } from './enrolment.ts';
import { outage, outageStands, type Outage } from './outage.ts';
import { isUnseen } from './owners-hand.ts';
import { restartedIn, wasRestartedIn } from './restarted.ts';
import type { Outcome, Situation } from './situation.ts';
import { troubles, type Turn } from './turn.ts';
import { deadline, standStill } from './waits.ts';

/*
 * A restart that is complete is no proof that the workload lives in the new data plane: many die a little later, of
 * what they call first then. So it is watched until the namespace goes on, and one that dies counts as a restart
 * that has failed. Safe: nothing is written; dying before or after, the next process watches anew.
 */

/** Less than it had, and not by a node or two that are lost or drained, where each has one of its pods. */
export function isShort({ kind, available, replicas }: WorkloadView): boolean {
  return kind === 'DaemonSet' ? available < replicas / 2 : available < replicas;
}

function placed({ step, all }: Turn): readonly { readonly ready: boolean; readonly wait: string }[] {
  return all
    .filter(({ node }) => node !== undefined)
    .map(({ uid, ready }) => ({ ready, wait: `${step.name}: pod ${uid} not Ready` }));
}

/** Pods that have a place to run, and are or were not Ready without one more that is. */
function outages(turn: Turn): readonly Outage[] {
  const { situation, workload } = turn;
  const allowed = durationMs(situation.spec.restart.progressDeadline);
  const short = isShort(workload);
  return placed(turn).flatMap(
    ({ ready, wait }) => outage(situation, wait, short && !ready, allowed, workload.available) ?? [],
  );
}

function whatIsLacking(turn: Turn, isOwners: boolean): string {
  const { workload, stale } = turn;
  const { kind, name, available, replicas } = workload;
  const said = troubles(turn);
  const because = said === '' ? '' : `: ${said}`;
  const has = `${available} of ${replicas} pods available`;
  if (isShort(workload)) return `${kind} ${name} was restarted and has ${has}${because}`;
  return isOwners
    ? `${kind} ${name} was restarted and its owner rolls it out: ${has}, ${stale.length} not yet in their mode${because}`
    : `${kind} ${name} was restarted and has ${has}, not yet for as long as some were missing`;
}

/** It fails as a restart does that makes no progress; undefined while it does not, and by when that is to be asked. */
function failing(
  turn: Turn,
  isOwners: boolean,
  record: WorkloadRecord | undefined,
  outs: readonly Outage[],
): { readonly failed?: Outcome; readonly until: number } {
  const until = least(outs.map((each) => each.until));
  if (outs.some(({ over }) => over)) {
    const message = `${whatIsLacking(turn, isOwners)}, for ${turn.situation.spec.restart.progressDeadline}`;
    return { failed: { kind: 'Failed', reason: 'WorkloadUnavailable', message }, until };
  }
  return record !== undefined && isOwners ? notEnrolled(turn, record) : { until };
}

/** For how long as it may take; from then on a person is to look. One that only has to stay whole needs nobody. */
function waiting(turn: Turn, isOwners: boolean, until: number): Outcome {
  const { situation, step, workload } = turn;
  const message = whatIsLacking(turn, isOwners);
  const wait = `${step.name}: ${workload.kind} ${workload.uid} after its restart`;
  if (!isShort(workload) && !isOwners) {
    standStill(situation, wait);
    return { kind: 'Wait', until, message };
  }
  const due = deadline(situation, wait, durationMs(situation.spec.restart.progressDeadline), workload.available);
  return due.over
    ? { kind: 'Wait', stuck: true, stalled: 'NotRestartable', message, ...(until < Infinity && { until }) }
    : { kind: 'Wait', until: Math.min(due.until, until), message };
}

/**
 * A workload that was restarted and is short of pods now, or was a moment ago: others wait for it, and it fails if a pod
 * that has a place to run is not Ready. More pods than there is room for, or than may be made, are no failure of ours,
 * and each pod has its time from when it has a place. What its owner has in hand never fails, unless pods of it are
 * Ready in no mesh; it is waited for (`owners-hand.ts`). Safe: nothing is written; dying before or after, each pod has its time anew.
 * Undefined if it is whole.
 */
export function falters(turn: Turn, isOwners: boolean, record: WorkloadRecord | undefined): Outcome | undefined {
  const { situation, workload, stale } = turn;
  if (isUnseen(workload)) for (const { wait } of placed(turn)) outageStands(situation, wait);
  const outs = isOwners ? [] : outages(turn);
  if (!isShort(workload) && outs.length === 0 && !(isOwners && stale.length > 0)) return undefined;
  const { failed, until } = failing(turn, isOwners, record, outs);
  return failed ?? waiting(turn, isOwners, until);
}

/**
 * Waits once all of them are restarted; undefined when that is over. Time in which something is `lacking` does not
 * count: what comes and goes is not watched for the longer the oftener it comes.
 */
export function watchedLongEnough(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  isLacking: boolean,
): Outcome | undefined {
  const { watch } = situation.spec.restart;
  const { workloads } = situation.surroundings;
  const isThere = workloads.some((workload) => restartedIn(situation, status, workload) === step.name);
  if (!isThere && !wasRestartedIn(status, step.name)) return undefined;
  const wait = `${step.name}: after the restarts`;
  if (isLacking) {
    standStill(situation, wait);
    return undefined;
  }
  const { over, until } = deadline(situation, wait, durationMs(watch));
  return over
    ? undefined
    : { kind: 'Wait', until, message: `watching for ${watch} whether what was restarted stays available` };
}
