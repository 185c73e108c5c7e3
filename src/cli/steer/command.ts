import { Option } from 'commander';
import type { ConnectionOptions } from '../../kube/config.ts';
import { answerTimeout, clusterOptions, withCluster } from '../cluster/options.ts';
import type { CliCommand } from '../command.ts';
import { migrationName, milliseconds, namespaceName } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { carryOut } from './carry-out.ts';
import { finalize } from './finalize.ts';
import { pause } from './pause.ts';
import { resume } from './resume.ts';
import { managerFor, reasonOption } from './reason.ts';
import { retry } from './retry.ts';
import { rollback } from './rollback.ts';
import type { Steering } from './steering.ts';

interface Values extends ConnectionOptions {
  readonly namespace?: string;
  readonly dryRun?: true;
  readonly timeout: string;
  readonly reason?: string;
}

function optionsOf({ alone = 'only this namespace of the migration', isRecorded }: Steering): readonly Option[] {
  return [
    new Option('-n, --namespace <namespace>', alone),
    new Option('--dry-run', 'ask the server, which checks rights and admission, and store nothing'),
    ...(isRecorded === true ? [reasonOption] : []),
    answerTimeout,
    ...clusterOptions,
  ];
}

function commandOf(steering: Steering): CliCommand {
  return {
    ...steering,
    argument: { form: '<name>', meaning: 'of the MeshMigration' },
    options: optionsOf(steering),
    async run({ argument, options: given }, host) {
      const { namespace, dryRun = false, timeout, reason, ...connection } = given as Values;
      if (argument === undefined) throw new UsageError(`${steering.name}: name a MeshMigration`);
      const answerMs = milliseconds('--timeout', timeout);
      const place = {
        name: migrationName(argument),
        namespace: namespace === undefined ? undefined : namespaceName('--namespace', namespace),
      };
      const order = { steering, place, dryRun, answerMs: answerMs === 0 ? undefined : answerMs };
      const manager = managerFor(reason);
      return await withCluster(host, connection, async (client) => await carryOut(client, order, host), manager);
    },
  };
}

/** The commands that steer, in the order in which they are needed. */
export const steeringCommands: readonly CliCommand[] = [pause, resume, rollback, retry, finalize].map(commandOf);
