import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { denyDelete, shop } from '../scenarios/http.ts';
import { barePod, cronJob, deployment, kinds, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { call, reporter } from '../support/istio-metrics.ts';
import { called } from './caller-and-called.ts';
import { PrometheusStandIn } from './prometheus-stand-in.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const minuteMs = 60_000;

async function refused(world: World): Promise<string> {
  return await world.eventually('callers are refused', async () => {
    const said = stalledBy((await world.child()).status?.conditions);
    return said?.reason === 'CallersRefused' ? said.message : undefined;
  });
}

describe('callers with sidecars of a namespace that has moved', () => {
  it.each([
    ['a CronJob between two runs', 'CronJob', (blog: string) => cronJob(blog, 'reader')],
    ['a Deployment at zero', 'Deployment', (blog: string) => deployment(blog, 'reader', { replicas: 0 })],
  ] as const)('keep it from being finalized though none of their pods runs: %s', async (_what, kind, callerIn) => {
    await runOnSimulation({
      name: 'sealed-away',
      run: async (world) => {
        const blog = world.ns('blog');
        await called(world, world.ns(), blog);
        await start(world);
        await world.childPhase('Migrated');
        await world.create(namespace(blog), callerIn(blog));
        await world.pause(minuteMs);
        await world.edit({ action: 'Finalize' });
        await world.pause(minuteMs);
        assert.equal((await world.child()).status?.phase, 'Migrated');
        assert.match(await refused(world), /would be refused with their next pods: \S*blog/);
        await world.delete(kinds[kind], blog, 'reader');
        // At rest what others have is looked at every ten minutes.
        await world.childPhase('Finalized', world.ns(), 11 * minuteMs);
      },
    });
  });

  it('keep it from being finalized between two runs that no template makes, where Prometheus saw them', async () => {
    const [home, blog] = ['sealed-seen', 'sealed-seen-blog'];
    const prometheus = new PrometheusStandIn();
    prometheus.series = [call({ to: `${home}/api`, by: `${home}/web`, workload: 'web' }), reporter(`${home}/web`)];
    const callersWindow = { ms: 7 * 86_400_000, text: '7d' };
    const run = async (world: World): Promise<void> => {
      await shop(world, denyDelete(home));
      await start(world);
      await world.childPhase('Migrated');
      prometheus.series = [...prometheus.series, call({ to: `${home}/api`, by: `${blog}/default` })];
      await world.create(namespace(blog), barePod(blog, 'run-1'));
      await world.pause(20 * minuteMs);
      assert.match(await refused(world), /are refused: \S*blog/);
      await world.delete(kinds.Pod, blog, 'run-1');
      await world.pause(minuteMs);
      await world.edit({ action: 'Finalize' });
      await world.pause(2 * minuteMs);
      assert.equal((await world.child()).status?.phase, 'Migrated');
      assert.match(await refused(world), /would be refused with their next pods: \S*blog/);
    };
    await runOnSimulation({ name: home, run }, { prometheus: () => ({ transport: prometheus, callersWindow }) });
  });
});
