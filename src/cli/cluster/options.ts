import { Option } from 'commander';
import { KubeClient } from '../../kube/client.ts';
import type { ConnectionOptions } from '../../kube/config.ts';
import type { Host } from '../host.ts';

/** Options of every command that asks a cluster; each means what it means for kubectl. */
export const clusterOptions: readonly Option[] = [
  new Option('--kubeconfig <file>', 'default: $KUBECONFIG, ~/.kube/config'),
  new Option('--context <name>', 'default: the current context of the kubeconfig'),
  new Option('--as <user>', 'act in the name of another user, if you may'),
];

/** Of every command that changes something. */
export const answerTimeout = new Option(
  '--timeout <duration>',
  'how long to wait for the answer of the operator; 0s: not at all',
).default('30s');

/** Under which name the API server records what is commanded: messages of the operator say it. */
export const fieldManager = 'mesh-migration-cli';

/** Does some work with a cluster, and closes the connections to it whatever comes of that. */
export async function withCluster<Result>(
  host: Host,
  { kubeconfig, context, as }: ConnectionOptions,
  work: (client: KubeClient) => Promise<Result>,
  manager: string = fieldManager,
): Promise<Result> {
  const { clock, random } = host;
  const transport = await host.connect({ kubeconfig, context, as });
  try {
    return await work(new KubeClient({ transport, clock, random, fieldManager: manager, userAgent: fieldManager }));
  } finally {
    await transport.close();
  }
}
