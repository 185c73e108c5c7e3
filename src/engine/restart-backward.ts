import { least } from '../base/lists.ts';
import type { WorkloadRecord } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import { durationMs } from '../base/duration.ts';
import type { PodView } from '../mesh/views.ts';
import { heldUntilFirstIsBack } from './flip.ts';
import { heldBack } from './held.ts';
import { isRolledOut, restartsByEviction } from './rollout.ts';
import type { Outcome } from './situation.ts';
import {
  announce,
  complete,
  culprit,
  evict,
  isOlder,
  isResult,
  isOwnRestart,
  isWhole,
  pace,
  patchTemplate,
  pauseAfter,
  progress,
  restarting,
  restartValue,
  seeTemplate,
  troubles,
  wasChangedBack,
  type Turn,
} from './turn.ts';
import { deadline } from './waits.ts';

/**
 * Where the template stands: as we changed it on the way forward, as it was, or restarted once more on the way back.
 */
type Template = 'Forward' | 'Original' | 'Back';

function templateOf({ situation, status, step, workload }: Turn): Template {
  const current = workload.templateAnnotations[restartAnnotation];
  const attempt = status.attempt ?? 1;
  if (current === undefined || !isOwnRestart(situation, status, current)) return 'Original';
  return current.startsWith(restartValue(situation, attempt, step.name)) ? 'Back' : 'Forward';
}

function nameOf({ workload }: Turn): string {
  return `${workload.kind} ${workload.name}`;
}

/** Whether pods that are created now get back into the old data plane, as far as the labels of the namespace say. */
function labelsTakeBack({ situation: { adapter, spec, surroundings } }: Turn): boolean {
  return adapter.arrived({ from: spec.to, to: spec.from }, surroundings.namespace.labels);
}

function isFinished(turn: Turn): boolean {
  return isRolledOut(turn.workload) && (turn.workload.kind === 'Deployment' || isWhole(turn));
}

/** Starts the way back for a workload that needs it: pods in the wrong mode, or a template that we have changed. */
function begin(turn: Turn, record: WorkloadRecord | undefined, template: Template): Outcome {
  const { situation, stale, workload } = turn;
  if (template === 'Original') {
    if (stale.length === 0) return { kind: 'Done' };
    // Never restarted by us, and no restart would change it: it is as it was.
    if (record === undefined && !labelsTakeBack(turn)) return { kind: 'Done' };
  }
  return (workload.paused ? undefined : pace(situation)) ?? announce(turn, record, 1);
}

/** Our annotation has to go; who puts it back again makes it wait longer each time, and is named. */
function takeTemplateBack(turn: Turn, record: WorkloadRecord): Outcome {
  if (wasChangedBack(turn, record)) return announce(turn, record, record.patches + 1);
  const tries = record.patches - 1;
  const { over, until } = deadline(
    turn.situation,
    `${turn.step.name}: pause ${tries} of ${turn.workload.uid}`,
    pauseAfter(tries),
  );
  if (over) return pace(turn.situation) ?? patchTemplate(turn, record.original ?? null);
  const message = `${culprit(turn)} has changed the template of ${nameOf(turn)} back ${tries} times: find out which controller owns it; it is tried again, after a longer time each`;
  return { kind: 'Wait', until, stuck: tries > 1, message };
}

/**
 * Pods that the old template cannot replace by itself: OnDelete replaces none, and a StatefulSet never replaces a
 * broken pod of a newer revision ("forced rollback" in the documentation of StatefulSets). Once it is rolled out,
 * whatever is left.
 */
function evictable({ workload, stale }: Turn): readonly PodView[] {
  if (workload.kind !== 'Deployment' && (restartsByEviction(workload) || isRolledOut(workload))) return stale;
  return workload.kind === 'StatefulSet'
    ? stale.filter((pod) => !pod.ready && pod.revision !== workload.updateRevision)
    : [];
}

/** What a template has that was changed once more on the way back. */
function backValue({ situation, status, step }: Turn, { patches }: WorkloadRecord): string {
  return `${restartValue(situation, status.attempt ?? 1, step.name)}-${patches}`;
}

/**
 * Replaces pods that were created in the wrong mode while the template was as it is now. A Deployment may bring up
 * others before it takes these away, so it is asked to; the others replace a pod by deleting it first anyway, so theirs
 * are evicted.
 */
function replace(turn: Turn, record: WorkloadRecord, template: Template): Outcome | undefined {
  const { situation, workload, stale } = turn;
  if (workload.kind !== 'Deployment') return evict(turn, record, evictable(turn));
  const value = backValue(turn, record);
  const older = stale.find((pod) => isOlder(record, pod));
  if (older === undefined || workload.templateAnnotations[restartAnnotation] === value) return undefined;
  const due = record.patches > 1 || (template === 'Original' && isRolledOut(workload));
  return due ? (pace(situation) ?? patchTemplate(turn, value, older)) : undefined;
}

/**
 * Pods of this very try that came in the wrong mode: once more, after a time that grows; at once a person is needed if
 * no try can help.
 */
