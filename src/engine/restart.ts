import type { NamespaceMigrationStatus, WorkloadRecord } from '../api/namespace-migration.ts';
import type { StepPlan, StepWork } from '../mesh/adapter.ts';
import { podsOwnedBy } from '../mesh/look-up.ts';
import type { PodView, WorkloadView } from '../mesh/views.ts';
import { restartBackward } from './restart-backward.ts';
import { restartForward } from './restart-forward.ts';
import { podsOf } from './rollout.ts';
import type { Outcome, Situation } from './situation.ts';
import type { Turn } from './turn.ts';
import { isConcerned } from './concerned.ts';
import { falters, isOwnersInHand, isRestarted, watchedLongEnough } from './watch.ts';

type RestartWork = Extract<StepWork, { kind: 'Restart' }>;

/** A workload that was deleted and created again is another one, whatever its name. */
function isOf(record: WorkloadRecord, workload: WorkloadView): boolean {
  return record.kind === workload.kind && record.name === workload.name && record.uid === workload.uid;
}

function turnOf(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  work: RestartWork,
  workload: WorkloadView,
): Turn {
  const { pods } = situation.surroundings;
  const own = podsOf(workload, pods).filter((pod) => isConcerned(situation, pod));
  const terminating = podsOwnedBy(workload, pods).filter((pod) => pod.terminating);
  return {
    situation,
    status,
    step,
    workload,
    all: podsOf(workload, pods),
    pods: own,
    stale: own.filter((pod) => work.stale(pod, situation.surroundings)),
    terminating,
  };
}

/** It shows how it will run once it does, and is nothing to be replaced before: capture comes with a node. */
function hasNoPlaceYet({ situation: { adapter, spec } }: Turn, pod: PodView): boolean {
  return pod.node === undefined && adapter.modeOf(pod) !== adapter.modeFor(spec.from);
}

/**
 * That a restart is complete is only believed where no pod says otherwise; on the way there one without a place to run
 * says nothing yet.
 */
function isOver(turn: Turn, known: WorkloadRecord | undefined): boolean {
  const { step, stale, status } = turn;
  if (known?.step !== step.name || known.completedAt === undefined) return false;
  return stale.every((pod) => status.direction === 'Forward' && hasNoPlaceYet(turn, pod));
}

function recordOf({ workloads = [] }: NamespaceMigrationStatus, workload: WorkloadView): WorkloadRecord | undefined {
  return workloads.find((record) => isOf(record, workload));
}

/** What is said of those that were restarted and are short of pods now. */
interface Short {
  /** The first that has failed, whatever else waits. */
  readonly failed?: Outcome;
  /** The first that others wait for before they are restarted. */
  readonly holds?: Outcome;
  /** The first without which the step does not end, by whomever. */
  readonly lacks?: Outcome;
}

/** The next look is when the first of all of them is due, whichever is told. */
function lookedAtBy(outcome: Outcome, until: number): Outcome {
  return outcome.kind === 'Wait' && until < Infinity ? { ...outcome, until } : outcome;
}

/** Each of them is asked at each look: one that waits for ever hides none that has failed. */
function shortOfPods(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  work: RestartWork,
  workloads: readonly WorkloadView[],
): Short {
  const all = workloads
    .filter((workload) => workload.available < workload.replicas && isRestarted(status, recordOf(status, workload)))
    .flatMap((workload) => {
      const outcome = falters(turnOf(situation, status, step, work, workload));
      return outcome === undefined ? [] : [{ outcome, isOwners: isOwnersInHand(workload) }];
    });
  const failed = all.find(({ outcome }) => outcome.kind === 'Failed')?.outcome;
  const until = Math.min(
    ...all.map(({ outcome }) => (outcome.kind === 'Wait' ? (outcome.until ?? Infinity) : Infinity)),
  );
  const holds = all.find(({ isOwners }) => !isOwners)?.outcome;
  const lacks = holds ?? all.at(0)?.outcome;
  return {
    ...(failed && { failed }),
    ...(holds && { holds: lookedAtBy(holds, until) }),
    ...(lacks && { lacks: lookedAtBy(lacks, until) }),
  };
}

/** Whether it would be restarted now, and nothing was done about that yet. */
function isUntouched({ step, stale }: Turn, known: WorkloadRecord | undefined): boolean {
  return known?.step !== step.name && stale.length > 0;
}

/** What is next for one workload, while another one that was restarted may be `short` of pods. */
function nextFor(turn: Turn, known: WorkloadRecord | undefined, short: Outcome | undefined): Outcome {
  const isForward = turn.status.direction === 'Forward';
  // A patch of a paused Deployment changes no pods, so forward it waits for its owner, and back its template is looked
  // at.
  if (isOver(turn, known) || (turn.workload.paused && isForward)) return { kind: 'Done' };
  if (short !== undefined && isUntouched(turn, known)) return short;
  return isForward ? restartForward(turn, known) : restartBackward(turn, known);
}

/**
 * One Restart step: the workloads in order, one at a time, each announced before it is touched. On the way there those
 * that were restarted are watched: none is begun while one of them is short of pods. On the way back nothing holds those
 * that are not back yet.
 */
export function restartStep(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  work: RestartWork,
): Outcome {
  const isForward = status.direction === 'Forward';
  const workloads = work.order?.(situation.surroundings) ?? situation.surroundings.workloads;
  const short = isForward ? shortOfPods(situation, status, step, work, workloads) : {};
  if (short.failed !== undefined) return short.failed;
  let patch: Partial<NamespaceMigrationStatus> = {};
  for (const workload of workloads) {
    const current = { ...status, ...patch };
    const known = recordOf(current, workload);
    const outcome = nextFor(turnOf(situation, current, step, work, workload), known, short.holds);
    patch = { ...patch, ...outcome.patch };
    if (outcome.kind !== 'Done') return { ...outcome, patch };
  }
  const watched = isForward ? watchedLongEnough(situation, { ...status, ...patch }, step) : undefined;
  return { ...(short.lacks ?? watched ?? { kind: 'Done' }), patch };
}
