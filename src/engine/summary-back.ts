import type { NamespaceMigration } from '../api/resources.ts';
import { counted, listed } from '../base/counted.ts';
import { journalLost, type MigrationPhase } from '../api/mesh-migration-status.ts';
import { isSeen, movedAfter, notRestored } from './conditions.ts';
import { hasLostJournal } from './lost-journal.ts';
import {
  failedToMove,
  namesOf,
  namespaceStalled,
  say,
  stalled,
  stalledInFlight,
  underWay,
  type Facts,
  type Summary,
} from './summary-parts.ts';
import { lateMs } from './sweep.ts';
import { isStalled, phaseOf } from './totals.ts';
import { commandLine } from './command-lines.ts';

function isStarted({ status }: NamespaceMigration): boolean {
  return status?.direction !== undefined;
}

function isFinalized(child: NamespaceMigration): boolean {
  return phaseOf(child) === 'Finalized';
}

/** How many are back, of those that have somewhere to go back to; what is sealed is named, because it stays. */
function progress({ children, totals }: Facts): string {
  const started = children.filter(isStarted);
  const moving = started.filter(({ status }) => status?.direction === 'Backward').length;
  const sealed = children.filter(isFinalized);
  return [
    `${totals.rolledBack} of ${counted(totals.rolledBack + started.length, 'namespace')} back`,
    `${moving} under way`,
    ...(started.length > moving ? [`${started.length - moving} to come`] : []),
    ...(sealed.length > 0
      ? [`no way back for ${counted(sealed.length, 'finalized namespace')} (${namesOf(sealed)})`]
      : []),
  ].join(', ');
}

/** What a record of another way comes to is said only here: itself it tells of its own way. */
function wayOutOf({ object: { metadata, spec } }: Facts, lost: readonly NamespaceMigration[]): string {
  const others = lost.some((child) => child.spec.from !== spec.from || child.spec.to !== spec.to);
  return others
    ? `Do what is said of the namespaces under attention: ${commandLine('Describe', metadata)}`
    : `Do what the messages of the namespaces say: ${commandLine('List', metadata)}`;
}

/**
 * Somebody took its journal away half-way, or spoilt it: it is not where it shall be, whatever became of the others.
 */
export function withoutJournal(
  facts: Facts,
  far: (lost: number) => string,
  phase: MigrationPhase = 'Incomplete',
): Summary | undefined {
  const { children, totals, unreadable } = facts;
  const lost = children.filter(hasLostJournal);
  const others = children.filter(
    (child) => !lost.includes(child) && unreadable.includes(child.metadata.namespace ?? ''),
  );
  if (totals.inFlight > 0 || lost.length + others.length === 0) return undefined;
  const [first = '', ...more] = [
    ...(lost.length > 0
      ? [
          `the ${journalsOf(lost)} taken away or spoilt half-way, and what the labels were is no longer known for certain`,
        ]
      : []),
    ...(others.length > 0
      ? [`the journal of ${namesOf(others)} cannot be read, so what was begun there is not known`]
      : []),
  ];
  return stalled(
    phase,
    lost.length > 0 ? 'MM007' : 'MM006',
    [`${far(lost.length + others.length)}; ${first}`, ...more].join('; '),
    wayOutOf(facts, lost),
  );
}

function journalsOf(lost: readonly NamespaceMigration[]): string {
  return lost.length === 1 ? `journal of ${namesOf(lost)} was` : `journals of ${namesOf(lost)} were`;
}

function backOf({ totals }: Facts): (lost: number) => string {
  return (lost) => `${totals.rolledBack} of ${counted(totals.rolledBack + lost, 'namespace')} back`;
}

/** On the way back, with their number. */
export function goingBack(facts: Facts): Summary {
  const lost = withoutJournal(facts, backOf(facts));
  if (lost !== undefined) return lost;
  const started = facts.children.filter(isStarted);
  const first = stalledInFlight(facts) ?? (started.every(isStalled) ? started[0] : undefined);
  const isOver = facts.object.metadata.deletionTimestamp !== undefined && started.length === 0;
  const how = isOver && facts.totals.rolledBack === 0 ? 'nothing has to go back any more' : progress(facts);
  const late = isOver
    ? `; it is deleted ${lateMs / 1000}s after the operator was started, or last gave up a write without an answer: until then that may arrive`
    : '';
  return first === undefined
    ? say('RollingBack', 'InProgress', 'RollingBack', `${how}${late}`)
    : namespaceStalled('RollingBack', first);
}

