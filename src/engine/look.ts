import { greatest } from '../base/lists.ts';
import type { Finding } from '../api/common.ts';
import { journalLost } from '../api/mesh-migration-status.ts';
import type { NamespaceMigrationStatus, NamespacePhase } from '../api/namespace-migration.ts';
import { journalAnnotation, originalLabelsAnnotation, restartAnnotation } from '../api/resources.ts';
import { timestamp } from '../base/clock.ts';
import { counted } from '../base/counted.ts';
import { alreadyThere } from './already-there.ts';
import { startsAt, untilCalm } from './calm-start.ts';
import { commandLine } from './command-lines.ts';
import { hold, type Draft } from './draft.ts';
import { sentence, withoutFindings } from './held.ts';
import { observedLabels, toList } from './label-values.ts';
import { lostJournal, tellsOfBeginning } from './lost-journal.ts';
import { ledThere, movedSince } from './moved-since.ts';
import { isOfThis, ownObjects } from './own-objects.ts';
import { fewFindings } from '../mesh/few-findings.ts';
import { journalOn } from '../plan/journal.ts';
import { planned, unapproved } from './planned.ts';
import type { Situation } from './situation.ts';
import { lateJournal, sweep } from './sweep.ts';
import { restartOf } from './turn.ts';
import { untilNoted } from './until-noted.ts';
import { finalizedVerdict, pausedVerdict, rolledBackVerdict } from './verdicts.ts';
import { findingReason } from './ways-out.ts';
import { withoutGates } from './without-gates.ts';

function waiting(
  status: NamespaceMigrationStatus,
  phase: NamespacePhase,
  state: 'Ready' | 'InProgress',
  reason: string,
  message: string,
): Draft {
  return { status, phase, verdict: { state, reason, message }, next: { kind: 'Wait' } };
}

/**
 * Whether something of another migration stands here, which was finalized for example: then the namespace is not this
 * one's any more.
 */
function isOthers(situation: Situation): boolean {
  return ownObjects(situation).some((object) => !isOfThis(situation, object));
}

/**
 * Whether something that the operator made or labelled for this migration is in the namespace, and nothing of another
 * one.
 */
function leftBehind(situation: Situation): boolean {
  const {
    surroundings: { services },
  } = situation;
  if (isOthers(situation)) return false;
  return (
    ownObjects(situation).length > 0 ||
    services.some(({ annotations }) => annotations[originalLabelsAnnotation] !== undefined)
  );
}

/**
 * The attempt after every one that is known of, or has left a trace in a template: values of the restart annotation
 * must not come twice.
 */
function nextAttempt(
  { migrationUid, surroundings: { workloads }, returned }: Situation,
  { attempt = 0 }: NamespaceMigrationStatus,
): number {
  const claimed = attempt < 1_000_000 ? attempt : 0;
  const traces = workloads.map(
    ({ templateAnnotations }) => restartOf(templateAnnotations[restartAnnotation], migrationUid) ?? 0,
  );
  return greatest([claimed, returned?.attempt ?? 0, ...traces]) + 1;
}

/** What an attempt begins with; the journal is made from it before anything else happens. */
function begun(
  situation: Situation,
  status: NamespaceMigrationStatus,
  direction: 'Forward' | 'Backward',
  attempt: number,
): NamespaceMigrationStatus {
  const { before: _before, failure: _failure, command: _command, ...rest } = withoutGates(status);
  const labels = toList(observedLabels(situation));
  const original = { namespaceUid: situation.surroundings.namespace.uid, capturedAt: timestamp(situation.now), labels };
  return { ...rest, direction, attempt, original, labels, steps: [], workloads: [] };
}

/**
 * Without a journal nothing stands on what the operator has made here, but it is to go: somebody took the journal away,
 * or a write came late.
 */
