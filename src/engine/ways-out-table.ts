import { commandLine } from './command-lines.ts';
import { waysOut } from './ways-out.ts';

/** Reasons that only a MeshMigration has. */
const ofMigration: readonly string[] = [
  'ApprovalRequired',
  'FailureBudgetExceeded',
  'NamespaceStalled',
  'NamespacesBlocked',
  'NamespacesFailed',
  'NamespacesRolledBack',
  'NoWayBack',
  'NothingToFinalize',
  'RecordRefused',
  'WaveHeld',
];

/** The table as the runbook has it, with the names of its examples. */
export function waysOutTable(): string {
  const rows = Object.entries(waysOut).map(([reason, { meaning, remedy, command }]) => {
    const line =
      command === undefined
        ? ''
        : `: \`${commandLine(command, { name: 'shop', namespace: ofMigration.includes(reason) ? undefined : 'shop-api' })}\``;
    return `| \`${reason}\` | ${meaning} | ${remedy}${line} |`;
  });
  return ['| Reason | Meaning | Way out |', '|---|---|---|', ...rows].join('\n');
}
