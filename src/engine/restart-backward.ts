import type { WorkloadRecord } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import { durationMs } from '../base/duration.ts';
import type { PodView } from '../mesh/views.ts';
import { isRolledOut, restartsByEviction } from './rollout.ts';
import type { Outcome } from './situation.ts';
import { announce, complete, evict, pace, patchTemplate, progress, restartValue, type Turn } from './turn.ts';

/** Where the template stands: as we changed it on the way forward, as it was, or restarted once more on the way back. */
type Template = 'Forward' | 'Original' | 'Back';

function templateOf({ situation, status, step, workload }: Turn): Template {
  const current = workload.templateAnnotations[restartAnnotation];
  const attempt = status.attempt ?? 1;
  if (current?.startsWith(restartValue(situation, attempt, '')) !== true) return 'Original';
  return current === restartValue(situation, attempt, step.name) ? 'Back' : 'Forward';
}

/**
 * Pods that the old template cannot replace by itself: OnDelete replaces none, and a StatefulSet never replaces a broken
 * pod of a newer revision ("forced rollback" in the documentation of StatefulSets).
 */
function evictable({ workload, stale }: Turn): readonly PodView[] {
  if (restartsByEviction(workload)) return stale;
  return workload.kind === 'StatefulSet' ? stale.filter((pod) => !pod.ready && pod.revision !== workload.updateRevision) : [];
}

/** Starts the way back for a workload that needs it: pods in the wrong mode, or a rollout of ours that never finished. */
function begin(turn: Turn, record: WorkloadRecord | undefined, template: Template): Outcome {
  const { situation, workload, stale } = turn;
  const settled = stale.length === 0 && (template !== 'Forward' || isRolledOut(workload));
  return settled ? { kind: 'Done' } : pace(situation) ?? announce(turn, record, restartsByEviction(workload) ? 0 : 1);
}

function wait(turn: Turn): Outcome {
  const { situation, workload } = turn;
  const { over, until } = progress(turn, durationMs(situation.spec.restart.progressDeadline));
  return { kind: 'Wait', stuck: over, ...(!over && { until }), message: `taking the restart back of ${workload.kind} ${workload.name}` };
}

/** With the old template in place: done, or what it takes to get rid of the pods that are still in the wrong mode. */
function replaceStale(turn: Turn, record: WorkloadRecord, template: Template): Outcome | undefined {
  const { situation, status, step, workload, stale } = turn;
  const rolledOut = isRolledOut(workload);
  if (stale.length === 0) return rolledOut ? complete(turn, record) : undefined;
  const eviction = evict(turn, record, evictable(turn));
  if (eviction !== undefined || !rolledOut || template !== 'Original') return eviction;
  return patchTemplate(turn, record, restartValue(situation, status.attempt ?? 1, step.name), stale[0]);
}

/**
 * The next thing to do for one workload on the way back. Taking our annotation out again makes the controller return to
 * the old revision, whose pods may still run: nothing is restarted that was not. Only when pods of the old revision are
 * in the wrong mode themselves (created while the namespace was flipped) are they restarted once more.
 */
export function restartBackward(turn: Turn, record: WorkloadRecord | undefined): Outcome {
  // A template that rolls nothing out was never changed.
  const template = restartsByEviction(turn.workload) ? 'Back' : templateOf(turn);
  if (record?.step !== turn.step.name) return begin(turn, record, template);
  if (template === 'Forward') return patchTemplate(turn, record, record.original ?? null);
  return replaceStale(turn, record, template) ?? wait(turn);
}
