import { Option } from 'commander';
import type { ConnectionOptions } from '../../kube/config.ts';
import { answerTimeout, clusterOptions, withCluster } from '../cluster/options.ts';
import type { CliCommand } from '../command.ts';
import { migrationName, milliseconds, namespaceName } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { skip } from './skip.ts';

interface Values extends ConnectionOptions {
  readonly namespace?: string;
  readonly dryRun?: true;
  readonly force?: true;
  readonly timeout: string;
}

/** `mesh-migration skip`. */
export const skipCommand: CliCommand = {
  name: 'skip',
  summary: 'Leave a namespace out of a migration, so that the others go on without it',
  details:
    'Adds it to spec.namespaces.exclude. Only what is not started, or is back, can be left out: what has begun has to be rolled back first. Where a manifest that somebody applies (Git) states spec.namespaces, it prints what has to stand there instead.',
  argument: { form: '<name>', meaning: 'of the MeshMigration' },
  options: [
    new Option('-n, --namespace <namespace>', 'the namespace that is left out'),
    new Option('--dry-run', 'ask the server, which checks rights and admission, and store nothing'),
    new Option('--force', 'also where a manifest states spec.namespaces'),
    answerTimeout,
    ...clusterOptions,
  ],
  examples: ['skip shop -n shop-legacy --dry-run', 'skip shop -n shop-legacy'],
  async run({ argument, options }, host) {
    const { namespace, dryRun = false, force = false, timeout, ...connection } = options as Values;
    if (argument === undefined) throw new UsageError('skip: name a MeshMigration');
    if (namespace === undefined) throw new UsageError('skip: name the namespace that is left out, by --namespace');
    const answerMs = milliseconds('--timeout', timeout);
    const order = {
      name: migrationName(argument),
      asked: { namespace: namespaceName('--namespace', namespace), force },
      dryRun,
      answerMs: answerMs === 0 ? undefined : answerMs,
    };
    return await withCluster(host, connection, async (client) => await skip(client, order, host));
  },
};
