import type { Command } from '../api/common.ts';
import { journalLost } from '../api/mesh-migration-status.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { editOf } from './commands.ts';
import { costOfRollback } from './company.ts';
import { toldForMs } from './conditions.ts';
import { isUnwanted } from './course.ts';
import { sentence } from './held.ts';
import { foreignChange } from './labels.ts';
import { isAtRest } from './left.ts';
import { strangeJournal } from './look.ts';
import { askedFor, nothingToRollBack, withoutItsJournal } from './objections.ts';
import { resumed } from './resume.ts';
import type { Situation } from './situation.ts';
import { heldByMigration, startsNobody } from './verdicts.ts';
import { whyNotWithdrawn, withdrawnBy } from './withdrawn.ts';

/** The status after a person's edit, or the answer why it cannot be done. */
export interface Accepted {
  readonly status: NamespaceMigrationStatus;
  /** null when the command was taken: what was answered to an earlier one is over. */
  readonly answer?: string | null;
}

const over: readonly (string | undefined)[] = ['Migrated', 'Incomplete', 'Finalized'];

function rests({ phase }: NamespaceMigrationStatus, { action }: Command): boolean {
  return isAtRest(phase) && action === 'Migrate';
}

/** At rest something has come up that a longer itinerary would do: it goes on with that, or is told why it cannot. */
function goneFurther(situation: Situation, status: NamespaceMigrationStatus, command: Command): Accepted | undefined {
  const longer =
    rests(status, command) && status.direction === 'Forward'
      ? situation.adapter.longer(situation.surroundings)
      : undefined;
  if (longer === undefined) return undefined;
  if (longer.obstacle !== undefined)
    return {
      status,
      answer: `${command.by} asked to go on, but a waypoint is not possible: ${sentence(longer.obstacle)}`,
    };
  // Taken now it would stand half-way, and nobody would be told any more what is not in force meanwhile.
  const held = heldByMigration(situation, 'Have them go on, then give the command again');
  if (held !== undefined) return { status, answer: `${command.by} asked to go on, but ${held}` };
  const { itinerary, adopted } = longer;
  return {
    status: resumed(situation, { ...status, itinerary, ...(adopted !== undefined && { waypoint: adopted }) }, command),
    answer: null,
  };
}

/** Whether the last answer to a command said just this, not long before. */
function wasTold({ object: { status } }: Situation, cost: string, command: Command): boolean {
  const answer = status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message ?? '';
  const [, at = ''] = / asked for a rollback at (\S+), but /.exec(answer) ?? [];
  return answer.endsWith(cost) && Math.abs(Date.parse(command.at) - Date.parse(at)) <= toldForMs;
}

/**
 * Whoever brings one namespace back alone is told first whom that takes along; the second time he is obeyed. One that
 * goes back by itself has nobody to ask.
 */
function broughtBack(situation: Situation, status: NamespaceMigrationStatus, command: Command): Accepted {
  const cost = status.direction === 'Backward' || isUnwanted(situation, status) ? undefined : costOfRollback(situation);
  if (cost === undefined || wasTold(situation, cost, command)) return { status: { ...status, command }, answer: null };
  return { status, answer: `${command.by} asked for a rollback at ${command.at}, but ${cost}` };
}

/** Taken, but said where nothing comes of it as long as the migration as a whole is held. */
function goneOn(situation: Situation, status: NamespaceMigrationStatus, command: Command): Accepted {
  const held = heldByMigration(situation);
  return {
    status: resumed(situation, status, command),
    answer: held === undefined ? null : `${command.by} asked to go on, but ${held}`,
  };
}

/**
 * Why nothing comes of a command where nothing is started. Where the journal is lost, or was, nothing is begun from
 * labels that are half-way.
 */
function notStarted(
  situation: Situation,
  { direction, phase }: NamespaceMigrationStatus,
  { action, by }: Command,
): string | undefined {
  const { object } = situation;
  if (direction !== undefined || action === 'Pause') return undefined;
  const asked = `${by} asked ${askedFor[action]}, but`;
  const lost = withoutItsJournal(object, phase);
  if (lost !== undefined) return `${asked} ${lost}`;
  // What was begun here is not this migration's: nothing comes of a command before that one has it again.
  const strange = phase === 'Blocked' ? strangeJournal(situation) : undefined;
  if (strange !== undefined) return `${asked} ${strange.message}. ${strange.fix}`;
  if (action === 'Rollback') return `${asked} ${nothingToRollBack(phase)}`;
  const held = notAgain(situation, phase);
  return held === undefined ? undefined : `${asked} ${held}`;
}

/**
 * Why what went back is not started again. Else it would be taken for one that was never started, and what became of its
 * attempt would be forgotten for nothing.
 */
function notAgain(situation: Situation, phase: string | undefined): string | undefined {
  const { returned, spec } = situation;
  if (returned?.reason === journalLost && spec.action !== 'Migrate')
    return `spec.action is ${spec.action}: set it to Migrate first`;
  return returned !== undefined || phase === 'RolledBack' ? startsNobody(situation) : undefined;
}

function isAlready({ phase }: NamespaceMigrationStatus, { action, by }: Command): string {
  return `${by} asked for ${action}, but the namespace is ${phase ?? 'not started'}`;
}

/** Whoever wants it to stay all the same has it so, before the rollback has changed anything. */
function onTheWayBack(situation: Situation, status: NamespaceMigrationStatus, command: Command): Accepted {
  if (command.action !== 'Migrate') return { status, answer: isAlready(status, command) };
  const why = whyNotWithdrawn(situation, status);
  if (why === undefined) return { status: withdrawnBy(situation, status, command), answer: null };
  return { status, answer: `${command.by} asked for ${command.action}, but ${why}` };
}

/** A command that makes sense now is taken over; any other is answered and the phase put back. */
export function acceptEdit(situation: Situation, status: NamespaceMigrationStatus): Accepted {
  const edit = editOf(situation.object.status, situation.object.metadata.managedFields, situation.now);
  if (edit === undefined) return { status };
  if (edit.kind === 'Senseless') return { status, answer: edit.message };
  const { command } = edit;
  const answer = notStarted(situation, status, command);
  if (answer !== undefined) return { status, answer };
  if (command.action === 'Rollback') return broughtBack(situation, status, command);
  // At rest there is nothing to go on with, except when somebody has changed what the migration holds: it is taken
  // back.
  const further = goneFurther(situation, status, command);
  if (further !== undefined) return further;
  const drifted = rests(status, command) && foreignChange(situation, status) !== undefined;
  if (status.direction === 'Backward') return onTheWayBack(situation, status, command);
  if (over.includes(status.phase) && !drifted) return { status, answer: isAlready(status, command) };
  return command.action === 'Pause'
    ? { status: { ...status, command }, answer: null }
    : goneOn(situation, status, command);
}
