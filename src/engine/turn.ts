import type { NamespaceMigrationStatus, WorkloadRecord } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import { timestamp } from '../base/clock.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { PodView, WorkloadView } from '../mesh/views.ts';
import { templatePatch } from './patches.ts';
import { nextEviction } from './rollout.ts';
import type { Outcome, Situation } from './situation.ts';
import { deadline, type Deadline } from './waits.ts';

/** More patches than this of one template mean that something takes our annotation away: we do not fight. */
const maxPatches = 3;

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
  /** Whether some pod of it is on its way out. */
  readonly terminating: boolean;
}

/** The value of the restart annotation: it names the restart, so that the write is recognised after a crash. */
export function restartValue(situation: Situation, attempt: number, step: string): string {
  return `${situation.migrationUid.slice(0, 8)}-${attempt}-${step}`;
}

/** The attempt that a value of the restart annotation is of, if a migration of this uid wrote it. */
export function restartOf(value: string | undefined, migrationUid: string): number | undefined {
  const [uid, attempt] = value?.split('-') ?? [];
  const number = Number(attempt);
  return uid === migrationUid.slice(0, 8) && Number.isSafeInteger(number) ? number : undefined;
}

/** The status with one record put in, or exchanged for the one of the same workload. */
function withRecord(status: NamespaceMigrationStatus, record: WorkloadRecord): Partial<NamespaceMigrationStatus> {
  const others = (status.workloads ?? []).filter(({ kind, name }) => kind !== record.kind || name !== record.name);
  return { workloads: [...others, record] };
}

/** The annotation as it was before this attempt: one of our own is not, it is left over from a record that was lost. */
function foreignValue({ situation, status, workload }: Turn): string | undefined {
  const value = workload.templateAnnotations[restartAnnotation];
  return value?.startsWith(restartValue(situation, status.attempt ?? 1, '')) === true ? undefined : value;
}

/** Says in the status that the workload will be restarted, before anything is written to it. */
export function announce(turn: Turn, previous: WorkloadRecord | undefined, patches: number): Outcome {
  const { situation, status, step, workload } = turn;
  const original = previous === undefined ? foreignValue(turn) : previous.original;
  return {
    kind: 'Announce',
    message: `${status.direction === 'Forward' ? 'restarting' : 'taking the restart back of'} ${workload.kind} ${workload.name}`,
    patch: withRecord(status, {
      kind: workload.kind,
      name: workload.name,
      uid: workload.uid,
      ...(original !== undefined && { original }),
      step: step.name,
      pods: workload.replicas,
      generation: workload.generation,
      patches,
      startedAt: previous?.step === step.name ? previous.startedAt : timestamp(situation.now),
    }),
  };
}

/** Says in the status that the restart is over. */
export function complete({ status, situation }: Turn, record: WorkloadRecord): Outcome {
  return { kind: 'Done', patch: withRecord(status, { ...record, completedAt: timestamp(situation.now) }) };
}

/** What podsPerMinute says about starting another restart now. */
export function pace({ now, nextRestartAt }: Situation): Outcome | undefined {
  return now >= nextRestartAt ? undefined : { kind: 'Pace', until: nextRestartAt, message: 'podsPerMinute is used up' };
}

/** Brings the annotation to `value`, `because` of a pod that is to be replaced: announced first, and at most `maxPatches` times. */
export function patchTemplate(turn: Turn, record: WorkloadRecord, value: string | null, because?: PodView): Outcome {
  const { workload } = turn;
  if (record.patches > 0 && workload.generation === record.generation) {
    return { kind: 'Write', write: { kind: 'PatchTemplate', workload: { kind: workload.kind, name: workload.name }, operations: templatePatch(workload, value), ...(because !== undefined && { because: { pod: because.name, uid: because.uid } }) }, message: `restarting ${workload.kind} ${workload.name}` };
  }
  if (record.patches < maxPatches) return announce(turn, record, record.patches + 1);
  return { kind: 'Foreign', message: `something keeps changing the template of ${workload.kind} ${workload.name} back: find out which controller owns it, then set status.phase to Migrating or RollingBack` };
}

/**
 * Evicts the next of the `candidates`, each at most once: a pod that was created since the restart began is as it will be, and
 * evicting it would only make another like it, for ever (no injector answers, or somebody took the label away). Sidecars are there from a pod's creation, capture comes after it: so on the way to
 * ambient a pod that is in neither mode is a fresh one that is about to be enrolled, and nothing is evicted until it is.
 */
export function evict(turn: Turn, record: WorkloadRecord, candidates: readonly PodView[]): Outcome | undefined {
  const { adapter, spec } = turn.situation;
  const [old, target] = turn.status.direction === 'Forward' ? [spec.from, spec.to] : [spec.to, spec.from];
  if (target === 'IstioAmbient' && turn.stale.some((pod) => adapter.modeOf(pod) !== adapter.modeFor(old))) return undefined;
  const older = candidates.filter(({ createdAt }) => (createdAt ?? 0) <= Date.parse(record.startedAt));
  const pod = nextEviction(turn.workload, turn.pods, older, turn.terminating);
  return pod && { kind: 'Write', write: { kind: 'Evict', pod: pod.name, uid: pod.uid }, message: `evicting pod ${pod.name}` };
}

/**
 * How long the restart may still go without getting anywhere: it does when one more pod than ever before is Ready and as it shall
 * be. Asked when the write was seen: before that nothing is expected of anybody.
 */
export function progress({ situation, step, workload, pods, stale }: Turn, allowedMs: number): Deadline {
  const reached = pods.filter((pod) => pod.ready && !stale.includes(pod)).length;
  return deadline(situation, `${step.name} of ${workload.kind} ${workload.uid}`, allowedMs, reached);
}
