import { NamespacePhase, type NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { commanded, journalLost, type Returned } from '../api/mesh-migration-status.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isNewer, isOf, journalBeside, journalOn, type Journal } from '../plan/journal.ts';
import { toList } from './label-values.ts';
import type { Situation } from './situation.ts';
import { withRecords } from './service-records.ts';
import { readable } from './stored.ts';
import { isUnended } from './lost-journal.ts';
import { isClosing, isSealing } from './verdicts.ts';
import { withoutGates } from './without-gates.ts';

/** Where the operator cannot be fooled about one namespace. */
export interface Evidence {
  readonly namespace: NamespaceView;
  readonly journal: Journal | undefined;
  /** That it went back and is not started again by itself. */
  readonly returned: Returned | undefined;
}

/** The evidence about the namespace of a record; an entry about another namespace of the same name is none. */
export function evidenceOf(
  { spec }: NamespaceMigration,
  namespace: NamespaceView,
  entry: Returned | undefined,
): Evidence {
  const journal = journalOn(namespace);
  const returned = entry?.uid === namespace.uid ? entry : undefined;
  return {
    namespace,
    journal: isOf(journal, spec.migration, spec) ? journalBeside(journal, returned, namespace.labels) : undefined,
    returned,
  };
}

/**
 * What somebody took off the namespace while this process looked on, or wrote an older one over, is still true, and is
 * put back.
 */
export function journalKept({
  remembered,
  object: { spec },
  surroundings: { namespace },
}: Situation): Journal | undefined {
  if (!isOf(remembered, spec.migration, spec)) return undefined;
  const journal = journalOn(namespace);
  return journal === undefined || (isOf(journal, spec.migration, spec) && isNewer(remembered, journal))
    ? remembered
    : undefined;
}

/** The phases that a journal admits, the usual one first. */
const resting = ['Migrated', 'Incomplete'] as const;
const moving = ['Migrating', 'Paused', 'Failed'] as const;

function phaseOf({ direction, arrived }: Journal, claimed: string | undefined): string {
  if (direction === 'Backward') return 'RollingBack';
  const [usual, ...others] = arrived === true ? resting : moving;
  return others.find((phase) => phase === claimed) ?? usual;
}

/**
 * What a command means for a namespace that is under way: one to start is no command any more, nor is one to go back
 * that was taken back, which the journal tells by another attempt.
 */
function commandOf(
  { by, direction, attempt }: Journal,
  { command, direction: stored, attempt: before }: NamespaceMigrationStatus,
): Pick<NamespaceMigrationStatus, 'command'> {
  if (direction === 'Backward' && by !== undefined) return { command: { action: 'Rollback', by: by.name, at: by.at } };
  const isTakenBack = direction === 'Forward' && stored === 'Backward' && attempt !== before;
  if (isTakenBack && command?.action === 'Rollback') return {};
  return command === undefined || command.action === 'Migrate' ? {} : { command };
}

function started(status: NamespaceMigrationStatus, journal: Journal, { uid }: NamespaceView): NamespaceMigrationStatus {
  // What was done in another attempt says nothing about this one; what was counted before the first change does.
  const same = status.attempt === journal.attempt;
  const {
    command: _command,
    failure: _failure,
    steps,
    workloads,
    before,
    waypoint: _waypoint,
    ...rest
  } = same ? status : withoutGates(status);
  const isSinceThen = same || status.original?.capturedAt === journal.capturedAt;
  const { failure } = journal;
  return {
    ...rest,
    ...commandOf(journal, status),
    phase: phaseOf(journal, status.writtenPhase),
    direction: journal.direction,
    attempt: journal.attempt,
    itinerary: journal.itinerary,
    ...(journal.waypoint !== undefined && { waypoint: journal.waypoint }),
    original: { namespaceUid: uid, capturedAt: journal.capturedAt, labels: toList(journal.labels) },
    labels: toList(journal.set),
    steps: same ? (steps ?? []) : [],
    workloads: same ? (workloads ?? []) : [],
    ...(isSinceThen && before !== undefined && { before }),
    ...(failure !== undefined && { failure: { ...failure } }),
  };
}

/** Why it went back, as the MeshMigration keeps it; the words of before where they are about the same. */
function returnedAs(
  { reason, at, by, over: isOver }: Returned,
  status: NamespaceMigrationStatus,
): NamespaceMigrationStatus {
  const { command, failure } = status;
  // Where it stands is found at each look; a command to start is kept until the MeshMigration has noted it.
  if (reason === journalLost) return command?.action === 'Migrate' ? { command } : {};
  // An entry is there since the way back has begun: it does not tell that it is over.
  const over = isOver === true ? ({ phase: 'RolledBack' } as const) : {};
  if (command?.action === 'Migrate') return { ...over, command };
  const message = failure?.reason === reason ? failure.message : 'its attempt failed';
  return {
    ...over,
    ...(by !== undefined && { command: { action: 'Rollback', by, at } }),
    ...(reason !== commanded && { failure: { reason, message, at } }),
  };
}

/**
 * Where it stands without its journal. What was only restarted for HBONE has not arrived anywhere: it stands at the
 * beginning.
 */
function restedAt(status: NamespaceMigrationStatus): string | undefined {
  const { direction, itinerary, writtenPhase } = status;
  if (direction === undefined) return writtenPhase;
  // Over only if that was announced: its journal may have been taken away on the way, and that is found at the next
  // look.
  if (direction === 'Backward') return isClosing(status) ? 'RolledBack' : undefined;
  if (itinerary === 'Hbone') return undefined;
  // It was announced before the journal went, and counts whatever is wanted by now. Who forges it only ends the way
  // back of his own namespace.
  return isSealing(status) ? 'Finalized' : writtenPhase;
}

/** The labels that it went back to, kept for a sentence about what became of them: nothing is put back by them. */
function labelsLeft({ original, labels }: NamespaceMigrationStatus): Pick<NamespaceMigrationStatus, 'labels'> {
  const left = original?.labels ?? labels;
  return left === undefined ? {} : { labels: left };
}

/** Nothing of it is started. What a status says beyond that is only believed where it holds nothing up. */
function notStarted(status: NamespaceMigrationStatus, returned: Returned | undefined): NamespaceMigrationStatus {
  const {
    direction: _direction,
    labels: _labels,
    original: _original,
    command,
    failure: _failure,
    writtenPhase: _written,
    step: _step,
    ...rest
  } = status;
  const back = returned && returnedAs(returned, status);
  const phase =
    returned !== undefined && returned.over !== true && status.direction !== undefined && isUnended(status)
      ? undefined
      : restedAt(status);
  return {
    ...rest,
    ...(NamespacePhase.safeParse(phase).success && { phase }),
    ...(command?.action === 'Pause' && { command }),
    ...back,
    ...((back?.phase ?? phase) === 'RolledBack' && labelsLeft(status)),
  };
}

/**
 * The status as far as it is true: the direction, the attempt, the itinerary, the labels, the failure and whether it
 * has arrived come from the journal, that it went back from the MeshMigration. Without a journal nothing is started.
 */
export function confirmedStatus(
  stored: NamespaceMigrationStatus | undefined,
  { namespace, journal, returned }: Evidence,
): NamespaceMigrationStatus {
  const { phase: _edited, ...status } = readable(stored);
  return journal === undefined ? notStarted(status, returned) : started(status, journal, namespace);
}

/** A record of which nothing is claimed that is not so, for those who count. */
export function confirmedRecord(child: NamespaceMigration, evidence: Evidence): NamespaceMigration {
  const { phase, ...status } = confirmedStatus(child.status, evidence);
  return { ...child, status: { ...status, ...(phase !== undefined && { phase, writtenPhase: phase }) } };
}

/**
 * What the records of a migration tell, and for those of the `changed` namespaces whose record was lost what their
 * journals do: they are under way like the others.
 */
export function withLost(
  { metadata: { name }, spec: { from, to } }: MeshMigration,
  records: readonly NamespaceMigration[],
  changed: readonly NamespaceView[],
): readonly NamespaceMigration[] {
  const recorded = new Set(records.map(({ metadata }) => metadata.namespace));
  return [
    ...records,
    ...changed
      .filter((home) => !recorded.has(home.name))
      .map((home) => {
        const record = { metadata: { name, namespace: home.name }, spec: { migration: name, from, to } };
        return confirmedRecord(record, evidenceOf(record, home, undefined));
      }),
  ];
}

/** The picture with what the journal says in it. */
export function confirmed(situation: Situation, journal: Journal | undefined): Situation {
  const {
    itinerary: _itinerary,
    adopted: _adopted,
    requested: _requested,
    records: _records,
    order: _order,
    back: _back,
    since: _since,
    heldBefore: _heldBefore,
    failed: _failed,
    ...surroundings
  } = situation.surroundings;
  if (journal === undefined) return { ...situation, surroundings };
  const { order } = situation.object.status ?? {};
  const { waypoint: adopted, requested, services: records, labels: back } = journal;
  const since = Date.parse(journal.capturedAt);
  return {
    ...situation,
    remembered: journal,
    // It names the restarts of this way, also when a MeshMigration of the same name has taken it over.
    migrationUid: journal.uid,
    surroundings: {
      ...surroundings,
      services: withRecords(situation, journal),
      itinerary: journal.itinerary,
      back,
      ...(journal.heldBefore && { heldBefore: new Set(journal.heldBefore) }),
      ...(Number.isFinite(since) && { since }),
      ...(journal.failure !== undefined && { failed: true as const }),
      ...(adopted !== undefined && { adopted }),
      ...(requested && { requested }),
      ...(records && { records }),
      ...(order !== undefined && { order }),
    },
  };
}
