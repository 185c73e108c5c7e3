import { isDeepStrictEqual } from 'node:util';
import type { NamespaceMigrationStatus, NamespacePhase, StepName } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { editOf } from './commands.ts';
import { conditionsFor, type Verdict } from './conditions.ts';
import { foreignChange, observedLabels, readOriginal, toList } from './labels.ts';
import { look } from './look.ts';
import { namespacePatch } from './patches.ts';
import type { Decision, Next, Outcome, Situation } from './situation.ts';
import { countPods } from './verify.ts';
import { dueLabels, walk } from './walk.ts';
import type { Itinerary } from '../mesh/adapter.ts';

/** Counts of pods are refreshed at most this often while nothing else changes, to spare the API server. */
const countEveryMs = 5000;

/** A decision before phase, conditions and counts are filled in, which is done in one place for all of them. */
export interface Draft {
  readonly status: NamespaceMigrationStatus;
  readonly phase: NamespacePhase;
  readonly verdict: Verdict;
  readonly next: Next;
  /** Milliseconds since the epoch, if it waits for nothing but the clock. */
  readonly waitUntil?: number;
}

/** What is to be done with a namespace that was started. */
type Course = 'Forward' | 'Backward' | 'Hold' | 'Seal' | 'Rest';

function courseOf({ wanted, spec }: Situation, status: NamespaceMigrationStatus): Course {
  const arrived = status.phase === 'Migrated';
  const deleteInFlight = wanted === 'DeleteLeave' && !arrived;
  if (status.direction === 'Backward' || wanted === 'Rollback' || deleteInFlight || status.command?.action === 'Rollback') return 'Backward';
  if (status.failure !== undefined) return spec.rollback.automatic ? 'Backward' : 'Hold';
  if (arrived) return wanted === 'Finalize' || wanted === 'DeleteLeave' ? 'Seal' : 'Rest';
  if (status.command?.action === 'Pause' || wanted === 'Pause' || wanted === 'Plan') return 'Hold';
  return 'Forward';
}

/** A command that makes sense now is taken over; any other is answered and the phase put back. */
function acceptEdit(situation: Situation, status: NamespaceMigrationStatus): { readonly status: NamespaceMigrationStatus; readonly answer?: string } {
  const edit = editOf(situation.object.status, situation.object.metadata.managedFields, situation.now);
  if (edit === undefined) return { status };
  if (edit.kind === 'Senseless') return { status, answer: edit.message };
  const { command } = edit;
  const phase = status.phase;
  switch (command.action) {
    case 'Rollback':
      if (status.direction === undefined) return { status, answer: `${command.by} asked for a rollback, but this namespace is ${phase ?? 'not started'}: there is nothing to roll back` };
      return { status: { ...status, command } };
    case 'Pause':
      if (status.direction === 'Backward' || phase === 'Migrated' || phase === 'Finalized') return { status, answer: `${command.by} asked for a pause, but a namespace that is ${phase ?? 'not started'} cannot be paused` };
      return { status: { ...status, command } };
    case 'Migrate':
      if (status.direction === 'Backward' || phase === 'Migrated' || phase === 'Finalized') return { status, answer: `${command.by} asked to go on, but the namespace is ${phase ?? 'not started'}` };
      return { status: resumed(situation, status) };
  }
}

/** Labels may have been changed meanwhile, so their steps are asked again; before the first of them the snapshot is too. */
function keptOnResume(step: StepName, flipped: boolean): boolean {
  return step !== 'Flip' && step !== 'ReleaseCapture' && (flipped || step !== 'Snapshot');
}

/** Goes on after a pause, a failure or a rollback: the labels as they are now are accepted, and the steps are gone through again. */
function resumed(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  const { command: _command, failure: _failure, ...rest } = status;
  if (status.direction === undefined) return { ...rest, phase: 'Pending' };
  const { original, ...unflipped } = rest;
  const flipped = readOriginal(situation.surroundings.namespace) !== undefined;
  return {
    ...unflipped,
    ...(flipped && original !== undefined && { original }),
    phase: 'Migrating',
    labels: toList(observedLabels(situation)),
    steps: (status.steps ?? []).filter(({ name, completedAt }) => completedAt !== undefined && keptOnResume(name, flipped)),
    workloads: (status.workloads ?? []).map((record) => (record.completedAt === undefined ? { ...record, patches: 0, startedAt: timestamp(situation.now) } : record)),
  };
}

