import { greatest } from '../base/lists.ts';
import { longestOriginal, type NamespaceMigrationStatus, type WorkloadRecord } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import { timestamp } from '../base/clock.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { PodView, WorkloadView } from '../mesh/views.ts';
import { templatePatch } from './patches.ts';
import { refusalOf } from './refused.ts';
import { isRolledOut, nextEviction, restartsByEviction } from './rollout.ts';
import type { Outcome, Situation } from './situation.ts';
import { deadline, waitedBefore, type Deadline } from './waits.ts';
import { withRecord } from './with-record.ts';

/** One workload in one Restart step. */
export interface Turn {
  readonly situation: Situation;
  readonly status: NamespaceMigrationStatus;
  readonly step: StepPlan;
  readonly workload: WorkloadView;
  /** Its pods that are not on their way out. */
  readonly pods: readonly PodView[];
  /** Those of them that still have to be replaced. */
  readonly stale: readonly PodView[];
  /** Those that are on their way out. */
  readonly terminating: readonly PodView[];
  /** All that are not, of any data plane or none. */
  readonly all: readonly PodView[];
}

/** The value of the restart annotation: it names the restart, so that the write is recognised after a crash. */
export function restartValue(situation: Situation, attempt: number, step: string): string {
  return `${situation.migrationUid.slice(0, 8)}-${attempt}-${step}`;
}

/** That of this restart. */
export function valueOf({ situation, status, step }: Pick<Turn, 'situation' | 'status' | 'step'>): string {
  return restartValue(situation, status.attempt ?? 1, step.name);
}

/** The attempt that a value of the restart annotation is of, if a migration of this uid wrote it. */
export function restartOf(value: string | undefined, migrationUid: string): number | undefined {
  const [uid, attempt] = value?.split('-') ?? [];
  const number = Number(attempt);
  return uid === migrationUid.slice(0, 8) && Number.isSafeInteger(number) ? number : undefined;
}

/**
 * Whether a value of the restart annotation is of this way: one of an attempt that is over is its owner's, who has
 * exported it or was only restarted then.
 */
export function isOwnRestart(
  { migrationUid, remembered }: Situation,
  { attempt = 1 }: NamespaceMigrationStatus,
  value: string | undefined,
): boolean {
  const of = restartOf(value, migrationUid);
  return of !== undefined && of >= (remembered?.first ?? attempt);
}

/**
 * The step on the way there whose restart the template of a workload shows, of this way; what the way back writes has a
 * number behind it. Whoever loses the record of a restart has lost nothing.
 */
export function restartShown(
  situation: Situation,
  status: NamespaceMigrationStatus,
  { templateAnnotations }: WorkloadView,
): string | undefined {
  const value = templateAnnotations[restartAnnotation];
  if (!isOwnRestart(situation, status, value)) return undefined;
  const [, , step, ...more] = value?.split('-') ?? [];
  return more.length === 0 ? step : undefined;
}

function recorded({ situation, status }: Turn, record: WorkloadRecord): Partial<NamespaceMigrationStatus> {
  return { workloads: [...withRecord(status.workloads ?? [], record, situation.surroundings.workloads)] };
}

/** The annotation as it was before this attempt: one of our own is not, it is left over from a record that was lost. */
function foreignValue({ situation, status, workload }: Turn): string | undefined {
  const value = workload.templateAnnotations[restartAnnotation];
  return isOwnRestart(situation, status, value) ? undefined : value;
}

/** By the clock of the API server, like the times it is compared with. */
function newestOf({ all }: Turn): { readonly newest?: string } {
  const times = all.flatMap(({ createdAt }) => createdAt ?? []);
  return times.length === 0 ? {} : { newest: timestamp(greatest(times)) };
}

/** Whether the pod was there when this try was announced: what is younger is a result of it. */
export function isOlder(record: WorkloadRecord, { createdAt = 0 }: PodView): boolean {
  return createdAt <= Date.parse(record.newest ?? timestamp(0));
}

/**
 * Whether a pod is a result of this very try, which gave the template this value. Times tell that to the second only:
 * all pods of what is rolled out are of its template (`kubectl rollout status`), so none that is left after the template
 * was changed for this try is from before it.
 */
export function isResult({ workload }: Turn, record: WorkloadRecord, pod: PodView, value: string): boolean {
  if (!isOlder(record, pod)) return true;
  return (
    !restartsByEviction(workload) && workload.templateAnnotations[restartAnnotation] === value && isRolledOut(workload)
  );
}

/** On the way there a rule has held it up before (MM121); on the way back it is said here. */
function unrecordable({ workload: { kind, name } }: Turn): Outcome {
  return {
    kind: 'Wait',
    stuck: true,
    message: `${kind} ${name} is to be restarted, and the annotation ${restartAnnotation} of its template is too long to be put back afterwards: remove it or shorten it`,
  };
}

