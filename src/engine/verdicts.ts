import type { Command } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { listed } from '../base/counted.ts';
import { isSeen, notRestored, reconciling, type Verdict } from './conditions.ts';
import type { Situation } from './situation.ts';
import { commandLine, type CommandName, type Place } from './command-lines.ts';
import { storedReason, waysOut, type StalledReason } from './ways-out.ts';

/** A command on the migration as a whole, where one on this namespace would change nothing. */
function onMigration({ object }: Pick<Situation, 'object'>, intention: string, command: CommandName): string {
  return `${intention}: ${commandLine(command, { name: object.spec.migration })}`;
}

function placeOf({ object }: Situation): Place {
  return { name: object.spec.migration, namespace: object.metadata.namespace };
}

/**
 * The attempt at it ended, whether it went back or stays where it is: nothing goes on by itself any more, whatever the
 * table says of the same reason on the way.
 */
export function failedVerdict(situation: Situation, reason: StalledReason, message: string): Verdict {
  if (waysOut[reason]?.command === 'GoOn') return { state: 'Stalled', reason, message };
  return {
    state: 'Stalled',
    reason,
    message,
    way: `Repair what the message names, then start again: ${commandLine('GoOn', placeOf(situation))}`,
  };
}

/**
 * Who paused it and what takes that back: the namespace by a command of its own, the migration by one, or spec.action.
 */
export function pausedVerdict(situation: Situation, status: NamespaceMigrationStatus): Verdict {
  const { wanted, spec, commanded, object } = situation;
  const paused = (message: string, way?: string): Verdict => ({
    state: 'Stalled',
    reason: 'Paused',
    message,
    ...(way !== undefined && { way }),
  });
  if (!situation.inScope && spec.rollback.onScopeLost === 'Hold') {
    const message = `MeshMigration ${object.spec.migration} does not select this namespace any more: it stays where it is, only copies follow their originals`;
    const back = commandLine('GoBack', placeOf(situation));
    return {
      state: 'Stalled',
      reason: 'ScopeLost',
      message,
      way: `Select it again, or set spec.rollback.onScopeLost to Finish or Rollback. To roll back this one: ${back}`,
    };
  }
  if (status.command?.action === 'Pause') return paused(`paused by ${status.command.by} at ${status.command.at}`);
  const alone = `For this one to stay when the others go on: ${commandLine('Stay', placeOf(situation))}; to go on`;
  if (wanted === spec.action) return paused(`spec.action is ${wanted}`, onMigration(situation, alone, 'SetMigrate'));
  const who = commanded === undefined ? '' : ` by ${commanded.by} at ${commanded.at}`;
  return paused(`MeshMigration ${object.spec.migration} was paused${who}`, onMigration(situation, alone, 'GoOn'));
}

/**
 * What the migration as a whole is told, where that keeps a namespace from going on that was told to; undefined if
 * nothing does.
 */
export function heldByMigration(situation: Situation, intention = 'To have them go on'): string | undefined {
  const { wanted, spec, object } = situation;
  if (wanted !== 'Pause' && wanted !== 'Plan') return undefined;
  const isSpec = wanted === spec.action;
  const who = isSpec ? `spec.action is ${wanted}` : `MeshMigration ${object.spec.migration} was paused`;
  return `${who}: this namespace goes on with all the others. ${onMigration(situation, intention, isSpec ? 'SetMigrate' : 'GoOn')}`;
}

/**
 * What keeps the migration from starting anybody, and what ends that; undefined if nothing does. A rollback of the whole
 * that was commanded does not: until that is taken back the namespace stays as it is, and says so.
 */
export function startsNobody(
  situation: Pick<Situation, 'wanted' | 'spec' | 'commanded' | 'object'>,
): string | undefined {
  const { wanted, spec } = situation;
  if (isGoing(situation)) return 'the MeshMigration is being deleted';
  const isSpec = wanted === spec.action;
  if (wanted === 'Migrate' || (wanted === 'Rollback' && !isSpec)) return undefined;
  const what = isSpec ? `spec.action is ${wanted}` : 'the MeshMigration was paused';
  return `${what}, so nothing is started. ${onMigration(situation, 'Have it go on first, then give the command again', isSpec ? 'SetMigrate' : 'GoOn')}`;
}

/** The command that brought the namespace back: one of its own, or the one on the migration that is in force. */
function commandBehind(
  { spec, wanted, commanded }: Situation,
  { command }: NamespaceMigrationStatus,
): Command | undefined {
  if (command?.action === 'Rollback') return command;
  return wanted === 'Rollback' && spec.action !== 'Rollback' ? commanded : undefined;
}