function inProgress(outcome: Extract<Outcome, { message: string }>, reason: string): Pick<Draft, 'verdict' | 'next' | 'waitUntil'> {
  const stuck = outcome.kind === 'Wait' && outcome.stuck === true;
  const verdict: Verdict = { state: stuck ? 'Stalled' : 'InProgress', reason, message: outcome.message };
  if (outcome.kind === 'Write') return { verdict, next: { kind: 'Write', write: outcome.write } };
  const until = outcome.kind === 'Wait' || outcome.kind === 'Pace' ? outcome.until : undefined;
  return { verdict, next: { kind: 'Wait', ...(until !== undefined && { until }) }, ...(outcome.kind === 'Pace' && { waitUntil: outcome.until }) };
}

function fail(situation: Situation, status: NamespaceMigrationStatus, reason: string, message: string, itinerary: Itinerary): Draft {
  const failed = { ...status, failure: { reason, message: message.slice(0, 1024), at: timestamp(situation.now) } };
  return situation.spec.rollback.automatic ? goBack(situation, failed, itinerary) : hold(failed, 'Failed', { state: 'Stalled', reason, message });
}

function hold(status: NamespaceMigrationStatus, phase: NamespacePhase, verdict: Verdict): Draft {
  return { status, phase, verdict, next: { kind: 'Wait' } };
}

function goForward(situation: Situation, status: NamespaceMigrationStatus, itinerary: Itinerary): Draft {
  const foreign = foreignChange(situation, status, dueLabels(status, itinerary.forward));
  if (foreign !== undefined) return hold(status, 'Paused', { state: 'Stalled', reason: 'ForeignChange', message: foreign });
  const critical = situation.adapter.findings(situation.surroundings, 'UnderWay').find(({ severity }) => severity === 'Critical');
  if (critical !== undefined) {
    const listed = [critical, ...(status.findings ?? []).filter((finding) => finding.id !== critical.id || finding.object !== critical.object)];
    return fail(situation, { ...status, findings: listed }, 'CriticalFinding', `${critical.id} ${critical.object}: ${critical.message}`, itinerary);
  }
  const walked = walk(situation, status, itinerary.forward);
  const { outcome } = walked;
  switch (outcome.kind) {
    case 'Done': {
      const { step: _step, ...rest } = walked.status;
      return { status: rest, phase: 'Migrated', verdict: { state: 'Ready', reason: 'Migrated', message: 'every pod that can be is in its new data plane' }, next: { kind: 'Wait' } };
    }
    case 'Failed': return fail(situation, walked.status, outcome.reason, outcome.message, itinerary);
    case 'Foreign': return hold(walked.status, 'Paused', { state: 'Stalled', reason: 'ForeignChange', message: outcome.message });
    default: return { status: walked.status, phase: 'Migrating', ...inProgress(outcome, walked.status.step ?? 'Migrating') };
  }
}

function goBack(situation: Situation, status: NamespaceMigrationStatus, itinerary: Itinerary): Draft {
  const turned: NamespaceMigrationStatus = { ...status, direction: 'Backward' };
  const walked = walk(situation, turned, itinerary.backward);
  const { outcome } = walked;
  switch (outcome.kind) {
    case 'Done': {
      const { step: _step, direction: _direction, labels: _labels, ...rest } = walked.status;
      const why = rest.failure === undefined ? '' : ` after ${rest.failure.reason}: ${rest.failure.message}`;
      return { status: rest, phase: 'RolledBack', verdict: { state: situation.spec.action === 'Rollback' ? 'Ready' : 'Stalled', reason: rest.failure?.reason ?? 'RolledBack', message: `back as it was${why}` }, next: { kind: 'Wait' } };
    }
    // A rollback has nowhere to go back to: it reports and keeps trying, with the capture still held.
    case 'Failed': case 'Foreign':
      return { status: walked.status, phase: 'RollingBack', verdict: { state: 'Stalled', reason: 'RollbackStuck', message: outcome.message }, next: { kind: 'Wait' } };
    default: return { status: walked.status, phase: 'RollingBack', ...inProgress(outcome, walked.status.step ?? 'RollingBack') };
  }
}

/** The point of no return: the original leaves the namespace, nothing else changes. */
function seal(situation: Situation, status: NamespaceMigrationStatus): Draft {
  const { namespace } = situation.surroundings;
  const operations = namespacePatch(namespace, observedLabels(situation), {}, null);
  // Safe: removes only our own annotation. Dying before: sent again; after: the annotation is gone and the phase follows.
  if (operations.some(({ op }) => op === 'remove')) {
    return { status, phase: 'Migrated', verdict: { state: 'InProgress', reason: 'Finalizing', message: 'removing the record of the original labels' }, next: { kind: 'Write', write: { kind: 'PatchNamespace', operations } } };
  }
  const { direction: _direction, labels: _labels, ...rest } = status;
  return hold(rest, 'Finalized', { state: 'Ready', reason: 'Finalized', message: 'migrated for good; there is no rollback any more' });
}