/** Says in the status that the workload will be restarted, before anything is written to it. */
export function announce(turn: Turn, previous: WorkloadRecord | undefined, patches: number): Outcome {
  const { situation, status, step, workload } = turn;
  const original = previous === undefined ? foreignValue(turn) : previous.original;
  if (original !== undefined && original.length > longestOriginal) return unrecordable(turn);
  return {
    kind: 'Announce',
    message: `${status.direction === 'Forward' ? 'restarting' : 'taking the restart back of'} ${workload.kind} ${workload.name}`,
    patch: recorded(turn, {
      kind: workload.kind,
      name: workload.name,
      uid: workload.uid,
      ...(original !== undefined && { original }),
      step: step.name,
      pods: workload.replicas,
      ...newestOf(turn),
      patches,
      startedAt: previous?.step === step.name ? previous.startedAt : timestamp(situation.now),
    }),
  };
}

/** Only where its controller remembers nothing itself: a record is lost more easily. */
function revisionThen({ workload, all }: Turn): Pick<WorkloadRecord, 'revision'> {
  const [revision, ...others] = new Set(all.map((pod) => pod.revision));
  return workload.rolledOut !== undefined || revision === undefined || others.length > 0 ? {} : { revision };
}

/** Says in the status that the restart is over. */
export function complete(turn: Turn, record: WorkloadRecord): Outcome {
  const completedAt = timestamp(turn.situation.now);
  return { kind: 'Done', patch: recorded(turn, { ...record, completedAt, ...revisionThen(turn) }) };
}

/** What podsPerMinute says about starting another restart now. */
export function pace({ now, nextRestartAt, restartsOwed }: Situation): Outcome | undefined {
  const by = restartsOwed === undefined ? '' : ` by ${restartsOwed}`;
  return now >= nextRestartAt
    ? undefined
    : { kind: 'Pace', until: nextRestartAt, message: `podsPerMinute is used up${by}` };
}

/**
 * Brings the annotation to `value`, `because` of a pod that is to be replaced. D: the patch tests the value that was
 * seen. Dying before it: the record is there, it is sent; after it: its value is found.
 */
export function patchTemplate({ workload }: Turn, value: string | null, because?: PodView): Outcome {
  return {
    kind: 'Write',
    write: {
      kind: 'PatchTemplate',
      workload: { kind: workload.kind, name: workload.name },
      operations: templatePatch(workload, value),
      ...(because !== undefined && { because: { pod: because.name, uid: because.uid } }),
    },
    message: `restarting ${workload.kind} ${workload.name}`,
  };
}

function templateWait({ step, workload }: Turn, { patches }: WorkloadRecord): string {
  return `${step.name}: template of ${workload.kind} ${workload.uid} as try ${patches} made it`;
}

/** To be asked while the template is as it should be: else nobody could tell that somebody has changed it since. */
export function seeTemplate(turn: Turn, record: WorkloadRecord): void {
  turn.situation.waited(templateWait(turn, record));
}

/**
 * Whether the last look saw the template as it should be, and this one does not: only then has somebody changed it
 * back.
 */
export function wasChangedBack(turn: Turn, record: WorkloadRecord): boolean {
  return waitedBefore(turn.situation, templateWait(turn, record)) > 0;
}

/** Who sets the annotation, for a message. */
export function culprit({ workload }: Turn): string {
  return workload.templateManager ?? 'something';
}

const firstPauseMs = 10_000;
const longestPauseMs = 10 * 60_000;

/** How long to wait after so many tries that came to nothing: longer each time, and never for good. */
export function pauseAfter(tries: number): number {
  return tries < 1 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries - 1, 10));
}

/**
 * Evicts the next of those `candidates` that were there when this try was announced: a younger one is as it will be,
 * and evicting it would only make another like it, for ever. Sidecars are there from a pod's creation, capture comes
 * after it: so on the way to a data plane that captures a pod that is in neither mode is a fresh one that is about to be
 * enrolled, and nothing is evicted until it is.
 */
export function evict(turn: Turn, record: WorkloadRecord, candidates: readonly PodView[]): Outcome | undefined {
  const { adapter, spec } = turn.situation;
  const [old, target] = turn.status.direction === 'Forward' ? [spec.from, spec.to] : [spec.to, spec.from];
  if (adapter.captures(target) && turn.stale.some((pod) => adapter.modeOf(pod) !== adapter.modeFor(old)))
    return undefined;
  const older = candidates.filter((pod) => isOlder(record, pod));
  const pod = nextEviction(turn.workload, turn.all, older, turn.terminating.length > 0);
  if (pod === undefined) return undefined;
  return (
    pace(turn.situation) ?? {
      kind: 'Write',
      write: { kind: 'Evict', pod: pod.name, uid: pod.uid },
      message: `evicting pod ${pod.name}`,
    }
  );
}

/**
 * As many pods as wanted, all Ready and as they shall be, and none on its way out: the replacement of the last one too.
 */
