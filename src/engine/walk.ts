import type { NamespaceMigrationStatus, Step } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { durationMs } from '../base/duration.ts';
import type { StepPlan, StepWork } from '../mesh/adapter.ts';
import type { Awaiting } from '../mesh/others.ts';
import { workloadOf } from '../mesh/look-up.ts';
import type { PodView } from '../mesh/views.ts';
import { applyStep } from './apply.ts';
import { flip, type Held } from './flip.ts';
import { fromList, hasLabels } from './label-values.ts';
import { alsoLacking, unreliable, withheld } from './reliance.ts';
import { removeStep } from './remove.ts';
import { restartStep } from './restart.ts';
import { scaleUp } from './scale.ts';
import { areSet, setEarly } from './set-early.ts';
import { bindStep, unbindStep } from './services.ts';
import { settling } from './settle.ts';
import type { Outcome, Situation } from './situation.ts';
import { countPods, verifyStep } from './verify.ts';
import { deadline, leavesEarly } from './waits.ts';
import type { StalledReason } from './ways-out.ts';
import { isConcerned } from './concerned.ts';
import { scopeCommander } from './course.ts';

/** Where a walk along an itinerary ended: at a step that is not done, or past the last one. */
export interface Walked {
  readonly status: NamespaceMigrationStatus;
  /** Done when every step is. */
  readonly outcome: Outcome;
}

/** Whether the labels that change after a step are as they will be then, whoever has set them. */
function isFlipped(situation: Situation, step: StepPlan, steps: readonly StepPlan[]): boolean {
  const flip = steps.slice(steps.indexOf(step)).find(({ work }) => work.kind === 'Labels');
  return flip !== undefined && areSet(situation, flip);
}

/** Sidecars are restarted for HBONE unless a person wants none of it, or the labels would give them none any more. */
function isLeftOut(
  situation: Situation,
  { itinerary }: NamespaceMigrationStatus,
  step: StepPlan,
  steps: readonly StepPlan[],
): boolean {
  if (step.name !== 'RestartForHbone' || itinerary === 'Hbone') return false;
  return situation.spec.restart.hbone === 'Never' || isFlipped(situation, step, steps);
}

function perform(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  steps: readonly StepPlan[],
): Outcome {
  const { work } = step;
  switch (work.kind) {
    case 'Check':
      return { kind: 'Done' }; // A namespace is only started when its findings allow it (`look.ts`), in the decision that starts it.
    case 'Snapshot':
      return { kind: 'Done' }; // The journal that starts a namespace holds its labels.
    case 'Baseline':
      return { kind: 'Done', patch: status.before === undefined ? { before: countPods(situation) } : {} };
    case 'Labels':
      return flip(situation, status, step, work, steps);
    case 'Restart':
      return isLeftOut(situation, status, step, steps) ? { kind: 'Done' } : restartStep(situation, status, step, work);
    case 'Verify':
      return verifyStep(situation, work, step.name);
    default:
      return performOnObjects(situation, step, work);
  }
}

/** The kinds of work on objects besides the namespace and its workloads. */
function performOnObjects(
  situation: Situation,
  step: StepPlan,
  work: Extract<StepWork, { kind: 'Apply' | 'Remove' | 'BindServices' | 'UnbindServices' }>,
): Outcome {
  switch (work.kind) {
    case 'Apply':
      return applyStep(situation, step, work);
    case 'Remove':
      return removeStep(situation, work);
    case 'BindServices':
      return bindStep(situation, work);
    case 'UnbindServices':
      return unbindStep(situation, work);
  }
}

function isBegun(steps: readonly Step[] | undefined, step: StepPlan): boolean {
  return (steps ?? []).some(({ name }) => name === step.name);
}

function begin(status: NamespaceMigrationStatus, step: StepPlan, now: number): NamespaceMigrationStatus {
  return {
    ...status,
    step: step.name,
    ...(!isBegun(status.steps, step) && {
      steps: [...(status.steps ?? []), { name: step.name, startedAt: timestamp(now) }],
    }),
  };
}

function isComplete(steps: readonly Step[] | undefined, step: StepPlan): boolean {
  return (steps ?? []).some(({ name, completedAt }) => name === step.name && completedAt !== undefined);
}

function complete(status: NamespaceMigrationStatus, step: StepPlan, now: number): NamespaceMigrationStatus {
  return {
    ...status,
    steps: (status.steps ?? []).map((entry) =>
      entry.name === step.name ? { ...entry, completedAt: timestamp(now) } : entry,
    ),
  };
}

/** A step whose work is done waits for its gate, but not for ever. */
function awaitGate(situation: Situation, step: StepPlan): Outcome {
  const missing = step.gate?.(situation.surroundings);
  if (missing === undefined) return { kind: 'Done' };
  const { progressDeadline } = situation.spec.restart;
  const { over, until } = deadline(situation, `gate of ${step.name}`, durationMs(progressDeadline));
  return over
    ? {
        kind: 'Failed',
        reason: 'GateNotReached',
        message: `${missing}, ${progressDeadline} after the work of ${step.name} was done`,
      }
    : (scaleUp(situation, step, missing) ?? { kind: 'Wait', until, message: missing });
}

/** On the way back pods that came in the wrong mode since are replaced too, whatever is to be done next. */
function askAgain(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  steps: readonly StepPlan[],
): Walked | undefined {
  if (status.direction !== 'Backward' || step.work.kind !== 'Restart') return undefined;
  const outcome = perform(situation, status, step, steps);
  if (outcome.kind === 'Done') return undefined;
  const held = withheld(outcome, step, unreliable(situation, step));
  return held === undefined ? { status: { ...status, ...outcome.patch }, outcome } : { status, outcome: held };
}

