import { Option } from 'commander';
import type { ConnectionOptions } from '../../kube/config.ts';
import { answerTimeout, clusterOptions, withCluster } from '../cluster/options.ts';
import type { CliCommand } from '../command.ts';
import type { Host } from '../host.ts';
import { choosing, migrationName, milliseconds, namespaceName, oneOf } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { approve, type Order } from './approve.ts';
import { isAttended } from './confirm.ts';
import { diff } from './diff.ts';
import { planHash } from './target.ts';
import { formats, type Format } from './told.ts';

const output = choosing(new Option('-o, --output <format>', 'how it is printed').default('text'), Object.keys(formats));

interface ApproveValues extends ConnectionOptions {
  readonly namespace?: string;
  readonly wave?: string;
  readonly hash?: string;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly prune?: true;
  readonly force?: true;
  readonly timeout: string;
  readonly output: string;
}

interface DiffValues extends ConnectionOptions {
  readonly namespace?: string;
  readonly output: string;
}

/** Whether somebody has to say yes; a UsageError where nobody is there who could, and nothing says it for him. */
function asksFor({ yes, hash, dryRun }: ApproveValues, format: Format, host: Host): boolean {
  if (yes === true || dryRun === true || hash !== undefined) return false;
  const consent = 'add --yes, or --hash with the hash that you have seen';
  if (format !== 'text') throw new UsageError(`approve: -o ${format} is one document and asks nothing: ${consent}`);
  if (!isAttended(host)) throw new UsageError(`approve: this is no terminal, so nobody is asked: ${consent}`);
  return true;
}

function namespaceOf(namespace: string | undefined): string | undefined {
  return namespace === undefined ? undefined : namespaceName('--namespace', namespace);
}

function orderOf(argument: string | undefined, values: ApproveValues, host: Host): Order {
  const { wave, hash, dryRun = false, prune = false, force = false, timeout } = values;
  if (argument === undefined) throw new UsageError('approve: name a MeshMigration');
  if (wave !== undefined && values.namespace !== undefined)
    throw new UsageError('approve: --wave and --namespace are two plans: give one of them');
  const namespace = namespaceOf(values.namespace);
  const format = oneOf('--output', values.output, formats);
  const answerMs = milliseconds('--timeout', timeout);
  return {
    place: { name: migrationName(argument), namespace },
    asked: { wave, namespace, hash: hash === undefined ? undefined : planHash(hash), prune, force },
    dryRun,
    asks: asksFor(values, format, host),
    answerMs: answerMs === 0 ? undefined : answerMs,
    format,
  };
}

const approveCommand: CliCommand = {
  name: 'approve',
  summary: 'Show what is planned, and approve of it: of all, of a wave, or of one namespace',
  details:
    'Adds the hash that is shown to spec.approval.plans, as long as the status shows it: if the plan changes meanwhile, nothing is written. On a terminal it asks; without one it needs --yes or --hash. Where a manifest that somebody applies (Git) states spec.approval, it prints what has to stand there instead.',
  argument: { form: '<name>', meaning: 'of the MeshMigration' },
  options: [
    new Option('--wave <name>', 'only what is planned for this wave'),
    new Option('-n, --namespace <namespace>', 'only what is planned for this namespace'),
    new Option('--hash <hash>', 'only if this is the plan that the status shows; asks nothing'),
    new Option('-y, --yes', 'ask nothing'),
    new Option('--dry-run', 'show it, ask the server, which checks rights and admission, and store nothing'),
    new Option('--prune', 'where the list is full, take out the oldest that the status shows nowhere any more'),
    new Option('--force', 'also where a manifest states spec.approval'),
    answerTimeout,
    output,
    ...clusterOptions,
  ],
  examples: [
    'approve shop',
    'approve shop --wave canary --dry-run',
    'approve shop -n shop-api --yes',
    'approve shop --yes -o json',
  ],
  async run({ argument, options }, host) {
    const order = orderOf(argument, options as ApproveValues, host);
    return await withCluster(host, options as ApproveValues, async (client) => await approve(client, order, host));
  },
};

const diffCommand: CliCommand = {
  name: 'diff',
  summary: 'Say how what is planned differs from what was approved of, and what the plan of a namespace consists of',
  details:
    'Ends as kubectl diff does: by 0 where there is no difference, by 1 where there is one, and by more than 1 where it cannot be told. A namespace that needs no approval and has none is no difference, one that nobody has looked at yet is one.',
  argument: { form: '<name>', meaning: 'of the MeshMigration' },
  options: [
    new Option('-n, --namespace <namespace>', 'only this namespace, with its labels, steps and what they rest on'),
    output,
    ...clusterOptions,
  ],
  examples: ['diff shop', 'diff shop -n shop-api', 'diff shop -o json'],
  otherwise: 2,
  async run({ argument, options }, host) {
    const { namespace, output: chosen, ...connection } = options as DiffValues;
    if (argument === undefined) throw new UsageError('diff: name a MeshMigration');
    const place = { name: migrationName(argument), namespace: namespaceOf(namespace) };
    const format = oneOf('--output', chosen, formats);
    return await withCluster(host, connection, async (client) => await diff(client, place, format, host));
  },
};

/** The commands about plans that somebody approves of. */
export const approvalCommands: readonly CliCommand[] = [diffCommand, approveCommand];
