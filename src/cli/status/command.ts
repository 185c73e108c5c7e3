import { Option } from 'commander';
import { printableJson, printableYaml } from '../../base/printable.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ConnectionOptions } from '../../kube/config.ts';
import { clusterOptions, withCluster } from '../cluster/options.ts';
import type { CliCommand } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';
import { choosing, migrationName, milliseconds, namespaceName, oneOf } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { see, type Asked } from './seen.ts';
import { printTree, showing, type Show } from './show.ts';
import { viewOf, type StatusView } from './view.ts';
import { codeOf, watch } from './watch.ts';

interface Values extends ConnectionOptions {
  readonly namespace?: string;
  readonly watch?: true;
  readonly timeout?: string;
  readonly output: string;
}

type Format = (view: StatusView, host: Host) => void;

const formats: Readonly<Record<string, Format>> = {
  tree: printTree,
  json: (view, { stdout }) => stdout.write(`${printableJson(view)}\n`),
  yaml: (view, { stdout }) => stdout.write(printableYaml(view, { aliasDuplicateObjects: false, lineWidth: 0 })),
};

interface Request {
  readonly asked: Asked;
  readonly isWatching: boolean;
  readonly timeoutMs: number | undefined;
  readonly format: Format;
}

function requestOf(argument: string | undefined, values: Values): Request {
  const { namespace, timeout, output, watch: isWatching = false } = values;
  if (isWatching && output !== 'tree')
    throw new UsageError('--watch shows a tree: -o json and -o yaml are one document');
  return {
    asked: {
      name: argument === undefined ? undefined : migrationName(argument),
      namespace: namespace === undefined ? undefined : namespaceName('--namespace', namespace),
    },
    isWatching,
    timeoutMs: timeout === undefined ? undefined : milliseconds('--timeout', timeout),
    format: oneOf('--output', output, formats),
  };
}

const silent: Show = () => undefined;

async function statusOf(client: KubeClient, request: Request, host: Host): Promise<ExitCode> {
  const { asked, isWatching, timeoutMs, format } = request;
  const first = await see(client, asked, host.signal);
  if (!isWatching && (timeoutMs ?? 0) === 0) {
    const view = viewOf(first);
    format(view, host);
    return timeoutMs === undefined ? 0 : codeOf(view);
  }
  const show = isWatching ? showing(host) : silent;
  const view = await watch(client, host, asked, first, { show, timeoutMs });
  if (!isWatching) format(view, host);
  return codeOf(view);
}

/** `mesh-migration status`. */
export const statusCommand: CliCommand = {
  name: 'status',
  summary: 'Show migrations with their waves and namespaces, where each stands, and what leads out where one is stuck',
  details:
    'With -w it goes on showing until it is interrupted: on a terminal in place, else with a line for each change. With --timeout it waits until all is done (exit code 0), a person is needed (1) or the time is over (4); 0s only looks. With -n it reads that namespace alone, and needs no rights beyond it.',
  argument: { form: '[name]', meaning: 'of a MeshMigration; all without' },
  options: [
    new Option('-n, --namespace <namespace>', 'only what migrations have in this namespace'),
    new Option('-w, --watch', 'go on showing'),
    new Option('--timeout <duration>', 'wait for the end for so long, for example 30m'),
    choosing(new Option('-o, --output <format>', 'how it is printed').default('tree'), Object.keys(formats)),
    ...clusterOptions,
  ],
  examples: ['status', 'status shop -w', 'status shop --timeout 1h', 'status -n shop-api -o yaml'],
  async run({ argument, options }, host) {
    const values = options as Values;
    const request = requestOf(argument, values);
    return await withCluster(host, values, async (client) => await statusOf(client, request, host));
  },
};
