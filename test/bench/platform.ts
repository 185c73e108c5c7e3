import { meshMigrations, type MeshMigration } from '../../src/api/resources.ts';
import { sleep, systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/random.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { startEmbedded, type DemoCluster } from '../demo/demo-cluster.ts';
import { installOperator } from '../support/install.ts';
import { buildBundle } from './measured.ts';

/** A simulated cluster in this process, on which a bench runs the operator as a process. */
export interface Platform {
  readonly cluster: DemoCluster;
  readonly client: KubeClient;
}

/** Nothing ends a bench but its end. */
export const never = new AbortController().signal;

/** Milliseconds of a clock that does not jump. */
export function nowMs(): number {
  return systemClock.monotonic();
}

/** Gives work a cluster with the operator installed and not running, and ends it. */
export async function onPlatform(work: (platform: Platform) => Promise<void>): Promise<void> {
  buildBundle();
  const cluster = await startEmbedded();
  const client = new KubeClient({
    transport: cluster.cluster.admin,
    clock: systemClock,
    random: systemRandom,
    fieldManager: 'bench',
    userAgent: 'bench',
  });
  try {
    await installOperator(client, systemClock, never);
    await work({ cluster, client });
  } finally {
    await cluster.stop();
  }
}

/** Asks again until there is an answer; `check` throws where there will be none. */
export async function until<T>(ask: () => Promise<T | undefined>, check: () => void, everyMs = 20): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    check();
    await sleep(systemClock, everyMs);
  }
}

/** The migration, once it is as wanted. */
export async function migrationOnce(
  { client }: Platform,
  name: string,
  isIt: (migration: MeshMigration) => boolean,
  check: () => void,
): Promise<MeshMigration> {
  return await until(async () => {
    const now = await client.get<MeshMigration>(meshMigrations, undefined, name, never);
    return isIt(now) ? now : undefined;
  }, check);
}
