import { approvalCommands } from './approval/command.ts';
import { auditCommand } from './audit/command.ts';
import type { CliCommand } from './command.ts';
import { completionCommand } from './completion/command.ts';
import { planCommand } from './plan/command.ts';
import { skipCommand } from './skip/command.ts';
import { statusCommand } from './status/command.ts';
import { steeringCommands } from './steer/command.ts';
import { versionCommand } from './version/command.ts';

/** All commands, in the order of the help. */
export const commands: readonly CliCommand[] = [
  auditCommand,
  planCommand,
  statusCommand,
  ...approvalCommands,
  ...steeringCommands,
  skipCommand,
  versionCommand,
  completionCommand,
];
