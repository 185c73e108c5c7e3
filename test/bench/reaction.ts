import { sleep, systemClock } from '../../src/base/clock.ts';
import { meshMigrations, namespaceMigrations, type NamespaceMigration } from '../../src/api/resources.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { quantile, table } from './figures.ts';
import { Measured } from './measured.ts';
import { writeMeasured } from './page.ts';
import { migrationOnce, never, nowMs, onPlatform, until, type Platform } from './platform.ts';

/*
 * From an object that makes a namespace one that cannot start to the status that says so, while fifty objects a second change elsewhere. What the API server
 * and its answers take is in it.
 */

const samples = 100;
const churnMs = 20;
const homes = Array.from({ length: 50 }, (_, at) => `home-${String(at).padStart(2, '0')}`);
const check = (): void => undefined;

/** Changes the annotations of workloads of all but the first ten namespaces, in turn, until it is told to end. */
async function churn({ client }: Platform, ended: AbortSignal): Promise<number> {
  let changes = 0;
  for (let at = 0; !ended.aborted; at += 1) {
    const home = homes[10 + (at % (homes.length - 10))] ?? '';
    const annotations = { 'example.com/changed': String(at) };
    await client.mergePatch(kinds.Deployment, home, 'web', { metadata: { annotations } }, { signal: never });
    changes += 1;
    await sleep(systemClock, churnMs);
  }
  return changes;
}

async function isBlocked({ client }: Platform, home: string): Promise<boolean> {
  const { status } = await client.get<NamespaceMigration>(namespaceMigrations, home, 'reaction', never);
  return status?.phase === 'Blocked';
}

/** Milliseconds from the answer to the write of the cause until it is told. */
async function reaction(platform: Platform, home: string): Promise<number> {
  const { client } = platform;
  await client.create(kinds.EnvoyFilter, object('EnvoyFilter', home, 'filter', { configPatches: [] }), never);
  const began = nowMs();
  await until(async () => ((await isBlocked(platform, home)) ? true : undefined), check, 5);
  const taken = nowMs() - began;
  await client.delete(kinds.EnvoyFilter, home, 'filter', { signal: never });
  await until(async () => ((await isBlocked(platform, home)) ? undefined : true), check);
  return taken;
}

/** Writes the table into docs/benchmarks.md. */
export async function reactions(): Promise<void> {
  await onPlatform(async (platform) => {
    const { client } = platform;
    for (const home of homes) {
      await client.create(kinds.Namespace, namespace(home), never);
      await client.create(kinds.Deployment, deployment(home, 'web'), never);
    }
    const operator = await Measured.start(platform.cluster);
    const ended = new AbortController();
    try {
      await client.create(meshMigrations, meshMigration('reaction', { names: homes }, { action: 'Plan' }), never);
      await migrationOnce(platform, 'reaction', ({ status }) => status?.phase === 'Planned', check);
      const began = nowMs();
      const changing = churn(platform, ended.signal);
      const taken: number[] = [];
      for (let at = 0; at < samples; at += 1) taken.push(await reaction(platform, homes[at % 10] ?? ''));
      ended.abort();
      const perSecond = (await changing) / ((nowMs() - began) / 1000);
      const cells = [perSecond.toFixed(0), ...[0.5, 0.95, 0.99].map((share) => quantile(taken, share).toFixed(0))];
      const head = ['changes elsewhere per second', 'median, ms', '95 %, ms', '99 %, ms'];
      writeMeasured('reaction', table(head, [cells]));
    } finally {
      ended.abort();
      await operator.stop();
    }
  });
}
