import type { NamespaceMigrationStatus, WorkloadRecord } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import { durationMs } from '../base/duration.ts';
import { timestamp } from '../base/clock.ts';
import type { StepPlan, StepWork } from '../mesh/adapter.ts';
import { selects, type PodView, type WorkloadView } from '../mesh/views.ts';
import { templatePatch } from './patches.ts';
import { isRolledOut, nextEviction, podsOf, restartsByEviction } from './rollout.ts';
import type { Outcome, Situation } from './situation.ts';

/** More patches than this of one template mean that something takes our annotation away: we do not fight. */
const maxPatches = 3;

type RestartWork = Extract<StepWork, { kind: 'Restart' }>;

/** One workload in one Restart step. */
interface Turn {
  readonly situation: Situation;
  readonly status: NamespaceMigrationStatus;
  readonly step: StepPlan;
  readonly workload: WorkloadView;
  readonly pods: readonly PodView[];
  readonly stale: readonly PodView[];
  readonly terminating: boolean;
}

/** The value of the restart annotation: it names the restart, so that the write is recognised after a crash. */
export function restartValue(situation: Situation, attempt: number, step: string): string {
  return `${(situation.object.metadata.uid ?? '').slice(0, 8)}-${attempt}-${step}`;
}

function isSame(record: WorkloadRecord, workload: WorkloadView): boolean {
  return record.kind === workload.kind && record.name === workload.name && record.uid === workload.uid;
}

/** The status with one record put in, or exchanged for the one of the same workload. */
function withRecord(status: NamespaceMigrationStatus, record: WorkloadRecord): Partial<NamespaceMigrationStatus> {
  const others = (status.workloads ?? []).filter(({ kind, name }) => kind !== record.kind || name !== record.name);
  return { workloads: [...others, record] };
}

function announce(turn: Turn, previous: WorkloadRecord | undefined, patches: number): Outcome {
  const { situation, status, step, workload } = turn;
  const original = previous === undefined ? workload.templateAnnotations[restartAnnotation] : previous.original;
  const again = previous?.step === step.name;
  return {
    kind: 'Announce',
    message: `restarting ${workload.kind} ${workload.name}`,
    patch: withRecord(status, {
      kind: workload.kind,
      name: workload.name,
      uid: workload.uid,
      ...(original !== undefined && { original }),
      step: step.name,
      pods: workload.replicas,
      generation: workload.generation,
      patches,
      startedAt: again ? previous.startedAt : timestamp(situation.now),
    }),
  };
}

/**
 * What has to hold before a workload is touched: it is whole, its PodDisruptionBudgets can spare what a restart takes
 * (a Deployment's rollout does not ask them, so we do), and the pods restarted before it are paid for.
 */
function guard({ situation, workload }: Turn): Outcome | undefined {
  if (workload.available < workload.replicas) {
    return { kind: 'Wait', message: `${workload.kind} ${workload.name} has ${workload.available} of ${workload.replicas} pods available; it is restarted when it is whole` };
  }
  const takes = restartsByEviction(workload) ? 1 : workload.maxUnavailable;
  const budget = situation.surroundings.budgets.find((candidate) =>
    candidate.selector !== undefined && selects(candidate.selector, workload.templateLabels) && takes > 0 &&
    (!candidate.current || candidate.disruptionsAllowed < takes));
  if (budget !== undefined) {
    return { kind: 'Wait', message: `PodDisruptionBudget ${budget.name} can spare ${budget.disruptionsAllowed} pods, restarting ${workload.kind} ${workload.name} takes ${takes}` };
  }
  return pace(situation);
}

function pace({ now, nextRestartAt }: Situation): Outcome | undefined {
  return now >= nextRestartAt ? undefined : { kind: 'Pace', until: nextRestartAt, message: 'podsPerMinute is used up until then' };
}

