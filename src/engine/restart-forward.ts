import type { WorkloadRecord } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import { durationMs } from '../base/duration.ts';
import { selects, type BudgetView, type PodView } from '../mesh/views.ts';
import { isRolledOut, restartsByEviction } from './rollout.ts';
import type { Outcome, Situation } from './situation.ts';
import { announce, complete, evict, pace, progress, patchTemplate, restartValue, type Turn } from './turn.ts';
import { deadline } from './waits.ts';

/** A budget that cannot spare what the restart takes, or whose status is not of its current spec. */
function tightBudget({ situation, workload }: Turn, takes: number): BudgetView | undefined {
  if (takes === 0) return undefined;
  return situation.surroundings.budgets
    .filter(({ selector }) => selector !== undefined && selects(selector, workload.templateLabels))
    .find(({ current, disruptionsAllowed }) => !current || disruptionsAllowed < takes);
}

/**
 * What has to hold before a workload is touched: it is whole, its PodDisruptionBudgets can spare what a restart takes
 * (a Deployment's rollout does not ask them, so we do), and the pods restarted before it are paid for.
 */
function guard(turn: Turn): Outcome | undefined {
  const { situation, workload } = turn;
  const name = `${workload.kind} ${workload.name}`;
  if (workload.available < workload.replicas) {
    return { kind: 'Wait', message: `${name} has ${workload.available} of ${workload.replicas} pods available; it is restarted when it is whole` };
  }
  const takes = restartsByEviction(workload) ? 1 : workload.maxUnavailable;
  const budget = tightBudget(turn, takes);
  if (budget !== undefined) {
    return { kind: 'Wait', message: `PodDisruptionBudget ${budget.name} can spare ${budget.disruptionsAllowed} pods, restarting ${name} takes ${takes}` };
  }
  return pace(situation);
}

/** A pod that is Ready but in no mesh, past its deadline; or the deadline of the first one that may still make it. */
function enrolment(situation: Situation, pods: readonly PodView[]): { readonly late?: PodView; readonly until: number } {
  const allowed = durationMs(situation.spec.restart.enrolmentDeadline);
  const target = situation.adapter.modeFor(situation.spec.to);
  let until = Infinity;
  for (const pod of pods) {
    const mode = situation.adapter.modeOf(pod);
    if (!pod.ready || mode === target || (mode !== 'None' && mode !== 'Transitional')) continue;
    const due = deadline(situation, `enrolment of pod ${pod.uid}`, allowed);
    if (due.over) return { late: pod, until };
    until = Math.min(due.until, until);
  }
  return { until };
}

/** A restart that has been announced and sent: fails at a deadline, else waits. The message is the same for every pod, so that a rollout of many pods does not write a status for each. */
function watchProgress(turn: Turn): Outcome {
  const { situation, workload, pods, stale } = turn;
  const { restart } = situation.spec;
  const name = `${workload.kind} ${workload.name}`;
  const { late, until } = turn.step.name === 'RestartWorkloads' ? enrolment(situation, pods) : { until: Infinity };
  if (late !== undefined) {
    return { kind: 'Failed', reason: 'PodNotEnrolled', message: `pod ${late.name} of ${name} is Ready but still ${situation.adapter.modeOf(late)} after ${restart.enrolmentDeadline}` };
  }
  if (workload.deadlineExceeded && workload.observedGeneration >= workload.generation) {
    return { kind: 'Failed', reason: 'ProgressDeadlineExceeded', message: `${name} made no progress within its progressDeadlineSeconds: ${workload.available} of ${workload.replicas} pods are available` };
  }
  const allowed = Math.min(durationMs(restart.progressDeadline), workload.progressDeadlineMs ?? Infinity);
  const due = progress(turn, allowed);
  if (due.over) {
    return { kind: 'Failed', reason: 'WorkloadUnavailable', message: `${name} made no progress for ${allowed / 1000}s after its restart: ${workload.available} of ${workload.replicas} pods are available, ${stale.length} not yet in their mode` };
  }
  return { kind: 'Wait', until: Math.min(due.until, until), message: `restarting ${name}` };
}

/** Evicts pod after pod; a failure counts before the next pod is taken. */
function evictOneByOne(turn: Turn, record: WorkloadRecord): Outcome {
  const watched = watchProgress(turn);
  return watched.kind === 'Failed' ? watched : evict(turn, record, turn.stale) ?? watched;
}

/** The next thing to do for one workload on the way to the new data plane. */
export function restartForward(turn: Turn, record: WorkloadRecord | undefined): Outcome {
  const { situation, status, step, workload, stale } = turn;
  if (record?.step !== step.name) {
    return stale.length === 0 ? { kind: 'Done' } : guard(turn) ?? announce(turn, record, restartsByEviction(workload) ? 0 : 1);
  }
  if (stale.length === 0 && isRolledOut(workload)) return complete(turn, record);
  if (restartsByEviction(workload)) return evictOneByOne(turn, record);
  const value = restartValue(situation, status.attempt ?? 1, step.name);
  return workload.templateAnnotations[restartAnnotation] === value ? watchProgress(turn) : patchTemplate(turn, record, value, stale[0]);
}