function rest(situation: Situation, status: NamespaceMigrationStatus): Draft {
  const foreign = foreignChange(situation, status, {});
  return hold(status, 'Migrated', foreign === undefined
    ? { state: 'Ready', reason: 'Migrated', message: 'every pod that can be is in its new data plane' }
    : { state: 'Stalled', reason: 'ForeignChange', message: foreign });
}

function continueCourse(situation: Situation, status: NamespaceMigrationStatus): Draft {
  const original = Object.fromEntries((status.original?.labels ?? []).map(({ key, value }) => [key, value ?? null]));
  const itinerary = situation.adapter.itinerary(situation.spec, status.original === undefined ? observedLabels(situation) : original);
  switch (courseOf(situation, status)) {
    case 'Forward': return goForward(situation, status, itinerary);
    case 'Backward': return goBack(situation, status, itinerary);
    case 'Seal': return seal(situation, status);
    case 'Rest': return rest(situation, status);
    case 'Hold': return status.failure === undefined
      ? hold(status, 'Paused', { state: 'Stalled', reason: 'Paused', message: status.command === undefined ? `spec.action is ${situation.wanted}` : `paused by ${status.command.by} at ${status.command.at}` })
      : hold(status, 'Failed', { state: 'Stalled', reason: status.failure.reason, message: status.failure.message });
  }
}

/** Fills in what every decision has: phase, conditions, counts. The only place that does. */
function finish(situation: Situation, draft: Draft, answer: string | undefined): Decision {
  const { object, now } = situation;
  const before = object.status ?? {};
  const { message: _message, waitUntil: _waitUntil, ...status } = draft.status;
  const generation = object.metadata.generation ?? 1;
  const settled: NamespaceMigrationStatus = {
    ...status,
    phase: draft.phase,
    writtenPhase: draft.phase,
    observedGeneration: generation,
    message: draft.verdict.message.slice(0, 1024),
    ...(draft.waitUntil !== undefined && { waitUntil: timestamp(draft.waitUntil) }),
    conditions: conditionsFor(draft.verdict, before.conditions, generation, now, answer),
  };
  return { status: withCounts(situation, settled), next: dueCount(situation, settled, draft.next) };
}

/** Whether the counts in the status are still meant to follow the pods. Afterwards they stay, so that nothing is written any more. */
function isUnderWay(status: NamespaceMigrationStatus): boolean {
  return status.phase === 'Migrating' || status.phase === 'RollingBack' || status.phase === 'Paused';
}

function withCounts(situation: Situation, status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  const changedPhase = status.phase !== situation.object.status?.writtenPhase;
  const age = situation.now - Date.parse(status.podsObservedAt ?? timestamp(0));
  const pods = countPods(situation);
  if (isDeepStrictEqual(pods, status.pods) || (!changedPhase && (!isUnderWay(status) || age < countEveryMs))) return status;
  return { ...status, pods, podsObservedAt: timestamp(situation.now) };
}

function dueCount(situation: Situation, status: NamespaceMigrationStatus, next: Next): Next {
  if (next.kind === 'Write' || !isUnderWay(status) || isDeepStrictEqual(countPods(situation), status.pods)) return next;
  const due = Date.parse(status.podsObservedAt ?? timestamp(0)) + countEveryMs;
  return { kind: 'Wait', until: Math.min(due, next.until ?? due) };
}

/**
 * The one decision about a namespace: pure, from what was observed and what was stored to the next status and at most one
 * write. Calling it again with the same picture gives the same answer, so a crash between any two steps is harmless.
 */
export function decide(situation: Situation): Decision {
  const { phase: _edited, ...stored } = situation.object.status ?? {};
  const { status, answer } = acceptEdit(situation, { ...stored, ...(stored.writtenPhase !== undefined && { phase: stored.writtenPhase }) });
  const draft = status.direction === undefined ? look(situation, status) : continueCourse(situation, status);
  return finish(situation, blame(situation, draft), answer);
}

/** A write that the API server keeps refusing is no progress: the status says who refuses it and why, while it is tried again. */
function blame({ refused }: Situation, draft: Draft): Draft {
  if (refused === undefined || draft.next.kind !== 'Write') return draft;
  return { ...draft, verdict: { state: 'Stalled', reason: 'WriteRefused', message: `${draft.verdict.message}, but it is refused: ${refused}` } };
}
