import { sleep, systemClock } from '../../src/base/clock.ts';
import { meshMigrations } from '../../src/api/resources.ts';
import { record } from '../../src/mesh/json.ts';
import type { Resource } from '../../src/api/object.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { summarized, table } from './figures.ts';
import { Measured } from './measured.ts';
import { writeMeasured } from './page.ts';
import { migrationOnce, never, nowMs, onPlatform, until, type Platform } from './platform.ts';

/*
 * Two operators, of which the one that leads is ended: how long it takes until the other has the lease, and until it has answered an edit that was made in the
 * moment in which the first one ended.
 */

const rounds = 5;
const home = 'failover';
const leases: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

interface Taken {
  readonly lease: number;
  readonly answer: number;
}

async function holder({ client }: Platform): Promise<string | undefined> {
  const { items } = await client.list(leases, { namespace: 'mesh-migration-system', signal: never });
  const held = record(items[0]?.['spec'])['holderIdentity'];
  return typeof held === 'string' && held !== '' ? held : undefined;
}

async function taken(platform: Platform, signal: 'SIGTERM' | 'SIGKILL', round: number): Promise<Taken> {
  const name = (which: string): string => `${signal}-${round}-${which}`;
  const first = await Measured.start(platform.cluster, { name: name('first') });
  const check = (): void => undefined;
  const before = await until(() => holder(platform), check);
  const second = await Measured.start(platform.cluster, { name: name('second') });
  try {
    await sleep(systemClock, 5_000); // Until it has read everything, and only waits.
    const began = nowMs();
    const ending = first.stop(signal);
    const spec = { restart: { podsPerMinute: 100 + round + (signal === 'SIGKILL' ? 50 : 0) } };
    const edited = await platform.client.mergePatch(meshMigrations, undefined, home, { spec }, { signal: never });
    await until(async () => {
      const now = await holder(platform);
      return now !== undefined && now !== before ? now : undefined;
    }, check);
    const lease = (nowMs() - began) / 1000;
    const generation = edited.metadata.generation ?? 0;
    await migrationOnce(platform, home, ({ status }) => (status?.observedGeneration ?? 0) >= generation, check);
    const answer = (nowMs() - began) / 1000;
    await ending;
    return { lease, answer };
  } finally {
    await first.stop();
    await second.stop();
  }
}

/** Writes the table into docs/benchmarks.md. */
export async function failover(): Promise<void> {
  const rows: string[][] = [];
  await onPlatform(async (platform) => {
    await platform.client.create(kinds.Namespace, namespace(home), never);
    await platform.client.create(kinds.Deployment, deployment(home, 'web'), never);
    await platform.client.create(meshMigrations, meshMigration(home, { names: [home] }, { action: 'Plan' }), never);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const all: Taken[] = [];
      for (let round = 0; round < rounds; round += 1) all.push(await taken(platform, signal, round));
      rows.push([
        signal,
        summarized(
          all.map(({ lease }) => lease),
          2,
        ),
        summarized(
          all.map(({ answer }) => answer),
          2,
        ),
      ]);
    }
  });
  writeMeasured('failover', table(['the leader ends by', 'the other has the lease, s', 'it has answered, s'], rows));
}
