import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { isOf, journalOn } from '../plan/journal.ts';
import { commandLine } from './command-lines.ts';
import { editOf } from './commands.ts';
import { withAnswer } from './conditions.ts';

/**
 * What takes up what was begun on the way of a record; where its journal is gone, what is to be done is said of the
 * migration that has its name.
 */
function wayOf(
  { spec: { migration, from, to } }: NamespaceMigration,
  now: MeshMigration | undefined,
  home: NamespaceView,
): string {
  const again = `with from: ${from} and to: ${to}: it takes over what was begun, and can roll it back (docs/runbook.md)`;
  if (now === undefined) return `Create MeshMigration ${migration} again ${again}`;
  const describe = commandLine('Describe', { name: migration });
  if (!isOf(journalOn(home), migration, { from, to })) return `What is to be done here is said there: ${describe}`;
  return `Delete it (kubectl delete mm ${migration}) and create it again ${again}. Where it stands: ${describe}`;
}

/**
 * The answer to a command on a record that no migration acts upon, because there is none of its name or that goes
 * another way: nothing is taken up, the phase is put back, and whoever gave it is told what works. Undefined where
 * nobody has given one.
 */
export function answeredOtherWay(
  record: NamespaceMigration,
  migration: MeshMigration | undefined,
  home: NamespaceView,
  now: number,
): NamespaceMigrationStatus | undefined {
  const {
    spec: { from, to },
    metadata,
    status = {},
  } = record;
  const edit = editOf(status, metadata.managedFields, now);
  if (edit === undefined) return undefined;
  const why =
    migration === undefined
      ? `there is no MeshMigration ${record.spec.migration} any more`
      : `MeshMigration ${migration.metadata.name} goes from ${migration.spec.from} to ${migration.spec.to}, and this record is of the way from ${from} to ${to}`;
  const answer =
    edit.kind === 'Senseless'
      ? edit.message
      : `${edit.command.by} asked for ${edit.command.action}, but ${why}: nothing comes of it here. ${wayOf(record, migration, home)}`;
  return {
    ...status,
    phase: status.writtenPhase,
    conditions: withAnswer(status.conditions, answer, metadata.generation ?? 1, now),
  };
}