export function isWhole({ workload, all, terminating, stale }: Turn): boolean {
  return (
    stale.length === 0 &&
    terminating.length === 0 &&
    all.length >= workload.replicas &&
    all.every(({ ready }) => ready) &&
    workload.observedGeneration >= workload.generation
  );
}

const fewPods = 3;

/** What the API server says to the eviction of a pod, which is tried again and again until the deadline. */
function evictionRefused(situation: Situation, { name, uid }: PodView): string | undefined {
  const refusal = refusalOf(situation, { kind: 'Evict', pod: name, uid });
  return refusal && `the eviction of pod ${name} is refused: ${refusal.message}`;
}

/**
 * What holds it up, in Kubernetes' own words: to be said before a rollback deletes the evidence. Empty if nothing is
 * known.
 */
export function troubles({ situation, workload, pods, stale, terminating }: Turn): string {
  const held = [...pods.filter((pod) => !pod.ready || stale.includes(pod))].sort(
    (a, b) => Number(a.ready) - Number(b.ready),
  );
  const named = held
    .slice(0, fewPods)
    .map(
      (pod) =>
        `pod ${pod.name} is ${pod.ready ? `Ready, in mode ${situation.adapter.modeOf(pod)}` : `not Ready${pod.trouble === undefined ? '' : ` (${pod.trouble})`}`}`,
    );
  const ending = terminating.slice(0, fewPods).map(({ name }) => `pod ${name} is on its way out`);
  const more = held.length > fewPods ? [`${held.length - fewPods} more`] : [];
  const controller = workload.trouble === undefined ? [] : [`its controller says: ${workload.trouble}`];
  const refused = held.flatMap((pod) => evictionRefused(situation, pod) ?? []).slice(0, 1);
  return [...controller, ...refused, ...named, ...more, ...ending].join('; ');
}

function reached({ pods, stale }: Turn): number {
  return pods.filter((pod) => pod.ready && !stale.includes(pod)).length;
}

/**
 * How long the restart may still go without getting anywhere: it does when one more pod than ever before is Ready and
 * as it shall be. Asked when the write was seen: before that nothing is expected of anybody.
 */
export function progress(turn: Turn, allowedMs: number): Deadline {
  const { situation, step, workload } = turn;
  return deadline(situation, `${step.name} of ${workload.kind} ${workload.uid}`, allowedMs, reached(turn));
}

/**
 * How long it may still go without getting nearer to its end, which is another thing: pods that are added are Ready one
 * after the other and leave as much to do as before. That is no failure, but no slot is kept for it.
 */
function nearing(turn: Turn, allowedMs: number): Deadline {
  const { situation, step, workload, stale } = turn;
  const left = stale.length + Math.max(0, workload.replicas - reached(turn));
  return deadline(situation, `${step.name}: the end of ${workload.kind} ${workload.uid}`, allowedMs, -left);
}

/** What is said of one that gets no nearer. */
function getsNoNearer(turn: Turn, allowedMs: number): string {
  const said = troubles(turn);
  return `as many pods are missing as ${allowedMs / 1000}s ago, because more are wanted or come than before: ${reached(turn)} of ${turn.workload.replicas} pods are in their mode${said === '' ? '' : `; ${said}`}; others do not wait for it meanwhile`;
}

/** So long a restart that gets no further is as ordinary as any. */
const ordinaryMs = 60_000;

/** A wait that has an end. */
type Restarting = Extract<Outcome, { kind: 'Wait' }> & { readonly until: number };

/**
 * The wait for a restart, which is told in the same words for every pod: a rollout of many must not write a status for
 * each. One that gets no further says where it stands, and when something comes of that: after half of the time that it
 * has taken so far, so that pods which all take their time have it said a few times and not one by one. One that gets no
 * nearer to its end gives its slot back.
 */
export function restarting(
  turn: Turn,
  { startedAt }: WorkloadRecord,
  {
    until,
    allowedMs,
    what,
    otherwise,
  }: {
    readonly until: number;
    readonly allowedMs: number;
    readonly what: string;
    readonly otherwise: string;
  },
): Restarting {
  const end = nearing(turn, allowedMs);
  if (end.over) {
    const message = `${what}: ${getsNoNearer(turn, allowedMs)}`;
    return { kind: 'Wait', stuck: true, stalled: 'NoNearer', until, message };
  }
  const { situation, workload } = turn;
  const first = Math.min(until, end.until);
  const says = workload.trouble === undefined ? '' : `; its controller says: ${workload.trouble}`;
  const standingMs = allowedMs - (until - situation.now);
  const takenMs = situation.now - standingMs - Date.parse(startedAt);
  const patienceMs = Math.min(allowedMs / 2, Math.max(ordinaryMs, takenMs / 2));
  if (standingMs < patienceMs) return { kind: 'Wait', until: first, message: `${what}${says}` };
  const stands = `${reached(turn)} of ${workload.replicas} pods are in their mode`;
  return { kind: 'Wait', until: first, tells: until, message: `${what}: ${stands}${says}; ${otherwise}` };
}
