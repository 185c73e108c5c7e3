import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import type { NamespaceMigration } from '../../src/api/resources.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { call, reporter } from '../support/istio-metrics.ts';
import { denyDelete, shop } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { PrometheusStandIn } from './prometheus-stand-in.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

const week = { ms: 7 * 86_400_000, text: '7d' };
const minute = 60_000;

/** Runs a story on a cluster whose operator may ask this Prometheus. */
async function run(
  name: string,
  prometheus: PrometheusStandIn | undefined,
  story: (world: World) => Promise<void>,
  more: SimRun = {},
): Promise<void> {
  await runOnSimulation(
    { name, run: story },
    { ...more, ...(prometheus && { prometheus: () => ({ transport: prometheus, callersWindow: week }) }) },
  );
}

/** `web` calls `api`, which nobody may ask to DELETE: no policy says who calls. */
function webCallsApi(home: string): PrometheusStandIn {
  const prometheus = new PrometheusStandIn();
  prometheus.series = [call({ to: `${home}/api`, by: `${home}/web`, workload: 'web' }), reporter(`${home}/web`)];
  return prometheus;
}

function findings({ status }: NamespaceMigration): readonly string[] {
  return (status?.findings ?? []).map(({ id, object, message }) => `${id} ${object}: ${message}`);
}

async function hasFinding(world: World, text: string, within?: number): Promise<NamespaceMigration> {
  return await world.eventually(
    `a finding with "${text}"`,
    async () => {
      const child = await world.child();
      return findings(child).some((line) => line.includes(text)) ? child : undefined;
    },
    within,
  );
}

function restarted({ status }: NamespaceMigration): readonly string[] | undefined {
  return status?.workloads?.map(({ name }) => name);
}

async function start(
  world: World,
  spec: Readonly<Record<string, unknown>> = {},
  ...others: readonly KubeObject[]
): Promise<void> {
  const home = world.ns();
  await shop(world, denyDelete(home));
  await world.create(...others, meshMigration(world.name, { names: [home] }, spec));
}

