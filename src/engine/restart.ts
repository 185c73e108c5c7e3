import type { NamespaceMigrationStatus, WorkloadRecord } from '../api/namespace-migration.ts';
import type { StepPlan, StepWork } from '../mesh/adapter.ts';
import { podsOwnedBy } from '../mesh/look-up.ts';
import type { WorkloadView } from '../mesh/views.ts';
import { restartBackward } from './restart-backward.ts';
import { restartForward } from './restart-forward.ts';
import { podsOf } from './rollout.ts';
import type { Outcome, Situation } from './situation.ts';
import type { Turn } from './turn.ts';
import { isConcerned } from './concerned.ts';
import { falters, watchedLongEnough } from './watch.ts';

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

/** That a restart is complete is only believed where no pod says otherwise. */
function isOver({ step, stale }: Turn, known: WorkloadRecord | undefined): boolean {
  return known?.step === step.name && known.completedAt !== undefined && stale.length === 0;
}

function recordOf({ workloads = [] }: NamespaceMigrationStatus, workload: WorkloadView): WorkloadRecord | undefined {
  return workloads.find((record) => isOf(record, workload));
}

/** What is said of the first of those that were restarted that is short of pods now, and by no doing of its owner. */
function shortOfPods(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  work: RestartWork,
  workloads: readonly WorkloadView[],
): Outcome | undefined {
  for (const workload of workloads) {
    if (workload.available >= workload.replicas || workload.paused) continue;
    const turn = turnOf(situation, status, step, work, workload);
    const faltering = isOver(turn, recordOf(status, workload)) ? falters(turn) : undefined;
    if (faltering !== undefined) return faltering;
  }
  return undefined;
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
  const short = isForward ? shortOfPods(situation, status, step, work, workloads) : undefined;
  let patch: Partial<NamespaceMigrationStatus> = {};
  for (const workload of workloads) {
    const current = { ...status, ...patch };
    const known = recordOf(current, workload);
    const outcome = nextFor(turnOf(situation, current, step, work, workload), known, short);
    patch = { ...patch, ...outcome.patch };
    if (outcome.kind !== 'Done') return { ...outcome, patch };
  }
  const watched = isForward ? watchedLongEnough(situation, { ...status, ...patch }, step) : undefined;
  return { ...(short ?? watched ?? { kind: 'Done' }), patch };
}
