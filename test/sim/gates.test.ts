import { describe, expect, it } from '@jest/globals';
import { denyDelete, httpPort } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { gate, GatedTraffic, goBad, says, startGated } from './gated-world.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

const minuteMs = 60_000;

async function run(
  traffic: GatedTraffic | undefined,
  story: (world: World) => Promise<void>,
  more: SimRun = {},
): Promise<void> {
  await runOnSimulation(
    { name: 'gates', disturbs: true, run: story },
    { ...more, ...(traffic && { prometheus: () => traffic.options }) },
  );
}

async function stalled(world: World, reason: string, home: string): Promise<string> {
  return await world.eventually(
    `Stalled by ${reason}`,
    async () => {
      const { status } = await world.child(home);
      const found = status?.conditions?.find(({ type, status: is }) => type === 'Stalled' && is === 'True');
      return found?.reason === reason ? found.message : undefined;
    },
    30 * minuteMs,
  );
}

describe('a gate', () => {
  it('takes back the namespace alone that fails it, with what was counted, and lets the others pass', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      await startGated(world, [gate()], 'bad', 'good');
      await goBad(world, traffic, world.ns('bad'));
      const { status } = await world.childPhase('RolledBack', world.ns('bad'), 30 * minuteMs);
      expect(status?.failure).toMatchObject({
        reason: 'GateFailed',
        message: expect.stringMatching(
          /^gate errors: too many are bad: 300 of 1000, 30.0 %, at most .* allowed, ErrorRate by Callers$/,
        ),
      });
      expect(status?.gates).toMatchObject([{ verdict: 'Fail', reason: 'AboveLimit', bad: 300, total: 1000 }]);
      const { status: good } = await world.childPhase('Migrated', world.ns('good'), 30 * minuteMs);
      expect(good?.gates).toMatchObject([{ verdict: 'Pass', reason: 'BelowLimit', observer: 'Callers' }]);
    });
    expect(traffic.prometheus.asked.filter(({ expression }) => expression.includes('bad|')).length).toBeGreaterThan(0);
  });

  it('of which nothing is known by its deadline gives the slot back and waits, and goes on when it is', async () => {
    const traffic = new GatedTraffic();
    await run(
      traffic,
      async (world) => {
        const [bad, good] = [world.ns('bad'), world.ns('good')];
        traffic.flipsAt = 0;
        traffic.since = {};
        await startGated(world, [gate()], 'bad', 'good');
        expect(await stalled(world, 'GateUndecided', bad)).toMatch(/gate errors: there are no such series/);
        await world.childPhase('Migrated', good, 30 * minuteMs);
        await world.modesAre({ Ambient: 1 }, bad);
        traffic.flipsAt = Infinity;
        await world.childPhase('Migrated', bad, 30 * minuteMs);
      },
      { slots: 1 },
    );
  });

  it('neither fails nor passes while Prometheus cannot be asked, whatever that is to mean', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('good');
      traffic.prometheus.away = 'ECONNREFUSED';
      await startGated(world, [gate({ noData: 'Fail', deadline: '2m' })], 'good');
      expect(await stalled(world, 'GateUndecided', home)).toMatch(/Prometheus cannot be asked: .*ECONNREFUSED/);
      await world.pause(2 * minuteMs);
      await world.modesAre({ Ambient: 1 }, home);
      traffic.prometheus.away = undefined;
      await world.childPhase('Migrated', home, 30 * minuteMs);
    });
  });

  it('goes on in an operator that was killed in the soak, and is looked at for as long anew', async () => {
    await run(new GatedTraffic(), async (world) => {
      const home = world.ns('good');
      await startGated(world, [gate({ soak: '4m' })], 'good');
      await says(world, /Soaking/, home);
      const { status: before } = await world.child(home);
      await world.operator.kill();
      await world.pause(minuteMs);
      await world.operator.start();
      await world.pause(3 * minuteMs);
      const { status: meanwhile } = await world.child(home);
      expect([meanwhile?.gatesSince, meanwhile?.gates?.[0]?.reason]).toEqual([before?.gatesSince, 'Soaking']);
      await world.childPhase('Migrated', home, 30 * minuteMs);
    });
  });

  it('takes nobody back who was too early to be counted when Prometheus went away', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('good');
      await startGated(world, [gate({ noData: 'Fail', deadline: '2m' })], 'good');
      await says(world, /NoData TooEarly/, home);
      traffic.prometheus.away = 'ECONNREFUSED';
      expect(await stalled(world, 'GateUndecided', home)).toMatch(/nothing can have been counted yet/);
      await says(world, /NoData NoTarget/, home);
      await world.pause(10 * minuteMs);
      await world.modesAre({ Ambient: 1 }, home);
      traffic.prometheus.away = undefined;
      await world.childPhase('Migrated', home, 30 * minuteMs);
    });
  });

  it('passes nobody by what was counted before Prometheus went away', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('good');
      await startGated(world, [gate({ soak: '5m', deadline: '6m' })], 'good');
      await says(world, /Soaking/, home);
      traffic.prometheus.away = 'ECONNREFUSED';
      expect(await stalled(world, 'GateUndecided', home)).toMatch(/Prometheus cannot be asked/);
      expect((await world.child(home)).status?.phase).toBe('Migrating');
    });
  });

  it('counts no more for a caller than anybody can serve: he neither passes a namespace nor holds its status up', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('good');
      traffic.prometheus.traffic = () => ({ edge: { total: 1000 }, mallory: { total: 1e300 } });
      await startGated(world, [gate()], 'good');
      const { status } = await world.childPhase('Migrated', home, 30 * minuteMs);
      expect(status?.gates).toMatchObject([{ verdict: 'Pass', total: expect.any(Number) }]);
    });
  });

  it('is not asked of a namespace that goes on from rest, of which nothing is restarted', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('bad');
      await world.create(namespace(home), service(home, 'api', {}, httpPort), deployment(home, 'api', { replicas: 2 }));
      await world.podsReady(2, home);
      const spec = { gates: [gate()], restart: { watch: '0s' }, callers: [{ namespace: home, from: [] }] };
      await world.create(meshMigration(world.name, { names: [home] }, spec));
      await world.childPhase('Migrated', home, 30 * minuteMs);
      // What is bad now is compared with a time before the start, of weeks ago.
      traffic.since = { edge: { total: 1000, bad: 300 } };
      traffic.flipsAt = world.clock.now();
      await world.create(denyDelete(home));
      await world.pause(minuteMs);
      await world.command('Migrating', home);
      await world.eventually('behind a waypoint', async () => {
        const { status } = await world.child(home);
        return status?.writtenPhase === 'Migrated' && status.itinerary === 'L7' ? true : undefined;
      });
      await world.modesAre({ Ambient: 2 }, home);
    });
  });

  it('without a Prometheus has nobody started', async () => {
    await run(undefined, async (world) => {
      await startGated(world, [gate()], 'good');
      const { status } = await world.phase('Blocked');
      expect(status?.findings).toMatchObject([{ id: 'MM164' }]);
      await world.modesAre({ Sidecar: 1 }, world.ns('good'));
    });
  });
});
