import type { Finding } from '../api/common.ts';
import { journalLost, type Returned } from '../api/mesh-migration-status.ts';
import { cutText } from '../base/cut-text.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { journalAnnotation, type NamespaceMigration } from '../api/resources.ts';
import type { LabelTargets } from '../mesh/adapter.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isLate, isOf, journalBeside, journalOn } from '../plan/journal.ts';
import { isBack, isThere, wayBackByHand, type Picture } from './by-hand.ts';
import { differences } from './differences.ts';
import { hold, type Draft } from './draft.ts';
import { sentence } from './held.ts';
import { fromList, hasLabels, observedLabels } from './label-values.ts';
import { ledThere } from './moved-since.ts';
import type { Situation } from './situation.ts';
import { untilNoted } from './until-noted.ts';
import { broughtBackVerdict, isClosing, rolledBackVerdict } from './verdicts.ts';
import { findingReason, messageWithWayOut } from './ways-out.ts';

/**
 * Whether it was found before that the journal of the namespace was taken away. Of a record, so whoever forges one
 * holds up his own migration's end.
 */
export function hasLostJournal({ status }: NamespaceMigration): boolean {
  return status?.direction === undefined && status?.writtenPhase === 'Blocked' && isFound(status);
}

function isFound({ findings }: NamespaceMigrationStatus): boolean {
  return findings?.some(({ id }) => id === 'MM007') === true;
}

/**
 * Whether a status as it is stored tells of a beginning, by what it says itself or by the finding that took the place
 * of that.
 */
export function tellsOfBeginning(status: NamespaceMigrationStatus): boolean {
  return status.direction !== undefined || isFound(status);
}

/**
 * Whether only this record tells what the labels of a namespace were before a migration that has begun: its journal is
 * gone, or spoilt, and they are not back, or only for as long as another migration has them so, which may go back.
 */
export function tellsAlone({ status, spec }: NamespaceMigration, namespace: NamespaceView): boolean {
  const original = status?.original;
  const journal = journalOn(namespace);
  const isOwn: boolean = isOf(journal, spec.migration, spec);
  if (original?.namespaceUid !== namespace.uid || isOwn || status?.writtenPhase === 'Finalized') return false;
  return journal !== undefined || !hasLabels(namespace.labels, fromList(original.labels));
}

/** The labels of before, as the record has them. */
function labelsClaimed({ object: { status }, surroundings: { namespace } }: Picture): LabelTargets | undefined {
  return status?.original?.namespaceUid === namespace.uid ? fromList(status.original.labels) : undefined;
}

function isSpoilt({ annotations }: NamespaceView): boolean {
  return annotations[journalAnnotation] !== undefined;
}

/** So that a status has room for what happened as well. */
const maxFix = 850;

/** What is said in a fix around its commands. */
const besides = 165;

const elsewhere = '; to keep it as it is: docs/runbook.md, The journal is gone';

/**
 * How what is there now is kept. As long as all go back, or nobody could tell any more what is left, no command says
 * so.
 */
interface Keeping {
  readonly offered: boolean;
  /** What is to be done before. */
  readonly first: string;
}

function keeping(picture: Picture, wanted?: Situation): Keeping {
  const goesBack =
    wanted?.wanted === 'Rollback' && (wanted.spec.action === 'Rollback' || wanted.commanded !== undefined);
  return { offered: isThere(picture), first: goesBack ? ' when the MeshMigration does not go back any more' : '' };
}

/** What stands in the place of the journal goes last, because it keeps anything from being started. */
function removal({ surroundings: { namespace } }: Picture): readonly string[] {
  return isSpoilt(namespace) ? [`kubectl annotate namespace ${namespace.name} ${journalAnnotation}-`] : [];
}

function restoring(picture: Picture): string {
  if (isSpoilt(picture.surroundings.namespace))
    return 'Put the annotation back as it was, from a backup of the Namespace; then it goes on. Or go';
  return labelsClaimed(picture) === undefined ? 'Go' : 'If status.original has the right labels, go';
}

/**
 * Nothing that takes the record away is said before the end of the way back has room: the record alone tells what is
 * left of it.
 */
