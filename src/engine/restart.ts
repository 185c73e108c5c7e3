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

/** One Restart step: the workloads in order, one at a time, each announced before it is touched. */
export function restartStep(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  work: RestartWork,
): Outcome {
  const restart = status.direction === 'Forward' ? restartForward : restartBackward;
  let patch: Partial<NamespaceMigrationStatus> = {};
  for (const workload of work.order?.(situation.surroundings) ?? situation.surroundings.workloads) {
    const current = { ...status, ...patch };
    const known = current.workloads?.find((record) => isOf(record, workload));
    const turn = turnOf(situation, current, step, work, workload);
    // A patch of a paused Deployment changes no pods, so forward it waits for its owner, and back its template is
    // looked at.
    if (isOver(turn, known) || (workload.paused && status.direction === 'Forward')) continue;
    const outcome = restart(turn, known);
    patch = { ...patch, ...outcome.patch };
    if (outcome.kind !== 'Done') return { ...outcome, patch };
  }
  return { kind: 'Done', patch };
}