/** Brings the annotation to `value`, if it is not there: announced first, and at most `maxPatches` times. */
function patchTemplate(turn: Turn, record: WorkloadRecord, value: string | null): Outcome {
  const { workload } = turn;
  if (record.patches > 0 && workload.generation === record.generation) {
    return { kind: 'Write', write: { kind: 'PatchTemplate', workload, operations: templatePatch(workload, value) }, message: `restarting ${workload.kind} ${workload.name}` };
  }
  if (record.patches < maxPatches) return announce(turn, record, record.patches + 1);
  return { kind: 'Foreign', message: `something keeps changing the template of ${workload.kind} ${workload.name} back: find out which controller owns it, then set status.phase to Migrating or RollingBack` };
}

/**
 * Evicts the next stale pod. Sidecars are there from a pod's creation, capture comes after it: so on the way to ambient a
 * pod that is in neither mode is a fresh one that is about to be enrolled, and nothing is evicted until it is.
 */
function evict(turn: Turn, stale: readonly PodView[]): Outcome | undefined {
  const { adapter, spec } = turn.situation;
  const [old, target] = turn.status.direction === 'Forward' ? [spec.from, spec.to] : [spec.to, spec.from];
  const fresh = target === 'IstioAmbient' ? turn.stale.filter((pod) => adapter.modeOf(pod) !== adapter.modeFor(old)) : [];
  if (fresh.length > 0) return undefined;
  const pod = nextEviction(turn.workload, turn.pods, stale, turn.terminating);
  return pod && { kind: 'Write', write: { kind: 'Evict', pod: pod.name, uid: pod.uid }, message: `evicting pod ${pod.name}` };
}

function lastProgress(record: WorkloadRecord, pods: readonly PodView[]): number {
  return Math.max(Date.parse(record.startedAt), ...pods.filter((pod) => pod.ready).map((pod) => pod.readyChangedAt ?? 0));
}

/** A pod that is Ready but in no mesh, past its deadline; or the deadline of the first one that may still make it. */
export function enrolment(situation: Situation, pods: readonly PodView[], since: number): { readonly late?: PodView; readonly until?: number } {
  const deadline = durationMs(situation.spec.restart.enrolmentDeadline);
  const target = situation.adapter.modeFor(situation.spec.to);
  let until: number | undefined;
  for (const pod of pods) {
    const mode = situation.adapter.modeOf(pod);
    if (!pod.ready || mode === target || (mode !== 'None' && mode !== 'Transitional')) continue;
    const due = Math.max(pod.readyChangedAt ?? 0, since) + deadline;
    if (due <= situation.now) return { late: pod };
    until = Math.min(due, until ?? due);
  }
  return until === undefined ? {} : { until };
}

function watchProgress(turn: Turn, record: WorkloadRecord): Outcome {
  const { situation, workload, pods, stale } = turn;
  const name = `${workload.kind} ${workload.name}`;
  // The message is the same for every pod, so that a rollout of many pods does not write a status for each of them.
  const { late, until } = turn.step.name === 'RestartWorkloads' ? enrolment(situation, pods, Date.parse(record.startedAt)) : {};
  if (late !== undefined) return { kind: 'Failed', reason: 'PodNotEnrolled', message: `pod ${late.name} of ${name} is Ready but still ${situation.adapter.modeOf(late)} after ${situation.spec.restart.enrolmentDeadline}` };
  if (workload.deadlineExceeded && workload.observedGeneration >= workload.generation) {
    return { kind: 'Failed', reason: 'ProgressDeadlineExceeded', message: `${name} made no progress within its progressDeadlineSeconds: ${workload.available} of ${workload.replicas} pods are available` };
  }
  const allowed = Math.min(durationMs(situation.spec.restart.progressDeadline), workload.progressDeadlineMs ?? Infinity);
  const due = lastProgress(record, pods) + allowed;
  if (situation.now >= due) {
    return { kind: 'Failed', reason: 'WorkloadUnavailable', message: `${name} made no progress for ${allowed / 1000}s after its restart: ${workload.available} of ${workload.replicas} pods are available, ${stale.length} not yet in their mode` };
  }
  return { kind: 'Wait', until: Math.min(due, until ?? due), message: `restarting ${name}` };
}

