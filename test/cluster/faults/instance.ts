import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../../src/base/random.ts';
import type { World } from '../../scenarios/world.ts';
import { deployed } from '../../support/install.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import type { RealCluster } from '../real-cluster.ts';
import { KeptOperator } from './operator.ts';
import { Plan } from './plan.ts';
import { FaultyProxy } from './proxy.ts';
import { renew, tokenFor } from './token.ts';

const account = { namespace: 'mesh-migration-system', name: 'mesh-migration-operator' } as const;

/** An operator that is not started yet, and what stands between it and the API server. */
export interface Instance {
  readonly operator: KeptOperator;
  readonly proxy: FaultyProxy;
  readonly plan: Plan;
  readonly logFile: string;
  /** Gives the operator another token, valid for so many seconds. */
  renewToken(seconds: number): void;
}

/** With a token file as in a pod, and the address of the proxy in the place of the API server's. */
export async function makeInstance(world: World, cluster: RealCluster, seed: number): Promise<Instance> {
  const { client, signal } = world;
  const read = (file: string): string => readFileSync(join(cluster.certificatesDir, file), 'utf8');
  const [ca, signingKey] = [read('ca.crt'), read('service-account.key')];
  const plan = new Plan(seededRandom(seed));
  const upstream = { port: cluster.ports.apiServer, ca };
  const proxy = new FaultyProxy({ upstream, tls: { cert: read('apiserver.crt'), key: read('apiserver.key') }, plan });
  const directory = mkdtempSync(join(tmpdir(), 'faults-'));
  const [kubeconfig, tokenFile, logFile] = ['kubeconfig', 'token', 'operator.log'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  const { metadata } = await client.get(deployed.ServiceAccount, account.namespace, account.name, signal);
  writeKubeconfig(
    kubeconfig,
    { server: await proxy.listen(), certificateAuthority: ca },
    { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } },
  );
  const uid = metadata.uid ?? '';
  const renewToken = (seconds: number): void => {
    renew(tokenFile, tokenFor({ ...account, uid, signingKey }, seconds));
  };
  return { operator: new KeptOperator(kubeconfig, logFile), proxy, plan, logFile, renewToken };
}