function leftovers(
  situation: Situation,
  status: NamespaceMigrationStatus,
  strange: Finding | undefined,
): NamespaceMigrationStatus | undefined {
  if (strange !== undefined) return undefined;
  const {
    adapter,
    surroundings: { namespace },
    spec,
    wanted,
    object,
  } = situation;
  const back = wanted === 'Rollback' || wanted === 'DeleteLeave';
  const over = status.phase === 'RolledBack' || status.phase === 'Finalized';
  // What was finalized is its owner's, whatever he has done with it since: its record tells of nothing that is under
  // way.
  if (
    !back ||
    over ||
    !tellsOfBeginning(object.status ?? {}) ||
    adapter.arrived(spec, namespace.labels) ||
    !leftBehind(situation)
  )
    return undefined;
  // That it used a waypoint of the user only the journal could tell: then none of it is taken away, and what is bound
  // to it is asked about.
  const { waypoint: _waypoint, ...begins } = begun(
    situation,
    status,
    'Backward',
    Math.max(1, nextAttempt(situation, status) - 1),
  );
  return { ...begins, itinerary: 'L7' };
}

/**
 * The journal of another migration, or of another namespace, or something unreadable in its place: what stands behind
 * it is not known. Whatever stands in the namespace is not this migration's then, so nothing is put back, taken away or
 * started.
 */
export function strangeJournal({ surroundings: { namespace }, object: { spec } }: Situation): Finding | undefined {
  if (namespace.annotations[journalAnnotation] === undefined) return undefined;
  const object = `Namespace ${namespace.name}`;
  const remove = `kubectl annotate namespace ${namespace.name} ${journalAnnotation}-`;
  const journal = journalOn(namespace);
  if (journal === undefined) {
    return {
      id: 'MM006',
      severity: 'Critical',
      object,
      message: `annotation ${journalAnnotation} cannot be read, or was copied from another namespace: what was begun here is not known`,
      fix: `Put the annotation back as it was; if nothing of a migration is left in the namespace, remove it: ${remove}`,
    };
  }
  const {
    migration,
    route: { from, to },
  } = journal;
  // Its name is taken by the one that finds it.
  const again =
    migration === spec.migration
      ? `Delete this MeshMigration ${migration} and create it`
      : 'Roll that migration back, or finalize it. If it does not exist any more, create it';
  if (journal.itinerary === 'Hbone' && migration !== spec.migration) {
    const record = { name: migration, namespace: namespace.name };
    return {
      id: 'MM006',
      severity: 'Critical',
      object,
      message: `MeshMigration ${migration} has restarted its workloads for HBONE and has not let go of it; no label was changed`,
      fix: `Have that migration let go of this namespace alone, which restarts its workloads once more: ${commandLine('GoBack', record)}`,
    };
  }
  return {
    id: 'MM006',
    severity: 'Critical',
    object,
    message: `MeshMigration ${migration} from ${from} to ${to} has started this namespace and has not let go of it`,
    fix: `${again} again with that name, from and to: it takes over what was begun, and can roll it back. By hand: put everything back, then ${remove}`,
  };
}

/**
 * Whether it ended in a way that only a person changes: what failed or was commanded back is not started again by
 * itself.
 */
function hasEnded(
  { wanted, returned, adapter, spec, surroundings }: Situation,
  { phase }: NamespaceMigrationStatus,
): boolean {
  if (returned !== undefined && returned.reason !== journalLost) return true;
  if (phase === 'RolledBack') return wanted === 'Rollback' || wanted === 'DeleteLeave';
  return phase === 'Finalized' && adapter.arrived(spec, surroundings.namespace.labels);
}

/**
 * A namespace without critical findings: planned, held, waiting for its turn, or started now; not before `calm`, where
 * something was found a moment ago.
 */