function complete(turn: Turn, record: WorkloadRecord): Outcome {
  return { kind: 'Done', patch: withRecord(turn.status, { ...record, completedAt: timestamp(turn.situation.now) }) };
}

function forward(turn: Turn, record: WorkloadRecord | undefined): Outcome {
  const { situation, status, step, workload, stale } = turn;
  if (record?.step !== step.name) {
    if (stale.length === 0) return { kind: 'Done' };
    return guard(turn) ?? announce(turn, record, restartsByEviction(workload) ? 0 : 1);
  }
  if (stale.length === 0 && isRolledOut(workload)) return complete(turn, record);
  if (restartsByEviction(workload)) return (watched(turn, record)) ?? evict(turn, stale) ?? watchProgress(turn, record);
  const value = restartValue(situation, status.attempt ?? 1, step.name);
  if (workload.templateAnnotations[restartAnnotation] !== value) return patchTemplate(turn, record, value);
  return watchProgress(turn, record);
}

/** A failure while evicting counts before the next pod is taken. */
function watched(turn: Turn, record: WorkloadRecord): Outcome | undefined {
  const outcome = watchProgress(turn, record);
  return outcome.kind === 'Failed' ? outcome : undefined;
}

function backward(turn: Turn, record: WorkloadRecord | undefined): Outcome {
  const { situation, status, step, workload, stale } = turn;
  const current = workload.templateAnnotations[restartAnnotation];
  const attempt = status.attempt ?? 1;
  const back = restartValue(situation, attempt, step.name);
  const restarted = current !== undefined && current !== back && current.startsWith(restartValue(situation, attempt, ''));
  if (record?.step !== step.name) {
    if (stale.length === 0 && (!restarted || isRolledOut(workload))) return { kind: 'Done' };
    return pace(situation) ?? announce(turn, record, restartsByEviction(workload) ? 0 : 1);
  }
  if (stale.length === 0 && isRolledOut(workload) && !(restarted && record.patches > 0)) return complete(turn, record);
  if (restarted && !restartsByEviction(workload)) return patchTemplate(turn, record, record.original ?? null);
  // Pods that the old template cannot replace by itself: a StatefulSet never replaces a broken pod of a newer revision
  // ("forced rollback" in its documentation), OnDelete replaces none.
  const broken = stale.filter((pod) => !pod.ready && pod.revision !== workload.updateRevision);
  const byEviction = restartsByEviction(workload) ? stale : workload.kind === 'StatefulSet' ? broken : [];
  const eviction = evict(turn, byEviction);
  if (eviction !== undefined) return eviction;
  if (stale.length > 0 && isRolledOut(workload) && !restartsByEviction(workload) && current !== back) return patchTemplate(turn, record, back);
  const stuck = situation.now >= lastProgress(record, turn.pods) + durationMs(situation.spec.restart.progressDeadline);
  return { kind: 'Wait', stuck, message: `taking the restart of ${workload.kind} ${workload.name} back` };
}

/** One Restart step: the workloads in order, one at a time, each announced before it is touched. */
export function restartStep(situation: Situation, status: NamespaceMigrationStatus, step: StepPlan, work: RestartWork): Outcome {
  const { workloads, pods } = situation.surroundings;
  const isForward = status.direction === 'Forward';
  let patched: Partial<NamespaceMigrationStatus> = {};
  for (const workload of workloads) {
    const current = { ...status, ...patched };
    const known = (current.workloads ?? []).find((record) => isSame(record, workload));
    if ((known?.step === step.name && known.completedAt !== undefined) || workload.paused) continue;
    const own = podsOf(workload, pods).filter((pod) => situation.adapter.concerns(pod));
    const terminating = pods.some((pod) => pod.terminating && pod.owner?.kind === workload.kind && pod.owner.name === workload.name);
    const turn: Turn = { situation, status: current, step, workload, pods: own, stale: own.filter(work.stale), terminating };
    const outcome = isForward ? forward(turn, known) : backward(turn, known);
    patched = { ...patched, ...outcome.patch };
    if (outcome.kind !== 'Done') return { ...outcome, patch: patched };
  }
  return { kind: 'Done', patch: patched };
}