/** What is to be said of how it ended, `seen` now or before; undefined where everything was seen to be as it was. */
function differing({ object: { status } }: Situation, seen: readonly string[] | undefined): string | undefined {
  const found = seen === undefined ? notRestored(status?.conditions) : listed(seen);
  if (found !== undefined && found !== '') return `Not as it was: ${found}`;
  if (seen !== undefined) return undefined;
  return isSeen(status?.conditions)
    ? undefined
    : 'Its record was made anew since, so whether everything is as it was is not known';
}

function outcomeOf(but: string | undefined, { failure }: NamespaceMigrationStatus, by: Command | undefined): string {
  const after = failure === undefined ? undefined : ` after ${failure.reason}: ${failure.message}`;
  const who = by === undefined ? '' : `rolled back by ${by.by} at ${by.at}`;
  if (but === undefined) return `back as it was${after ?? (who === '' ? '' : `: ${who}`)}`;
  return `${after === undefined && who !== '' ? who : `rolled back${after ?? ''}`}. ${but}`;
}

/** Whether the MeshMigration is being deleted: its record goes with it, and nothing is started any more. */
function isGoing({ wanted, spec, commanded }: Pick<Situation, 'wanted' | 'spec' | 'commanded'>): boolean {
  return wanted === 'DeleteLeave' || (wanted === 'Rollback' && spec.action !== 'Rollback' && commanded === undefined);
}

/**
 * What took it back, who has `moved` it since or what is `seen` now not to be as it was, and how it is started again.
 * Ready when the spec itself asks for the rollback, or the deletion does.
 */
export function rolledBackVerdict(
  situation: Situation,
  status: NamespaceMigrationStatus,
  moved?: string,
  seen?: readonly string[],
): Verdict {
  const by = commandBehind(situation, status);
  const reason = status.failure === undefined ? 'RolledBack' : storedReason(status.failure.reason);
  const message = outcomeOf(moved ?? differing(situation, seen), status, by);
  if (situation.spec.action === 'Rollback' || isGoing(situation)) return { state: 'Ready', reason, message };
  if (moved !== undefined)
    return {
      state: 'Stalled',
      reason,
      message,
      way: `When it is back, it can be started again: ${commandLine('GoOn', placeOf(situation))}`,
    };
  if (status.failure !== undefined) return failedVerdict(situation, reason, message);
  if (by !== undefined && by === status.command) return { state: 'Stalled', reason, message };
  // A command to go on is taken only where the spec asks for a migration too.
  const command = by === undefined || situation.spec.action !== 'Migrate' ? 'SetMigrate' : 'GoOn';
  return { state: 'Stalled', reason, message, way: onMigration(situation, 'To start again', command) };
}

/**
 * Its journal was taken away, and a person has put back what was. Nobody can compare it, so it is not called as it was.
 * It starts only where spec.action asks for it.
 */
export function broughtBackVerdict(situation: Situation, moved: string | undefined): Verdict {
  const { action } = situation.spec;
  const message = `its journal was taken away, and it was brought back by hand, so it stays as it is until somebody starts it${moved === undefined ? '' : `; ${moved}`}`;
  if (action === 'Rollback' || isGoing(situation)) return { state: 'Ready', reason: 'RolledBack', message };
  const first = action === 'Migrate' ? '' : 'set spec.action to Migrate, then ';
  return {
    state: 'Stalled',
    reason: 'RolledBack',
    message,
    way: `To start it: ${first}${commandLine('GoOn', placeOf(situation))}`,
  };
}

/**
 * Said, and stored, before the journal of a way back is removed: after that nothing else tells that it was over, and
 * not taken away on the way.
 */
export const closingVerdict: Verdict = {
  state: 'InProgress',
  reason: 'RemovingJournal',
  message: 'everything is back; removing the journal',
};

/** Whether the last that was stored of a namespace is that its way back is over, refused or not. */
export function isClosing({ conditions }: NamespaceMigrationStatus): boolean {
  return reconciling(conditions) === closingVerdict.reason;
}

/**
 * Said, and stored, before the originals are removed: after that nothing else tells that it was the operator who did
 * it.
 */
export const sealingVerdict: Verdict = {
  state: 'InProgress',
  reason: 'Finalizing',
  message: 'removing the record of the original labels',
};

/** Whether the last that was stored of a namespace is that it is being sealed, refused or not. */
export function isSealing({ conditions }: NamespaceMigrationStatus): boolean {
  return reconciling(conditions) === sealingVerdict.reason;
}

/** The end of a namespace that was sealed. */
export const finalizedVerdict: Verdict = {
  state: 'Ready',
  reason: 'Finalized',
  message: 'migrated for good; there is no rollback any more',
};

/** At rest at the end of the way. */
export function migratedVerdict({ itinerary }: Pick<NamespaceMigrationStatus, 'itinerary'>): Verdict {
  const message =
    itinerary === 'Hbone'
      ? 'its sidecars that could be restarted take HBONE; it stays as it is'
      : 'every pod is in its new data plane';
  return { state: 'Ready', reason: 'Migrated', message };
}
