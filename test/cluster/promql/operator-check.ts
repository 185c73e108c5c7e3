import assert from 'node:assert/strict';
import { denyDelete, shop } from '../../scenarios/http.ts';
import { meshMigration } from '../../scenarios/manifests.ts';
import type { World } from '../../scenarios/world.ts';
import type { OperatorProcess } from '../../support/operator-process.ts';
import type { RealCluster } from '../real-cluster.ts';
import { ensurePromql } from './program.ts';
import { by, inbound, to, type WrittenSeries } from './series.ts';
import { servePrometheus } from './server.ts';

const minute = 60_000;

/** `web` has called `api` for a day, and goes on. */
function calls(home: string, now: number): readonly WrittenSeries[] {
  const samples = Array.from({ length: 24 * 60 }, (_each, index) => [now + (index - 23 * 60) * minute, index] as const);
  return [
    { labels: { ...inbound, ...by(home, 'web'), ...to(home, 'api') }, samples },
    { labels: { ...inbound, reporter: 'source', ...by(home, 'web'), ...to(home, 'api'), pod: 'web-1' }, samples },
  ];
}

/** The operator as a process, with its options, asks a PromQL engine over HTTP; it is blocked without. */
export async function promqlOperator(world: World, _cluster: RealCluster, operator: OperatorProcess): Promise<void> {
  const home = world.ns();
  const prometheus = await servePrometheus(await ensurePromql(), calls(home, Date.now()));
  const asking = operator.like('--prometheus-url', prometheus.url, '--callers-window', '12h');
  try {
    await shop(world, denyDelete(home));
    await world.create(meshMigration(world.name, { names: [home] }));
    await world.childPhase('Blocked');
    await operator.stop();
    await asking.start();
    const { status } = await world.childPhase('Migrated');
    assert.deepEqual(
      status?.workloads?.map(({ name }) => name),
      ['web', 'api'],
      'callers are restarted first',
    );
    assert.deepEqual(
      status.order?.map(({ why }) => why),
      [undefined, 'after Deployment web, which calls it (Service api, by Prometheus, last 12h)'],
    );
    asking.check();
  } finally {
    await asking.stop();
    await prometheus.close();
    await operator.stop();
    await operator.start();
  }
}
