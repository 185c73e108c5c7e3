import type { WorkloadRecord } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import { durationMs } from '../base/duration.ts';
import { budgetGone, tightBudget } from './budgets.ts';
import { notEnrolled } from './enrolment.ts';
import { heldByFinding } from './held.ts';
import { isRolledOut, restartsByEviction } from './rollout.ts';
import type { Outcome } from './situation.ts';
import {
  announce,
  complete,
  culprit,
  evict,
  isWhole,
  pace,
  patchTemplate,
  progress,
  restarting,
  valueOf,
  seeTemplate,
  troubles,
  wasChangedBack,
  type Turn,
} from './turn.ts';
import { deadline } from './waits.ts';
import { commandLine } from './command-lines.ts';

/** Not for ever: the namespace holds a slot, and somebody has to look. */
function notYet({ situation, step, workload }: Turn, message: string): Outcome {
  const { over, until } = deadline(
    situation,
    `${step.name}: before ${workload.kind} ${workload.uid}`,
    durationMs(situation.spec.restart.progressDeadline),
    workload.available - workload.replicas,
  );
  return over ? { kind: 'Wait', stuck: true, stalled: 'NotRestartable', message } : { kind: 'Wait', until, message };
}

/**
 * What the mesh says about this one workload as it is now (its template, its Services and all around it): what would
 * break by its restart is not restarted.
 */
function mayBeRestarted({ situation, workload }: Turn): Outcome | undefined {
  const unfit = situation.adapter.unfit(situation.surroundings, workload);
  return unfit && heldByFinding(situation, unfit, `the restart of ${workload.kind} ${workload.name}`);
}

/**
 * How a workload is restarted: by its own rollout, or pod by pod where that would take more than its budgets can spare
 * now.
 */
type Manner = 'Rollout' | 'Evictions';

/**
 * What has to hold before a workload is touched: it is whole, its PodDisruptionBudgets can spare what a restart takes
 * (a Deployment's rollout does not ask them, so we do), nothing has come up that would break by its restart, and the
 * pods restarted before it are paid for.
 */
function guard(turn: Turn): Outcome | Manner {
  const { situation, workload } = turn;
  const name = `${workload.kind} ${workload.name}`;
  if (workload.available < workload.replicas) {
    return notYet(
      turn,
      `${name} has ${workload.available} of ${workload.replicas} pods available; it is restarted when it is whole: ${troubles(turn)}`,
    );
  }
  const byEviction = restartsByEviction(workload) || tightBudget(turn, workload.maxUnavailable) !== undefined;
  const budget = tightBudget(turn, byEviction ? 1 : workload.maxUnavailable);
  if (budget !== undefined)
    return notYet(
      turn,
      `PodDisruptionBudget ${budget.name} can spare ${budget.disruptionsAllowed} pods, restarting ${name} takes 1 at least`,
    );
  return budgetGone(turn) ?? mayBeRestarted(turn) ?? pace(situation) ?? (byEviction ? 'Evictions' : 'Rollout');
}

/** A restart that has been announced and sent: fails at a deadline, else waits. */
function watchProgress(turn: Turn, record: WorkloadRecord): Outcome {
  const { situation, workload, stale } = turn;
  const { restart } = situation.spec;
  const name = `${workload.kind} ${workload.name}`;
  const { failed, until } = notEnrolled(turn, record);
  if (failed !== undefined) return failed;
  if (workload.deadlineExceeded && workload.observedGeneration >= workload.generation) {
    return {
      kind: 'Failed',
      reason: 'ProgressDeadlineExceeded',
      message: `${name} made no progress within its progressDeadlineSeconds: ${workload.available} of ${workload.replicas} pods are available; ${troubles(turn)}`,
    };
  }
  const allowed = Math.min(durationMs(restart.progressDeadline), workload.progressDeadlineMs ?? Infinity);
  const due = progress(turn, allowed);
  if (due.over) {
    return {
      kind: 'Failed',
      reason: 'WorkloadUnavailable',
      message: `${name} made no progress for ${allowed / 1000}s after its restart: ${workload.available} of ${workload.replicas} pods are available, ${stale.length} not yet in their mode; ${troubles(turn)}`,
    };
  }
  const wait = restarting(turn, record, {
    until: due.until,
    allowedMs: allowed,
    what: `restarting ${name}`,
    otherwise: 'it fails unless more of them are',
  });
  return { ...wait, until: Math.min(wait.until, until) };
}

/** Evicts pod after pod; a failure counts before the next pod is taken. */
function evictOneByOne(turn: Turn, record: WorkloadRecord): Outcome {
  const watched = watchProgress(turn, record);
  const next = watched.kind === 'Failed' ? undefined : evict(turn, record, turn.stale);
  return next === undefined ? watched : (mayBeRestarted(turn) ?? next);
}

/** More often than this we do not fight: on the way forward somebody has to say who owns the template. */
const maxTries = 3;

/**
 * Somebody has changed the template back after we had seen it as it should be: who, and so often that it is no
 * accident.
 */
function changedBack(turn: Turn, record: WorkloadRecord): Outcome {
  if (record.patches < maxTries) return announce(turn, record, record.patches + 1);
  const {
    situation: { object },
    workload,
  } = turn;
  const place = { name: object.spec.migration, namespace: object.metadata.namespace };
  const message = `${culprit(turn)} has changed the template of ${workload.kind} ${workload.name} back ${record.patches} times: find out which controller owns it`;
  return {
    kind: 'Foreign',
    message: `${message}. To go on: ${commandLine('GoOn', place)}; to go back: ${commandLine('GoBack', place)}`,
  };
}

function rollOut(turn: Turn, record: WorkloadRecord): Outcome {
  const { situation, workload, stale } = turn;
  const value = valueOf(turn);
  if (workload.templateAnnotations[restartAnnotation] !== value) {
    return wasChangedBack(turn, record)
      ? changedBack(turn, record)
      : (pace(situation) ?? mayBeRestarted(turn) ?? patchTemplate(turn, value, stale[0]));
  }
  seeTemplate(turn, record);
  return watchProgress(turn, record);
}

/** The next thing to do for one workload on the way to the new data plane. */
export function restartForward(turn: Turn, record: WorkloadRecord | undefined): Outcome {
  const { step, workload, stale } = turn;
  if (record?.step !== step.name) {
    if (stale.length === 0) return { kind: 'Done' };
    const manner = guard(turn);
    return typeof manner === 'string' ? announce(turn, record, manner === 'Evictions' ? 0 : 1) : manner;
  }
  const byEviction = record.patches === 0 || restartsByEviction(workload);
  if (stale.length === 0 && isRolledOut(workload) && (!byEviction || isWhole(turn))) return complete(turn, record);
  return byEviction ? evictOneByOne(turn, record) : rollOut(turn, record);
}
