import { fieldManager, restartAnnotation } from '../api/resources.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { StepPlan, StepWork } from '../mesh/adapter.ts';
import { isLate, isOf, journalOn } from '../plan/journal.ts';
import { patchWithJournal } from './keep-journal.ts';
import { observedLabels } from './label-values.ts';
import { isOfThis, ownObjects, unwatchedOf } from './own-objects.ts';
import { templatePatch } from './patches.ts';
import { removeStep } from './remove.ts';
import { withRecords } from './service-records.ts';
import { unbindStep } from './services.ts';
import { settling } from './settle.ts';
import type { Next, Outcome, Situation, Write } from './situation.ts';
import { restartOf } from './turn.ts';
import { isConcerned } from './concerned.ts';

/**
 * How long after its last write a namespace may still receive one: the operator gives a request up after 15 s, and an
 * API server ends each after a minute at the latest (its `--request-timeout`); what lies between them may hold it up as
 * well.
 */
export const lateMs = 75_000;

type RemoveWork = Extract<StepWork, { kind: 'Remove' }>;

function backward(situation: Situation, { itinerary }: NamespaceMigrationStatus): readonly StepPlan[] {
  return situation.adapter.itinerary(situation.spec, observedLabels(situation), itinerary ?? 'L4').backward;
}

/** What is left of the objects of this migration, not of one before, which has been finalized. */
function isLeft(situation: Situation, work: RemoveWork): boolean {
  return ownObjects(situation, work.steps).some((object) => isOfThis(situation, object));
}

/** The journal that would start the namespace once more. */
export function lateJournal(situation: Situation): Write | undefined {
  const {
    surroundings: { namespace },
    object: { spec },
    returned,
  } = situation;
  const journal = journalOn(namespace);
  return isOf(journal, spec.migration, spec) && isLate(journal, returned)
    ? patchWithJournal(situation, {}, null)
    : undefined;
}

/**
 * A template that is restarted after all. Only where our own write set the annotation: who applies a template with it
 * has exported it, and would have his workload restarted each time by the two of us. A namespace that was only
 * restarted keeps it.
 */
function lateTemplate(
  { surroundings: { workloads }, migrationUid }: Situation,
  { itinerary, attempt, workloads: records = [] }: NamespaceMigrationStatus,
): Write | undefined {
  if (itinerary === 'Hbone' || attempt === undefined) return undefined;
  const found = workloads.find(
    ({ templateAnnotations, templateManager }) =>
      templateManager === fieldManager && restartOf(templateAnnotations[restartAnnotation], migrationUid) === attempt,
  );
  if (found === undefined) return undefined;
  const { kind, name, uid } = found;
  const before =
    records.find((record) => record.kind === kind && record.name === name && record.uid === uid)?.original ?? null;
  return { kind: 'PatchTemplate', workload: { kind, name }, operations: templatePatch(found, before) };
}

/** Whether a pod is in the new data plane, after all: then what protects it stays, whoever has put it there. */
function isPeopled(situation: Situation): boolean {
  const { adapter, spec, surroundings } = situation;
  const mode = adapter.modeFor(spec.to);
  return surroundings.pods.some((pod) => isConcerned(situation, pod) && adapter.modeOf(pod) === mode);
}

/**
 * A write that came late has set the labels too: a record without them is somebody else's, and says nothing about them.
 */
function withoutPlanted(situation: Situation, { itinerary = 'L4', waypoint }: NamespaceMigrationStatus): Situation {
  const services = withRecords(situation, {
    labels: observedLabels(situation),
    itinerary,
    ...(waypoint !== undefined && { waypoint }),
  });
  return { ...situation, surroundings: { ...situation.surroundings, services } };
}

/** What is left of one step; undefined when nothing is. */
function leftOf(situation: Situation, status: NamespaceMigrationStatus, step: StepPlan): Outcome | undefined {
  const { work } = step;
  if (work.kind === 'UnbindServices') return unbindStep(withoutPlanted(situation, status), work);
  return work.kind === 'Remove' && isLeft(situation, work)
    ? (settling(situation, step) ?? removeStep(situation, work))
    : undefined;
}

/**
 * What came after all: a Service that is bound again, an object that is there again. In the order of the way back, of
 * which no step is passed over, with its gates and the time that proxies get: what decides at a waypoint stays until
 * nobody is sent there any more.
 */
function late(situation: Situation, status: NamespaceMigrationStatus, steps: readonly StepPlan[]): Next | undefined {
  if (isPeopled(situation)) return undefined;
  for (const step of steps) {
    const outcome = leftOf(situation, status, step);
    if (outcome === undefined) continue;
    if (outcome.kind === 'Write') return { kind: 'Write', write: outcome.write };
    if (outcome.kind === 'Pace') return { kind: 'Wait', until: outcome.until };
    if (outcome.kind !== 'Done') return undefined;
    if (step.gate?.(situation.surroundings) !== undefined) return { kind: 'Wait' };
  }
  return undefined;
}

/**
 * After a rollback is over, what a write has left that arrived later than anybody waited for it (a proxy held it up, or
 * a leader that was deposed sent it): its order is gone, so it goes. What is watched is seen whenever it comes; for
 * what is not watched there is one more look, after the time in which a write may still arrive.
 *
 * Safe: deletes by uid only what is as the operator made it for this migration, and takes from Services only labels of
 * which it keeps the originals; a pod that a template restarts comes back as the namespace's labels have it, which are
 * those of before (every patch of these tests the journal, so none arrives late). Dying before or after: the next
 * process sees, or looks for, the same.
 */
export function sweep(situation: Situation, status: NamespaceMigrationStatus): Next {
  const steps = backward(situation, status);
  const isOverdue = situation.quietMs > 2 * lateMs;
  // What comes later than any write can is somebody's own: a backup that was restored, for example.
  const came = isOverdue ? undefined : late(situation, status, steps);
  if (came !== undefined) return came;
  const template = isOverdue ? undefined : lateTemplate(situation, status);
  if (template !== undefined) return { kind: 'Write', write: template };
  const objects = steps.flatMap(({ work }) => (work.kind === 'Remove' ? unwatchedOf(situation, work) : []));
  if (objects.length === 0 || situation.sweptLate) return { kind: 'Wait' };
  return situation.quietMs < lateMs
    ? { kind: 'Wait', until: situation.now + lateMs - situation.quietMs }
    : { kind: 'Write', write: { kind: 'Remove', objects } };
}
