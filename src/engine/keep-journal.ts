import { journalAnnotation } from '../api/resources.ts';
import { timestamp } from '../base/clock.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { LabelTargets } from '../mesh/adapter.ts';
import { journalText, type Journal } from '../plan/journal.ts';
import type { Verdict } from './conditions.ts';
import { hold, type Draft } from './draft.ts';
import { journalPath } from './execute.ts';
import { fromList, observedLabels, sameLabels } from './label-values.ts';
import { namespacePatch } from './patches.ts';
import { leaveAlone, refusalOf } from './refused.ts';
import { bindsServices, recordsFor } from './service-records.ts';
import { refusalsToReport, type Situation, type Write } from './situation.ts';

/** Why it goes back, as far as the journal keeps it. */
function reasonOf({ direction, command, failure }: NamespaceMigrationStatus): Pick<Journal, 'by' | 'failure'> {
  const by =
    direction === 'Backward' && command?.action === 'Rollback' ? { name: command.by, at: command.at } : undefined;
  return { ...(by && { by }), ...(failure && { failure }) };
}

/**
 * Where it goes on from rest the attempt is another one, and what the ones before it restarted is still to be taken
 * back.
 */
function firstOf({ remembered }: Situation, capturedAt: string, attempt: number): Pick<Journal, 'first'> {
  const first = remembered?.capturedAt === capturedAt ? (remembered.first ?? remembered.attempt) : attempt;
  return first < attempt ? { first } : {};
}

/**
 * Whether anything has been changed since the labels were recorded, or is about to be: it is written with the labels,
 * and before a template or a Service is. What is true once stays so, whatever somebody makes of the labels afterwards.
 */
function changedSince(
  situation: Situation,
  status: NamespaceMigrationStatus,
  journal: Pick<Journal, 'capturedAt' | 'labels' | 'set' | 'services'>,
): Pick<Journal, 'changed'> {
  const { remembered } = situation;
  const { workloads = [] } = status;
  const before = remembered?.capturedAt === journal.capturedAt && remembered.changed === true;
  const binds = journal.services !== undefined && bindsServices(situation, status);
  const now = workloads.length > 0 || binds || !sameLabels(journal.labels, journal.set);
  return before || now ? { changed: true } : {};
}

type Before = Pick<Journal, 'unseen' | 'heldBefore' | 'requested' | 'callers'>;

/**
 * What nobody can tell any more on the way is asked once, with the labels: who is not seen by the sidecars of before,
 * what would have held a way back then, and which Services a waypoint was asked for.
 */
function askedOnce({ adapter, surroundings }: Situation): Before {
  const unseen = adapter.unseenBefore(surroundings);
  const requested = adapter.requests(surroundings);
  return {
    ...(requested.length > 0 && { requested }),
    ...(unseen && { unseen }),
    heldBefore: adapter.heldBefore(surroundings),
  };
}

/**
 * Who calls is asked at the start of each attempt: one that goes on from rest may be the first with a waypoint.
 */
function callersOf({ adapter, surroundings, remembered }: Situation, status: NamespaceMigrationStatus): Before {
  const { direction, attempt = 1, itinerary } = status;
  const callers =
    direction === 'Forward' && remembered?.attempt !== attempt
      ? adapter.callersBefore({ ...surroundings, ...(itinerary && { itinerary }) })
      : remembered?.callers;
  return callers === undefined ? {} : { callers };
}

function ofBefore(situation: Situation, { direction }: NamespaceMigrationStatus, capturedAt: string): Before {
  const { remembered } = situation;
  if (remembered?.capturedAt !== capturedAt && direction === 'Forward') return askedOnce(situation);
  const { unseen, heldBefore, requested } = remembered ?? {};
  return { ...(requested && { requested }), ...(unseen && { unseen }), ...(heldBefore && { heldBefore }) };
}

/** Which way it goes, and on the way back whether it was at rest before. */
function wayOf(
  { remembered }: Situation,
  { direction = 'Forward', itinerary = 'L4', waypoint }: NamespaceMigrationStatus,
): Pick<Journal, 'direction' | 'itinerary' | 'waypoint' | 'rested'> {
  const rested = remembered?.direction === 'Backward' ? remembered.rested === true : remembered?.arrived === true;
  return {
    direction,
    itinerary,
    ...(waypoint !== undefined && { waypoint }),
    ...(direction === 'Backward' && rested && { rested: true }),
  };
}

/** The journal of a status. `set` are the labels as they are from now on. */
export function journalOf(
  situation: Situation,
  status: NamespaceMigrationStatus,
  set: LabelTargets,
  arrived: boolean,
): string {
  const {
    object: { spec },
    migrationUid,
  } = situation;
  const { attempt = 1, original } = status;
  const services = recordsFor(situation, status);
  const capturedAt = original?.capturedAt ?? timestamp(situation.now);
  const labels = fromList(original?.labels ?? []);
  return journalText({
    migration: spec.migration,
    home: situation.surroundings.namespace.uid,
    uid: migrationUid,
    route: { from: spec.from, to: spec.to },
    attempt,
    ...firstOf(situation, capturedAt, attempt),
    ...wayOf(situation, status),
    capturedAt,
    labels,
    set,
    ...changedSince(situation, status, { capturedAt, labels, set, ...(services && { services }) }),
    ...(services && { services }),
    ...ofBefore(situation, status, capturedAt),
    ...callersOf(situation, status),
    ...(arrived && { arrived }),
    ...reasonOf(status),
  });
}

/** The patch of the namespace that changes labels and keeps the journal of it; with null the journal goes. */
export function patchWithJournal(
  situation: Situation,
  targets: LabelTargets,
  journal: string | null,
): Extract<Write, { kind: 'PatchNamespace' }> {
  return {
    kind: 'PatchNamespace',
    operations: namespacePatch(situation.surroundings.namespace, observedLabels(situation), targets, journal),
  };
}

/**
 * What the operator believes is written where nobody in the namespace can change it, before anything follows from it.
 * Safe: it changes our own annotation, if labels and annotation are as they were seen. Dying before: decided again;
 * after: the next look takes it from there, and the status is made from it.
 */
export function journalFirst(situation: Situation, before: NamespaceMigrationStatus, draft: Draft): Draft {
  const { status, phase, isBack = false } = draft;
  if (status.direction === undefined) return draft;
  const wanted = journalOf(
    situation,
    status,
    fromList(status.labels ?? []),
    isBack || phase === 'Migrated' || phase === 'Incomplete',
  );
  if (situation.surroundings.namespace.annotations[journalAnnotation] === wanted) return draft;
  const write = patchWithJournal(situation, {}, wanted);
  const refused = refusalOf(situation, write);
  if (refused === undefined || refused.count < refusalsToReport) return { ...draft, next: { kind: 'Journal', write } };
  // Refused again and again: the status says so, and nothing that would follow from it.
  const stays =
    before.direction === undefined ? 'Pending' : ((before.phase as typeof draft.phase | undefined) ?? draft.phase);
  const verdict: Verdict =
    refused.undone === true
      ? { state: 'Stalled', reason: 'WriteUndone', message: refused.message, way: leaveAlone }
      : {
          state: 'Stalled',
          reason: 'WriteRefused',
          message: `the journal of the namespace cannot be written: ${refused.message}`,
        };
  return { ...hold(before, stays, verdict), unanswered: true, next: { kind: 'Write', write } };
}

/** Whether a patch takes the journal off the namespace. */
export function dropsJournal(write: Write): boolean {
  return (
    write.kind === 'PatchNamespace' && write.operations.some(({ op, path }) => op === 'remove' && path === journalPath)
  );
}