/** What went back, and of which it cannot be said that it is as it was. */
function exceptionsOf({ object, children }: Facts): readonly string[] {
  const lost =
    object.status?.returned?.filter(({ reason }) => reason === journalLost).map(({ namespace }) => namespace) ?? [];
  const back = children.filter((child) => phaseOf(child) === 'RolledBack');
  const table: readonly (readonly [string, readonly NamespaceMigration[]])[] = [
    [
      'not as it was: NAMES (condition Restored)',
      back.filter(({ status }) => notRestored(status?.conditions) !== undefined),
    ],
    [
      'moved by others since: NAMES (condition Restored)',
      back.filter(({ status }) => movedAfter(status?.conditions) !== undefined),
    ],
    [
      'not known whether as it was, because the record was made anew since: NAMES',
      back.filter(
        ({ metadata, status }) =>
          !isSeen(status?.conditions) &&
          !lost.includes(metadata.namespace ?? '') &&
          movedAfter(status?.conditions) === undefined,
      ),
    ],
    ['by hand: NAMES', back.filter(({ metadata }) => lost.includes(metadata.namespace ?? ''))],
  ];
  return table.filter(([, those]) => those.length > 0).map(([what, those]) => what.replace('NAMES', namesOf(those)));
}

/**
 * Records of namespaces outside of the scope go when these are back, so that only the start is known of them any more.
 */
function nothingBack({ object: { status }, totals }: Facts): string {
  if (status?.startedAt === undefined) return 'nothing was started, so nothing had to go back';
  if (totals.migrated > 0)
    return `nothing has to go back: of ${counted(totals.migrated, 'namespace')} in the new data plane nobody knows what was before`;
  return 'nothing that was started is in the scope any more: it is back, or gone';
}

/**
 * Nothing is on the way back any more. Finalized namespaces have no way back: it is never said that they had gone it.
 */
function back(facts: Facts): Summary {
  const { object, children, totals } = facts;
  const sealed = children.filter(isFinalized);
  const others = totals.total - totals.rolledBack;
  if (sealed.length > 0) {
    return stalled(
      'Finalized',
      'NoWayBack',
      `no way back for ${counted(sealed.length, 'finalized namespace')}: ${namesOf(sealed)}; ${totals.rolledBack} of ${counted(totals.total, 'namespace')} back`,
    );
  }
  const never = others > 0 ? `, ${others} never started` : '';
  const exceptions = exceptionsOf(facts);
  const how = exceptions.length === 0 ? 'everything is as it was: ' : '';
  const message =
    totals.rolledBack === 0
      ? nothingBack(facts)
      : `${how}${counted(totals.rolledBack, 'namespace')} back${never}${exceptions.map((each) => `, ${each}`).join('')}`;
  const by = object.status?.command;
  if (by === undefined) return say('RolledBack', 'Ready', 'RolledBack', message);
  return stalled('RolledBack', 'RolledBack', `${message}; rolled back by ${by.by} at ${by.at}`, wayAgain(facts));
}

/**
 * A start of the whole starts none that went back for itself: where that is each of them, its command alone would do
 * nothing, and neither would theirs.
 */
function wayAgain({ object: { metadata, spec, status }, children }: Facts): string {
  const alone = new Set(status?.returned?.map(({ namespace }) => namespace));
  const back = children.filter((child) => phaseOf(child) === 'RolledBack');
  const those = back.filter((child) => alone.has(child.metadata.namespace ?? ''));
  const each = `the message of each ends with the command that starts it: ${commandLine('List', metadata)}`;
  // A command to go on is taken only where the spec asks for a migration too.
  const command = commandLine(spec.action === 'Migrate' ? 'GoOn' : 'SetMigrate', metadata);
  // The whole was commanded back besides, and holds each.
  if (those.length === back.length && those.length > 0)
    return `Each was taken back for itself, and ${each}; then start the whole: ${command}`;
  const whole = `To start again: ${command}`;
  return those.length === 0
    ? whole
    : `Taken back for themselves, so not started with the others: ${namesOf(those)}; ${each}. ${whole}`;
}

/** What a rollback of the whole amounts to now. */
export function rollingBack(facts: Facts): Summary {
  return facts.children.some(isStarted) ? goingBack(facts) : (withoutJournal(facts, backOf(facts)) ?? back(facts));
}

