import type { Command } from '../api/common.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import { hasLostJournal, isUnended } from './lost-journal.ts';

/*
 * Why nothing comes of a command, as far as the object alone tells: the operator answers so, and whoever is about to
 * give the command can ask before.
 */

/** What a command asks for, as an answer to it says it. */
export const askedFor: Readonly<Record<Command['action'], string>> = {
  Migrate: 'to go on',
  Pause: 'for a pause',
  Rollback: 'for a rollback',
};

/** Whether there is anything to go back from, or that has gone back, or was begun and cannot. */
export function wasStarted(children: readonly NamespaceMigration[]): boolean {
  return children.some(
    (child) =>
      child.status?.direction !== undefined || child.status?.writtenPhase === 'RolledBack' || hasLostJournal(child),
  );
}

/** Of a command on the migration as a whole; undefined where it is taken. */
export function whyNotCommanded(
  action: Command['action'],
  { spec, status }: MeshMigration,
  children: readonly NamespaceMigration[],
): string | undefined {
  if (status?.writtenPhase === 'Finalized') return 'the migration is Finalized';
  switch (action) {
    case 'Rollback':
      return spec.action === 'Plan' && !wasStarted(children)
        ? 'spec.action is Plan and nothing was started: there is nothing to roll back'
        : undefined;
    case 'Migrate':
      return spec.action === 'Migrate' ? undefined : `spec.action is ${spec.action}: set it to Migrate`;
    case 'Pause':
      return spec.action === 'Migrate' ? undefined : `spec.action is ${spec.action}: nothing is under way`;
  }
}

/** Of a namespace that was begun and has no journal, found to be so or not looked at yet; undefined where it has. */
export function withoutItsJournal(object: NamespaceMigration, phase: string | undefined): string | undefined {
  return hasLostJournal(object) || (phase !== 'Finalized' && isUnended(object.status ?? {}))
    ? 'its journal is lost (MM007), so the operator can do neither: do what the message of the namespace says'
    : undefined;
}

/** Of a rollback of a namespace of which nothing is started. */
export function nothingToRollBack(phase: string | undefined): string {
  return `this namespace is ${phase ?? 'not started'}: there is nothing to roll back`;
}