function fixOf(picture: Picture, { offered, first }: Keeping): string {
  const {
    metadata: { name },
  } = picture.object;
  const home = picture.surroundings.namespace.name;
  const restore = restoring(picture);
  const back = wayBackByHand(picture, labelsClaimed(picture), maxFix - restore.length - besides);
  const start = `${restore} back by hand, in this order: `;
  if (back.more > 0)
    return `${start}${back.commands.join('; ')}; and ${back.more} more, named here when these are done. Until then the record stays${offered ? elsewhere : ''}`;
  const all = [...back.commands, ...removal(picture)];
  const whole = `${start}${all.length === 0 ? 'nothing is left to be done' : all.join('; ')}`;
  if (!offered) return whole;
  const keep = `; or keep it as it is${first}: ${[...removal(picture), `kubectl delete nsm ${name} -n ${home}`].join('; ')}`;
  return `${whole}${whole.length + keep.length > maxFix + besides ? elsewhere : keep}`;
}

/**
 * The one finding about a journal that is not there, or cannot be read, although the namespace was begun. The status
 * says what the labels were, but whoever may write it would then choose the labels of the namespace: so nothing is put
 * back, nothing is started from labels that are half-way, and a person is told what to do. A forged status holds up
 * nothing but its own namespace.
 */
function finding(picture: Picture, message: string, keep: Keeping): Finding {
  return {
    id: 'MM007',
    severity: 'Critical',
    object: `Namespace ${picture.surroundings.namespace.name}`,
    message,
    fix: cutText(fixOf(picture, keep), 1024, '. All of it: docs/runbook.md, The journal is gone'),
  };
}

function happened(situation: Situation): string {
  const {
    surroundings: { namespace },
  } = situation;
  if (isSpoilt(namespace))
    return `annotation ${journalAnnotation} was spoilt half-way: it cannot be read, or is that of another namespace or of an attempt before`;
  return labelsClaimed(situation) === undefined
    ? `annotation ${journalAnnotation} was taken away half-way, and the record deleted before all was back: what the labels were is not known any more`
    : `annotation ${journalAnnotation} was taken away half-way: what was before is known only from the status, which is no proof`;
}

function findingHere(situation: Situation): Finding {
  return finding(situation, happened(situation), keeping(situation, situation));
}

/**
 * What a record of another way comes to that has the name of this migration's and tells alone what the labels were: its
 * namespace is blocked, and a person decides. The picture is that of the record and its way. Whoever forges one holds
 * up his own namespace.
 */
export function blockedBy(picture: Picture): NamespaceMigration {
  const {
    object: record,
    surroundings: { namespace },
  } = picture;
  const { metadata, spec } = record;
  const found = finding(
    picture,
    `the journal of a migration from ${spec.from} to ${spec.to} was ${isSpoilt(namespace) ? 'spoilt' : 'taken away'} half-way, and NamespaceMigration ${metadata.name}, which is of that way, alone tells what the labels were`,
    keeping(picture),
  );
  const message = messageWithWayOut(findingReason(found), sentence(found), metadata, found.fix);
  const stalled = {
    type: 'Stalled',
    status: 'True',
    reason: found.id,
    message,
    lastTransitionTime: metadata.creationTimestamp ?? '',
  } as const;
  return {
    ...record,
    status: { writtenPhase: 'Blocked', phase: 'Blocked', message, findings: [found], conditions: [stalled] },
  };
}

/** Kept as it is, with the record of the labels, because that alone tells what they were. */
function held(situation: Situation, status: NamespaceMigrationStatus): Draft {
  const found = findingHere(situation);
  const verdict = { state: 'Stalled', reason: findingReason(found), message: sentence(found), way: found.fix } as const;
  return { ...hold(kept(situation, status, [found]), 'Blocked', verdict) };
}

function kept(
  { object }: Situation,
  status: NamespaceMigrationStatus,
  findings: readonly Finding[],
): NamespaceMigrationStatus {
  const original = object.status?.original;
  return { ...status, findings: [...findings], ...(original !== undefined && { original }) };
}

/**
 * Whether something is not as it was. A way back that was over is not doubted for what somebody changed after it,
 * unless he led it back to the new data plane.
 */
function isHalfWay(situation: Situation): boolean {
  const {
    adapter,
    spec,
    surroundings: { namespace },
    object: { status = {} },
  } = situation;
  const before = labelsClaimed(situation);
  if (isOver(status))
    return adapter.arrived(spec, namespace.labels) && !hasLabels(namespace.labels, before ?? observedLabels(situation));
  return !isBack(situation, before);
}

/**
 * A person has put everything back. It is not migrated again under his hands: the MeshMigration notes it, and it stays
 * until somebody starts it.
 */