/** What sealing amounts to now: what is not as it shall be is not sealed, and named. */
export function finalizing(facts: Facts): Summary {
  const { children, totals } = facts;
  const open = children.filter(isStarted);
  if (totals.inFlight > 0) return underWay(facts, 'Migrating');
  if (open.some((child) => !isStalled(child)))
    return say('Migrated', 'InProgress', 'Finalizing', `sealing ${counted(open.length, 'namespace')}`);
  const left = open.filter((child) => phaseOf(child) === 'Incomplete');
  if (left.length > 0) {
    return stalled(
      'Incomplete',
      'PodsLeft',
      `not finalized, because pods of the old data plane are left in ${counted(left.length, 'namespace')}: ${namesOf(left)}`,
    );
  }
  const [first] = open;
  if (first !== undefined) return namespaceStalled('Migrated', first);
  const unknown = withoutJournal(
    facts,
    () => `${counted(totals.migrated, 'namespace')} migrated for good, the whole is not finalized`,
  );
  if (unknown !== undefined) return unknown;
  if (isUnseen(facts)) return say('Planning', 'InProgress', 'Planning', 'looking at the namespaces');
  // What is only restarted for HBONE was never to be sealed.
  const failed = failedToMove(facts);
  if (failed.length > 0)
    return stalled(
      'Failed',
      'NamespacesFailed',
      `${counted(totals.migrated, 'namespace')} migrated for good, ${failed.length} failed: ${listed(failed)}`,
    );
  return totals.migrated === 0 ? nothingToFinalize(facts) : sealed(facts);
}

/** Those that are to move: what is only restarted for HBONE is in no sum. */
function moving({ scope, children }: Facts): readonly NamespaceMigration[] {
  return children.filter(({ metadata }) => !scope.hbone.includes(metadata.namespace ?? ''));
}

/** Whether a look at the namespaces may show some that are there already. */
function isUnseen(facts: Facts): boolean {
  const { scope, totals } = facts;
  const children = moving(facts);
  if (children.some(({ status }) => status?.writtenPhase === undefined && status?.original !== undefined)) return true;
  if (totals.migrated > 0 || scope.findings.some(({ severity }) => severity === 'Critical')) return false;
  return children.length < totals.total || children.some((child) => phaseOf(child) === undefined);
}

function sealed(facts: Facts): Summary {
  const others = staying(facts);
  const those = moving(facts).filter((child) => ['Finalized', 'Migrated'].includes(phaseOf(child) ?? ''));
  return say(
    'Finalized',
    'Ready',
    'Finalized',
    `${counted(facts.totals.migrated, 'namespace')} migrated for good${others === '' ? '' : ` (${namesOf(those)}); not migrated, and they stay as they are: ${others}`}`,
  );
}

/** What was never migrated, or is not any more, by what it is. */
function staying(facts: Facts): string {
  const children = moving(facts);
  const named = (phases: readonly (string | undefined)[], what: string): readonly string[] => {
    const those = children.filter((child) => phases.includes(phaseOf(child)));
    return those.length === 0 ? [] : [`${those.length} ${what} (${namesOf(those)})`];
  };
  const seen = new Set(children.map(({ metadata }) => metadata.namespace));
  const unseen = facts.scope.namespaces.filter((name) => !seen.has(name));
  return [
    ...named(['RolledBack'], 'rolled back'),
    ...named(['Blocked'], 'blocked'),
    ...named(['Planned', 'Pending', 'Paused', undefined], 'not started'),
    ...(unseen.length > 0 ? [`${unseen.length} never looked at (${listed(unseen)})`] : []),
  ].join(', ');
}

/**
 * To seal nothing is no end of a migration: whoever waits for it is told, and it is not called Finalized, which lets
 * its namespaces go.
 */
function nothingToFinalize(facts: Facts): Summary {
  const { object, totals } = facts;
  const others = staying(facts);
  const phase = totals.total > 0 && totals.rolledBack === totals.total ? 'RolledBack' : 'Planned';
  const message = `nothing is migrated, so there is nothing to finalize${others === '' ? '' : `: ${others}`}`;
  return stalled(phase, 'NothingToFinalize', message, `To migrate: ${commandLine('SetMigrate', object.metadata)}`);
}
