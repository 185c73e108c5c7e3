import { describe, expect, it } from '@jest/globals';
import type { World } from '../scenarios/world.ts';
import { alertGate, gate, GatedTraffic, says, startGated } from './gated-world.ts';
import type { StandInAlert } from './prometheus-stand-in.ts';
import { runOnSimulation } from './run-scenario.ts';

const minuteMs = 60_000;

async function run(traffic: GatedTraffic, story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'gate-alerts', disturbs: true, run: story }, { prometheus: () => traffic.options });
}

function alert(namespace: string, activeAt: number, more: Readonly<Record<string, string>> = {}): StandInAlert {
  return { labels: { alertname: 'CheckoutFails', severity: 'page', namespace, pod: 'web-2', ...more }, activeAt };
}

describe('a gate of alerts', () => {
  it('takes back the namespace alone whose alert begins to fire, and says which it is', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const [bad, good] = [world.ns('bad'), world.ns('good')];
      await startGated(world, [alertGate({ soak: '3m' })], 'bad', 'good');
      await says(world, /Inconclusive Soaking/, bad);
      const at = world.clock.now();
      traffic.prometheus.alerts = () => [
        alert(bad, at),
        alert(good, at, { severity: 'ticket' }),
        { ...alert(good, at), state: 'pending' },
        alert('elsewhere', at),
      ];
      const { status } = await world.childPhase('RolledBack', bad, 30 * minuteMs);
      expect(status?.failure).toMatchObject({
        reason: 'GateFailed',
        message: `gate pager: alerts fire: CheckoutFails of ${bad}`,
      });
      expect(status?.gates).toMatchObject([{ verdict: 'Fail', reason: 'AlertFiring' }]);
      await world.modesAre({ Sidecar: 1 }, bad);
      const { status: passed } = await world.childPhase('Migrated', good, 30 * minuteMs);
      expect(passed?.gates).toMatchObject([{ verdict: 'Pass', reason: 'NoAlert' }]);
      await world.modesAre({ Ambient: 1 }, good);
    });
  });

  it('does not count what was there before the start, also where Prometheus says that it has just begun', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('good');
      const before = world.clock.now();
      traffic.prometheus.fired = [
        { __name__: 'ALERTS', ...alert(home, 0, { pod: 'web-1', alertname: 'Flaps' }).labels },
      ];
      traffic.prometheus.alerts = () => [
        alert(home, before),
        // Of a pod that has another name since, by a server that was restarted.
        alert(home, world.clock.now(), { alertname: 'Flaps' }),
      ];
      await startGated(world, [alertGate()], 'good');
      await world.childPhase('Migrated', home, 30 * minuteMs);
      const asked = traffic.prometheus.asked.find(({ expression }) => expression.includes('ALERTS'));
      expect(asked?.expression).toContain(`ALERTS{alertstate="firing",severity="page",namespace="${home}",`);
    });
  });

  it('neither passes nor fails while Prometheus cannot be asked, and nothing that it said before stands', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('good');
      await startGated(world, [alertGate({ soak: '3m', noData: 'Fail' })], 'good');
      await says(world, /Inconclusive Soaking/, home);
      traffic.prometheus.away = 'ECONNREFUSED';
      await says(world, /NoData NoTarget/, home);
      await world.pause(10 * minuteMs);
      expect((await world.child(home)).status?.phase).toBe('Migrating');
      await world.modesAre({ Ambient: 1 }, home);
      traffic.prometheus.away = undefined;
      await world.childPhase('Migrated', home, 30 * minuteMs);
    });
  });

  it('takes nobody back by a Prometheus that has lost what was before, or whose clock is another one', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('good');
      await startGated(world, [alertGate({ soak: '3m' })], 'good');
      await says(world, /Inconclusive Soaking/, home);
      // It is made anew without its disk, and says of what was always there that it has just begun.
      traffic.prometheus.keepsFrom = world.clock.now();
      traffic.prometheus.alerts = () => [alert(home, world.clock.now())];
      await says(world, /NoData NoTarget/, home);
      expect((await world.child(home)).status?.gates?.[0]?.message).toMatch(/keeps nothing from before the start/);
      traffic.prometheus.keepsFrom = -Infinity;
      traffic.prometheus.clock = () => world.clock.now() + 10 * minuteMs;
      await world.pause(10 * minuteMs);
      const { status } = await world.child(home);
      expect(status?.gates?.[0]?.message).toMatch(/its clock is \d+ s ahead of the operator's/);
      expect(status?.phase).toBe('Migrating');
      await world.modesAre({ Ambient: 1 }, home);
      traffic.prometheus.clock = undefined;
      traffic.prometheus.alerts = () => [];
      await world.childPhase('Migrated', home, 30 * minuteMs);
    });
  });

  it('stands beside one that counts, and each of them decides', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('good');
      await startGated(world, [gate(), alertGate({ onFail: 'Pause', soak: '3m' })], 'good');
      await says(world, /Pass BelowLimit/, home);
      const at = world.clock.now();
      traffic.prometheus.alerts = () => [alert(home, at)];
      const { status } = await world.childPhase('Failed', home, 30 * minuteMs);
      expect(status?.failure?.reason).toBe('GateHeld');
      await world.modesAre({ Ambient: 1 }, home);
    });
  });
});