function next(situation: Situation, status: NamespaceMigrationStatus, calm: number | undefined): Draft {
  const { wanted, notAdmitted, frozen } = situation;
  const { command } = status;
  if (wanted !== 'Migrate')
    return waiting(status, 'Planned', 'Ready', 'Planned', 'nothing critical was found; nothing was changed');
  if (command?.action === 'Pause') return hold(status, 'Paused', pausedVerdict(situation, status));
  if (frozen !== undefined)
    return hold(status, 'Paused', {
      state: 'Stalled',
      reason: 'Frozen',
      message: `it is ${frozen}, so it is not started`,
    });
  if (calm !== undefined) return untilCalm(situation, status, calm);
  // By the plan as it is at this moment: whatever was stored of it, nothing else is started than what was approved of.
  const held = unapproved(situation, status) ?? notAdmitted;
  if (held !== undefined) return waiting(status, 'Pending', 'InProgress', 'Waiting', held);
  return waiting(
    begun(situation, status, 'Forward', nextAttempt(situation, status)),
    'Migrating',
    'InProgress',
    'Started',
    'started',
  );
}

/** The first sentence of what is to be done: all of it stands beside the finding. */
function remedy({ fix }: Finding): string {
  return fix.split(/(?<=[.!])\s/)[0] ?? '';
}

/**
 * Looks at a namespace that is not under way: what stands in the way, what the steps would be, and whether it may
 * start.
 */
export function look(situation: Situation, status: NamespaceMigrationStatus): Draft {
  const { adapter, surroundings } = situation;
  const strange = strangeJournal(situation);
  const left = leftovers(situation, status, strange);
  if (left !== undefined)
    return waiting(left, 'RollingBack', 'InProgress', 'Leftovers', 'taking away what the operator has made here');
  const lost = lostJournal(situation, status);
  if (lost !== undefined) return lost;
  if (hasEnded(situation, status)) return settled(situation, status, strange);
  const there = strange === undefined ? alreadyThere(situation) : undefined;
  if (there !== undefined)
    return waiting({ ...status, findings: [...there] }, 'Migrated', 'Ready', 'AlreadyMigrated', there[0].message);
  const findings = [
    ...fewFindings([
      ...(strange === undefined ? [] : [strange]),
      ...situation.blockers,
      ...adapter.findings(surroundings, 'Start'),
    ]),
  ];
  const looked: NamespaceMigrationStatus = { ...planned(situation, status), findings };
  const critical = findings.filter(({ severity }) => severity === 'Critical');
  const [first] = critical;
  const calm = startsAt(situation, critical);
  if (first === undefined) return next(situation, looked, calm);
  const more = critical.length > 1 ? ` (and ${counted(critical.length - 1, 'more critical finding')})` : '';
  return hold(looked, 'Blocked', {
    state: 'Stalled',
    reason: findingReason(first),
    message: `${sentence(first)}${more}. ${remedy(first)}`,
  });
}

/**
 * A namespace whose migration ended: what was said at the end stays. Nothing is swept where another migration is at
 * work, or was, or where somebody has led it back.
 */
function settled(situation: Situation, ended: NamespaceMigrationStatus, strange: Finding | undefined): Draft {
  const status = withoutFindings(ended);
  const isAlone = strange === undefined && !isOthers(situation);
  const late = lateJournal(situation);
  const moved = movedSince(situation, status);
  const back = (): Draft => ({
    ...hold(status, 'RolledBack', rolledBackVerdict(situation, status, moved)),
    ...(moved !== undefined && { moved }),
  });
  const isThere = ledThere(situation) !== undefined;
  if (late !== undefined && !isThere) return { ...back(), next: { kind: 'Write', write: late } };
  if (status.command?.action === 'Migrate')
    return hold(
      status,
      'Pending',
      untilNoted(situation, 'Waiting', 'waiting until the MeshMigration has noted that it is to start again'),
    );
  if (status.phase !== 'Finalized')
    return { ...back(), next: isAlone && !isThere ? sweep(situation, status) : { kind: 'Wait' } };
  return hold(status, 'Finalized', finalizedVerdict);
}