/**
 * The same on the way back, where the journal says that they were set: whoever has changed them since is not overruled.
 */
function isSeenBack(situation: Situation, status: NamespaceMigrationStatus, step: StepPlan): boolean {
  const { work } = step;
  if (work.kind === 'Labels') return areSet(situation, step) || hasLabels(fromList(status.labels ?? []), work.targets);
  return work.kind !== 'Remove' || removeStep(situation, work).kind === 'Done';
}

/**
 * Whether a step that the status calls complete shows that it is. The status is not proof: what it skips would be what
 * protects, a restart before the labels change, or Services that are still bound when their copies go.
 */
function isSeen(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  steps: readonly StepPlan[],
): boolean {
  const { work } = step;
  if (work.kind === 'UnbindServices') return unbindStep(situation, work).kind === 'Done';
  if (work.kind === 'Verify') return verifyStep(situation, work, step.name).kind === 'Done';
  if (status.direction !== 'Forward') return isSeenBack(situation, status, step);
  if (work.kind === 'Labels') return areSet(situation, step);
  if (work.kind !== 'Restart' || isLeftOut(situation, status, step, steps)) return true;
  const { pods, workloads } = situation.surroundings;
  const canRestart = (pod: PodView): boolean => workloadOf(pod, workloads)?.paused === false;
  const left = pods.some(
    (pod) =>
      !pod.terminating && isConcerned(situation, pod) && work.stale(pod, situation.surroundings) && canRestart(pod),
  );
  return isFlipped(situation, step, steps) || !left;
}

/**
 * It failed, or a person commanded this namespace back and was told before what that costs (`accept-edit.ts`). Who left
 * the scope was asked nothing.
 */
function isOwnWayBack({ failure, command }: NamespaceMigrationStatus): boolean {
  return failure !== undefined || (command?.action === 'Rollback' && command.by !== scopeCommander);
}

/** Going back is no way out for what goes back already. */
function reasonToWait({ direction }: NamespaceMigrationStatus, { yields }: Awaiting): StalledReason {
  if (yields === true) return 'WouldBeRefused';
  return direction === 'Backward' ? 'RollbackStuck' : 'WaitsForOthers';
}

/** What other namespaces have to do before a step; undefined if it waits for none. */
export function awaitsOthers(
  { surroundings }: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
): Held | undefined {
  const awaited = step.awaits?.(surroundings);
  if (awaited === undefined || (awaited.yields === true && isOwnWayBack(status))) return undefined;
  const { stuck, message, namespaces, yields } = awaited;
  // What ends when somebody insists is nobody's to replace.
  const held = yields === true ? undefined : (namespaces ?? (stuck ? [] : undefined));
  return {
    kind: 'Wait',
    parked: 'Waits',
    stuck,
    stalled: reasonToWait(status, awaited),
    ...(held && { held }),
    message,
  };
}

/**
 * Whether a step that would change something has to wait for other namespaces, or for a slot once it has given its own
 * back. What it would announce is not stored: nothing is begun meanwhile, and the next look decides anew.
 */
function park(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
  outcome: Outcome,
): Outcome | undefined {
  if (outcome.kind !== 'Write' && outcome.kind !== 'Announce') return setEarly(situation, status, step);
  const { noSlot } = situation;
  const awaits = awaitsOthers(situation, status, step);
  return awaits ?? (noSlot === undefined ? undefined : { kind: 'Wait', parked: 'WantsSlot', message: noSlot });
}

/** Does what is next of a step that is not complete, or not seen to be: `Done` when it is by now. */
function carryOut(
  situation: Situation,
  before: NamespaceMigrationStatus,
  step: StepPlan,
  steps: readonly StepPlan[],
): Walked {
  // Whatever it relies on has to hold without a break from when it is back.
  const lacking = unreliable(situation, step);
  const due = lacking === undefined ? settling(situation, step) : undefined;
  // Steps behind it may have been under way already, whose record was lost: none of their waits is over by that.
  if (due !== undefined) leavesEarly(situation);
  if (due !== undefined && !isBegun(before.steps, step)) return { status: before, outcome: due };
  const begun = begin(before, step, situation.now);
  const outcome = perform(situation, begun, step, steps);
  const held = withheld(outcome, step, lacking) ?? park(situation, begun, step, outcome);
  if (held !== undefined) return { status: { ...before, step: step.name }, outcome: held };
  const status = { ...begun, ...outcome.patch };
  if (outcome.kind === 'Write' && due !== undefined) return { status, outcome: due };
  if (outcome.kind !== 'Done') return { status, outcome: alsoLacking(outcome, lacking) };
  const gate = awaitGate(situation, step);
  return { status: gate.kind === 'Done' ? complete(status, step, situation.now) : status, outcome: gate };
}

/**
 * Goes along the steps as far as the observed state allows, in the order of the itinerary; a completed step is asked
 * again only where it is not seen.
 */
export function walk(situation: Situation, start: NamespaceMigrationStatus, steps: readonly StepPlan[]): Walked {
  let status = start;
  for (const step of steps) {
    if (isComplete(status.steps, step) && isSeen(situation, status, step, steps)) {
      const back = askAgain(situation, status, step, steps);
      if (back === undefined) continue;
      return back;
    }
    const walked = carryOut(situation, status, step, steps);
    if (walked.outcome.kind !== 'Done') return walked;
    status = walked.status;
  }
  return { status, outcome: { kind: 'Done' } };
}