function putBack(situation: Situation, status: NamespaceMigrationStatus): Draft {
  const { object, wanted } = situation;
  const original = object.status?.original;
  if (wanted === 'Rollback' || wanted === 'DeleteLeave') {
    const seen = differences(situation, { ...status, ...(original && { original }) });
    return { ...hold(status, 'RolledBack', rolledBackVerdict(situation, status, undefined, seen)), differences: seen };
  }
  const message =
    'everything was put back by hand; waiting until the MeshMigration has noted that it is not started again by itself';
  return {
    ...hold(kept(situation, status, [findingHere(situation)]), 'Blocked', untilNoted(situation, 'Closing', message)),
  };
}

/**
 * Its journal was taken away, and what it was has been put back since, or the record deleted with it: too early, it is
 * not back. Once it was, it is not doubted for what somebody changed later.
 */
function broughtBack(situation: Situation, status: NamespaceMigrationStatus): Draft {
  if (situation.object.status?.writtenPhase !== 'RolledBack' && !isBack(situation, labelsClaimed(situation)))
    return held(situation, status);
  if (status.command?.action === 'Migrate') {
    return hold(
      status,
      'Pending',
      untilNoted(situation, 'Waiting', 'waiting until the MeshMigration has noted that it is to start again'),
    );
  }
  const { findings: _findings, ...rest } = status;
  const moved = ledThere(situation);
  return { ...hold(rest, 'RolledBack', broughtBackVerdict(situation, moved)), ...(moved !== undefined && { moved }) };
}

/** Whether a journal of this migration stands there. That of another one says nothing about what this one has begun. */
function hasJournal({ surroundings: { namespace }, object: { spec }, returned }: Situation): boolean {
  const journal = journalOn(namespace);
  return (
    isOf(journal, spec.migration, spec) && (isLate(journal, returned) || journalBeside(journal, returned) !== undefined)
  );
}

/**
 * What keeps a namespace whose journal is not there, or cannot be read, although it was begun; undefined if it ended
 * before.
 */
export function lostJournal(situation: Situation, status: NamespaceMigrationStatus): Draft | undefined {
  const {
    returned,
    object: { status: stored = {} },
    surroundings: { namespace },
  } = situation;
  const isNoted = returned?.reason === journalLost;
  if (status.phase === 'Finalized' || hasJournal(situation)) return undefined;
  if (returned !== undefined && !isNoted)
    return isUnderWay(situation, stored, returned) ? held(situation, status) : undefined;
  if (isSpoilt(namespace)) return tellsOfBeginning(stored) ? held(situation, status) : undefined;
  return notSpoilt(situation, status, isNoted);
}

/**
 * The entry is there since the way back has begun. That it is over stands in it as well, or in a record of before
 * entries said so (whoever forges that is told less about his own namespace); else what stands there tells, whoever has
 * taken the record away too.
 */
function isUnderWay(
  situation: Situation,
  { writtenPhase, attempt }: NamespaceMigrationStatus,
  returned: Returned,
): boolean {
  const isToldOver = returned.over === true || (writtenPhase === 'RolledBack' && attempt === returned.attempt);
  return !isToldOver && isHalfWay(situation);
}

function notSpoilt(situation: Situation, status: NamespaceMigrationStatus, isNoted: boolean): Draft | undefined {
  const { status: stored = {} } = situation.object;
  if (isBegun(stored)) return sinceBegun(situation, status, isNoted);
  return isNoted ? broughtBack(situation, status) : undefined;
}

function sinceBegun(situation: Situation, status: NamespaceMigrationStatus, isNoted: boolean): Draft | undefined {
  if (isHalfWay(situation)) return held(situation, status);
  if (isNoted) return broughtBack(situation, status);
  // Whoever sets spec.action from Plan to Migrate asks for it: until then nothing is started anyway.
  return isOver(situation.object.status ?? {}) || situation.wanted === 'Plan' ? undefined : putBack(situation, status);
}

/**
 * Its journal went at the end of its way back: that was announced before it went. Who forges it is told less about his
 * own namespace.
 */
function isOver(stored: NamespaceMigrationStatus): boolean {
  return stored.direction === 'Backward' && !isFound(stored) && isClosing(stored);
}

/** Whether a status as it is stored tells of a beginning. What was only restarted for HBONE has nothing to put back. */
function isBegun(stored: NamespaceMigrationStatus): boolean {
  return tellsOfBeginning(stored) && stored.itinerary !== 'Hbone';
}

/** Whether it tells of a beginning and of no end. */
export function isUnended(stored: NamespaceMigrationStatus): boolean {
  return isBegun(stored) && !isOver(stored);
}