describe('callers from Prometheus', () => {
  it('are asked for by nobody where it is not configured: the namespace is blocked', async () => {
    await run('unknown-callers', undefined, async (world) => {
      await start(world);
      expect(findings(await world.childPhase('Blocked')).join()).toContain(
        'MM082 Service unknown-callers/api: callers with sidecars would be refused, and no ALLOW policy selects all its pods',
      );
    });
  });

  it('let the namespace move, callers first, and the status says how it is known', async () => {
    const prometheus = webCallsApi('known-callers');
    await run('known-callers', prometheus, async (world) => {
      await start(world);
      const child = await world.childPhase('Migrated');
      expect(child.status?.itinerary).toBe('L7');
      expect(restarted(child)).toEqual(['web', 'api']);
      expect(child.status?.order).toEqual([
        { kind: 'Deployment', name: 'web' },
        {
          kind: 'Deployment',
          name: 'api',
          why: 'after Deployment web, which calls it (Service api, by Prometheus, last 7d)',
        },
      ]);
    });
  });

  it('were asked for without a gap, in pieces, and not more often than is needed', async () => {
    const prometheus = webCallsApi('asked-callers');
    let now = 0;
    await run('asked-callers', prometheus, async (world) => {
      await world.pause(10 * minute);
      expect(prometheus.asked).toEqual([]);
      await start(world, { action: 'Plan' });
      await world.childPhase('Planned');
      const before = prometheus.asked.length;
      await world.pause(30 * minute);
      expect(prometheus.asked.length - before).toBeLessThanOrEqual(2 * 7);
      now = world.clock.now();
    });
    const slices = [...new Set(prometheus.asked.map(({ expression }) => expression.replace(/\[\d+s\]/g, '[]')))].map(
      (kind) => prometheus.asked.filter(({ expression }) => expression.replace(/\[\d+s\]/g, '[]') === kind),
    );
    expect(slices).toHaveLength(2);
    for (const asked of slices) {
      let reached = now - week.ms;
      for (const { from, to } of [...asked].sort((a, b) => a.from - b.from)) {
        expect(from).toBeLessThanOrEqual(reached);
        reached = Math.max(reached, to);
      }
      expect(now - reached).toBeLessThan(6 * minute);
    }
  });

  it('in another namespace come before, and it waits for them', async () => {
    const prometheus = webCallsApi('held-callers');
    prometheus.series = [
      ...prometheus.series,
      call({ to: 'held-callers/api', by: 'held-callers-blog/default', workload: 'reader' }),
    ];
    await run('held-callers', prometheus, async (world) => {
      const blog = world.ns('blog');
      await world.create(namespace(blog), deployment(blog, 'reader'));
      await world.podsReady(1, blog);
      await start(world);
      await world.childPhase('Blocked');
      await hasFinding(
        world,
        'MM083 Service held-callers/api: callers with sidecars go past a waypoint and would be refused: held-callers-blog',
      );
      await world.edit({ namespaces: { names: [world.ns(), blog] } });
      await world.phase('Migrated');
    });
  });

  it('that begin to call are noticed while it is planned', async () => {
    const prometheus = webCallsApi('new-callers');
    await run('new-callers', prometheus, async (world) => {
      const blog = world.ns('blog');
      await world.create(namespace(blog), deployment(blog, 'reader'));
      await world.podsReady(1, blog);
      await start(world, { action: 'Plan' });
      await world.childPhase('Planned');
      prometheus.series = [
        ...prometheus.series,
        call({ to: 'new-callers/api', by: 'new-callers-blog/default', workload: 'reader' }),
      ];
      await hasFinding(world, 'MM083', 6 * minute);
    });
  });

  it('start what waited for them as soon as Prometheus answers, and the status says meanwhile why and since when', async () => {
    const prometheus = webCallsApi('late-callers');
    prometheus.away = 'connect ECONNREFUSED 10.0.0.7:9090';
    await run('late-callers', prometheus, async (world) => {
      await start(world);
      const since = (await hasFinding(world, 'MM088')).status?.findings?.find(({ id }) => id === 'MM088')?.message;
      expect(since).toMatch(
        /^Prometheus at http:\/\/prometheus\.test:9090 does not tell who calls since 2026-.*Z: it cannot be asked: connect ECONNREFUSED 10\.0\.0\.7:9090$/,
      );
      await world.pause(11 * minute);
      const child = await world.child();
      expect(child.status?.phase).toBe('Blocked');
      expect(findings(child).some((line) => line.endsWith(since ?? '-'))).toBe(true);
      prometheus.away = undefined;
      expect(restarted(await world.childPhase('Migrated', world.ns(), 7 * minute))).toEqual(['web', 'api']);
    });
  });

  it('stay known for a while when Prometheus goes away, and no longer', async () => {
    const prometheus = webCallsApi('gone-callers');
    await run('gone-callers', prometheus, async (world) => {
      await start(world, { action: 'Plan' });
      await world.childPhase('Planned');
      prometheus.away = 'connect ETIMEDOUT';
      await world.pause(20 * minute);
      expect((await world.child()).status?.phase).toBe('Planned');
      await world.childPhase('Blocked', world.ns(), 20 * minute);
      await hasFinding(world, 'MM088');
    });
  });

  it('keep their order when Prometheus goes away before the first restart, and the operator is killed', async () => {
    const prometheus = webCallsApi('away-callers');
    await run('away-callers', prometheus, async (world) => {
      await start(world, { action: 'Plan' });
      await world.childPhase('Planned');
      await world.edit({ action: 'Migrate' });
      await world.eventually('the first change', async () =>
        (await world.child()).status?.step === 'EnsureWaypoint' ? true : undefined,
      );
      await world.operator.kill();
      prometheus.away = 'connect ECONNREFUSED';
      await world.operator.start();
      expect(restarted(await world.childPhase('Migrated'))).toEqual(['web', 'api']);
    });
  });

  it('are not concluded from a memory that is shorter than the window', async () => {
    const prometheus = webCallsApi('short-memory');
    await run('short-memory', prometheus, async (world) => {
      prometheus.keepsFrom = world.clock.now() - 2 * 86_400_000;
      await start(world);
      const { status } = await hasFinding(world, 'MM088');
      assert.match(
        status?.findings?.find(({ id }) => id === 'MM088')?.message ?? '',
        /does not tell who calls: it has no metric of Istio from 7d ago; .*--callers-window/,
      );
      prometheus.keepsFrom = -Infinity;
      await world.childPhase('Migrated', world.ns(), 7 * minute);
    });
  });

  it('that spec.callers leaves out are warned of', async () => {
    const prometheus = webCallsApi('left-out');
    prometheus.series = [
      ...prometheus.series,
      call({ to: 'left-out/api', by: 'left-out-blog/default', workload: 'reader' }),
    ];
    await run('left-out', prometheus, async (world) => {
      await start(world, {
        action: 'Plan',
        callers: [{ namespace: world.ns(), from: [{ namespace: world.ns(), serviceAccount: 'web' }] }],
      });
      await hasFinding(
        world,
        'MM087 Service left-out/api: spec.callers leaves out callers that were seen (Prometheus, last 7d), which would be refused while they have sidecars: left-out-blog/default',
      );
      await world.childPhase('Planned');
    });
  });

  it('are not believed where somebody else tells of them: one forged series starts nothing', async () => {
    const prometheus = new PrometheusStandIn();
    const forged = [
      call({ to: 'forged-callers/api', by: 'forged-callers/web', workload: 'web', in: 'mallory' }),
      reporter('forged-callers/web', 'mallory'),
    ];
    const own = call({ to: 'mallory/x', by: 'mallory/y', in: 'mallory' });
    prometheus.series = [...forged, own];
    await run('forged-callers', prometheus, async (world) => {
      await start(world);
      await world.childPhase('Blocked');
      await hasFinding(
        world,
        'reports who called it (what was scraped in namespace mallory says something of them and is not believed: label namespace)',
      );
      await world.pause(11 * minute);
      expect((await world.child()).status?.phase).toBe('Blocked');
      prometheus.series = [
        ...forged,
        own,
        call({ to: 'forged-callers/api', by: 'forged-callers/web', workload: 'web', in: 'forged-callers' }),
        reporter('forged-callers/web', 'forged-callers'),
      ];
      expect(restarted(await world.childPhase('Migrated', world.ns(), 7 * minute))).toEqual(['web', 'api']);
    });
  });

  it('and a forged call without an identity holds nobody up', async () => {
    const prometheus = webCallsApi('spared-callers');
    prometheus.series = [
      ...prometheus.series.map((labels) => ({ ...labels, namespace: 'spared-callers' })),
      call({ to: 'spared-callers/api', in: 'mallory' }),
    ];
    await run('spared-callers', prometheus, async (world) => {
      await start(world);
      expect(restarted(await world.childPhase('Migrated'))).toEqual(['web', 'api']);
    });
  });

  it('are not believed where all was scraped from somewhere else, which is told at once', async () => {
    const prometheus = webCallsApi('federated-callers');
    const { series } = prometheus;
    prometheus.series = series.map((labels) => ({ ...labels, namespace: 'monitoring' }));
    await run('federated-callers', prometheus, async (world) => {
      await start(world);
      await hasFinding(
        world,
        'does not tell who calls: none of its metrics of Istio can be believed: their label namespace (monitoring) is not that of the pods',
      );
      prometheus.series = series;
      await world.childPhase('Migrated', world.ns(), 7 * minute);
    });
  });

  it('of a namespace that tells too much are unknown in that namespace, and say why', async () => {
    const prometheus = webCallsApi('too-many');
    const { series } = prometheus;
    prometheus.series = [
      ...series,
      ...Array.from({ length: 10_001 }, (_each, n) =>
        call({ to: `too-many/w${n}`, by: 'too-many/web', workload: 'web', in: 'too-many' }),
      ),
    ];
    await run('too-many', prometheus, async (world) => {
      await start(world);
      await world.eventually('the first answer', () =>
        Promise.resolve(prometheus.asked.length >= 2 ? true : undefined),
      );
      prometheus.series = series;
      await world.childPhase('Blocked');
      await hasFinding(
        world,
        'MM088 Namespace too-many: Prometheus at http://prometheus.test:9090 does not tell who calls: the proxies of namespace too-many told of more than 10000 callers',
      );
    });
  });
});