function again(turn: Turn, record: WorkloadRecord): Outcome | undefined {
  const { situation, step, stale } = turn;
  const { adapter, spec } = situation;
  const value = backValue(turn, record);
  const young = stale.filter((pod) => isResult(turn, record, pod, value));
  const [first] = young;
  if (first === undefined) return undefined;
  const mode = adapter.modeOf(first);
  const came = `pod ${first.name} of ${nameOf(turn)}${young.length > 1 ? ` and ${young.length - 1} others` : ''} came back in mode ${mode}, not ${adapter.modeFor(spec.from)}`;
  if (mode === adapter.modeFor(spec.to) && !labelsTakeBack(turn)) {
    return {
      kind: 'Wait',
      stuck: true,
      message: `${came}: the labels that the namespace had before do not put new pods into ${spec.from}, so no restart does; label the namespace or the template so that they do`,
    };
  }
  const patience = (pod: PodView): number =>
    pauseAfter(record.patches) +
    (adapter.modeOf(pod) === adapter.modeFor(spec.to) ? 0 : durationMs(spec.restart.enrolmentDeadline));
  const standing = young.map((pod) =>
    deadline(situation, `${step.name}: pod ${pod.uid} in the wrong mode`, patience(pod)),
  );
  if (standing.some(({ over }) => over)) return announce(turn, record, record.patches + 1);
  if (mode !== adapter.modeFor(spec.to)) return undefined;
  const message = `${came} (try ${record.patches}): look at what puts pods into ${spec.from}; they are replaced again, after a longer time each`;
  return { kind: 'Wait', until: least(standing.map(({ until }) => until)), stuck: record.patches > 1, message };
}

function wait(turn: Turn, record: WorkloadRecord): Outcome {
  const allowedMs = durationMs(turn.situation.spec.restart.progressDeadline);
  const { over, until } = progress(turn, allowedMs);
  if (over) return { kind: 'Wait', stuck: true, message: `${nameOf(turn)} does not come back: ${troubles(turn)}` };
  const what = `taking the restart back of ${nameOf(turn)}`;
  return restarting(turn, record, {
    until,
    allowedMs,
    what,
    otherwise: 'somebody has to look unless more of them are',
  });
}

function paused(turn: Turn, record: WorkloadRecord): Outcome {
  if (turn.stale.length === 0) return complete(turn, record);
  return {
    kind: 'Wait',
    stuck: true,
    message: `${nameOf(turn)} is paused and has pods in the new data plane (${troubles(turn)}): kubectl rollout resume it`,
  };
}

/** With no pod left in the wrong mode: the template as it was, and all pods there. */
function settle(turn: Turn, record: WorkloadRecord, template: Template): Outcome {
  const { situation, workload } = turn;
  if (template === 'Back' && (workload.paused || isRolledOut(workload)))
    return pace(situation) ?? patchTemplate(turn, record.original ?? null);
  if (record.completedAt !== undefined) return { kind: 'Done' };
  return isFinished(turn) ? complete(turn, record) : wait(turn, record);
}

/** What its template got since and its old data plane cannot do: its new pods would not run, or be in no mesh. */
function unfit({ situation, status, step, stale, workload }: Turn): Outcome | undefined {
  if (stale.length === 0) return undefined;
  const held = heldUntilFirstIsBack(situation, status, step);
  if (held !== undefined) return held;
  const finding = situation.adapter.unfitBack(situation.surroundings, workload, status.failure !== undefined);
  return finding && heldBack(situation, finding, `the way back of ${workload.kind} ${workload.name}`);
}

/**
 * A workload waits while pods beside it would refuse it in its old data plane, or get through; no slot is held
 * meanwhile.
 */
function awaitsOthers({ situation, stale, workload }: Turn): Outcome | undefined {
  const awaited = stale.length === 0 ? undefined : situation.adapter.awaitsBack(situation.surroundings, workload);
  return (
    awaited && {
      kind: 'Wait',
      parked: 'Waits',
      stuck: awaited.stuck,
      stalled: awaited.refusesOnly === true ? 'WouldBeRefused' : 'RollbackStuck',
      held: awaited.namespaces ?? [],
      message: awaited.message,
    }
  );
}

/**
 * Taking our annotation out again makes the controller return to the old revision, whose pods may still run: nothing is
 * restarted that was not. Only pods that are in the wrong mode by themselves (created while the namespace was flipped,
 * or while no injector answered) are replaced besides; at the end the template is as it was.
 */
function next(turn: Turn, record: WorkloadRecord | undefined): Outcome {
  const template = templateOf(turn);
  if (record?.step !== turn.step.name) return begin(turn, record, template);
  if (template === 'Forward') return takeTemplateBack(turn, record);
  seeTemplate(turn, record);
  if (turn.workload.paused && template === 'Original') return paused(turn, record);
  return turn.stale.length === 0
    ? settle(turn, record, template)
    : (replace(turn, record, template) ?? again(turn, record) ?? wait(turn, record));
}

/**
 * The next thing to do for one workload on the way back; what it has to wait for is asked right before each change,
 * because the pods around it may be others by then.
 */
export function restartBackward(turn: Turn, record: WorkloadRecord | undefined): Outcome {
  const outcome = next(turn, record);
  return outcome.kind === 'Announce' || outcome.kind === 'Write'
    ? (unfit(turn) ?? awaitsOthers(turn) ?? outcome)
    : outcome;
}
