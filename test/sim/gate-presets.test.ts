import { describe, expect, it } from '@jest/globals';
import type { World } from '../scenarios/world.ts';
import { gate, GatedTraffic, says, startGated } from './gated-world.ts';
import { runOnSimulation } from './run-scenario.ts';

const minuteMs = 60_000;

async function run(traffic: GatedTraffic, story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'gate-presets', disturbs: true, run: story }, { prometheus: () => traffic.options });
}

/** The end of a namespace that goes back by a gate, in words. */
async function failed(world: World, home: string): Promise<string> {
  const { status } = await world.childPhase('RolledBack', home, 30 * minuteMs);
  expect(status?.failure?.reason).toBe('GateFailed');
  return status?.failure?.message ?? '';
}

/** Lets what is bad begin when the namespace is looked at. */
async function flip(world: World, traffic: GatedTraffic, home: string): Promise<void> {
  await says(world, /NoData/, home);
  traffic.flipsAt = world.clock.now();
}

const refusals = gate({ name: 'refusals', prometheus: { preset: 'Refusals', maxIncrease: '1%' } });

describe('a gate of refusals', () => {
  it('takes back where one caller is refused who was let in, and nobody for one who was refused all the time', async () => {
    const traffic = new GatedTraffic();
    const locked = { locked: { total: 500, bad: 500 } };
    traffic.prometheus.traffic = (name, at) => ({
      edge: { total: 100_000 },
      web: { total: 20, bad: name.endsWith('bad') && at > traffic.flipsAt ? 20 : 0 },
      ...locked,
    });
    await run(traffic, async (world) => {
      const [bad, good] = [world.ns('bad'), world.ns('good')];
      await startGated(world, [refusals], 'bad', 'good');
      await flip(world, traffic, bad);
      expect(await failed(world, bad)).toMatch(
        /^gate refusals: too many are bad: 20 of 20, 100 %, at most .* allowed, Refusals of web by Callers$/,
      );
      const { status } = await world.childPhase('Migrated', good, 30 * minuteMs);
      expect(status?.gates).toMatchObject([{ verdict: 'Pass', observer: 'Callers' }]);
      await world.modesAre({ Sidecar: 1 }, bad);
    });
  });

  it('hears of connections that the new data plane refuses, of whom was let in before', async () => {
    const traffic = new GatedTraffic();
    traffic.prometheus.traffic = () => ({});
    traffic.prometheus.served = () => ({
      cron: { total: 10 },
      web: { total: 1000 },
      locked: { total: 10, bad: 10 },
    });
    traffic.prometheus.connections = (name, at) => ({
      cron: { total: 10, bad: name.endsWith('bad') && at > traffic.flipsAt ? 10 : 0 },
      web: { total: 1000 },
      locked: { total: 10, bad: 10 },
    });
    await run(traffic, async (world) => {
      const [bad, good] = [world.ns('bad'), world.ns('good')];
      await startGated(world, [refusals], 'bad', 'good');
      await flip(world, traffic, bad);
      expect(await failed(world, bad)).toMatch(/10 of 10, 100 %, .*Refusals of cron by Own$/);
      await world.childPhase('Migrated', good, 30 * minuteMs);
    });
  });

  it('neither passes nor fails where nobody can be asked who was let in before', async () => {
    const traffic = new GatedTraffic();
    traffic.prometheus.traffic = () => ({});
    traffic.prometheus.connections = (_name, at) => (at > traffic.flipsAt ? { new: { total: 10, bad: 10 } } : {});
    await run(traffic, async (world) => {
      const home = world.ns('good');
      await startGated(world, [refusals], 'good');
      await flip(world, traffic, home);
      await says(world, /NoData NoTraffic/, home);
      await world.pause(10 * minuteMs);
      expect((await world.child(home)).status?.phase).toBe('Migrating');
      await world.modesAre({ Ambient: 1 }, home);
    });
  });
});

describe('a gate of latency', () => {
  const slow = gate({ name: 'slow', prometheus: { preset: 'Latency', slowerThan: '500ms', maxIncrease: '2%' } });

  it('takes back where callers wait longer than before, and lets pass who was as slow before', async () => {
    const traffic = new GatedTraffic();
    traffic.prometheus.traffic = (name, at) => ({
      edge: { total: 1000, bad: name.endsWith('bad') && at > traffic.flipsAt ? 300 : 100 },
    });
    await run(traffic, async (world) => {
      const [bad, good] = [world.ns('bad'), world.ns('good')];
      await startGated(world, [slow], 'bad', 'good');
      await flip(world, traffic, bad);
      expect(await failed(world, bad)).toMatch(/300 of 1000, 30.0 %, .*Latency by Callers$/);
      await world.childPhase('Migrated', good, 30 * minuteMs);
      expect(traffic.prometheus.asked.some(({ expression }) => expression.includes('le=~"500|500[.]0"'))).toBe(true);
    });
  });

  it('says that nobody can be asked where nobody tells before and since, and takes nobody back by it', async () => {
    const traffic = new GatedTraffic();
    // Callers who have moved themselves, and new ones.
    traffic.prometheus.traffic = (_name, at) =>
      at > traffic.flipsAt ? { new: { total: 1000, bad: 1000 } } : { moved: { total: 1000 } };
    await run(traffic, async (world) => {
      const home = world.ns('good');
      await startGated(world, [slow], 'good');
      await flip(world, traffic, home);
      await says(world, /NoData NoSeries/, home);
      await world.pause(10 * minuteMs);
      const { status } = await world.child(home);
      expect(status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'Stalled', status: 'True', reason: 'GateUndecided' }),
      );
      expect(status?.gates?.[0]?.message).toMatch(/nobody outside of the namespace tells both before and since/);
      await world.modesAre({ Ambient: 1 }, home);
    });
  });
});

describe('a gate of mutual TLS', () => {
  const encrypted = gate({ name: 'mtls', prometheus: { preset: 'MtlsShare' }, onFail: 'Pause' });

  it('holds where a caller sends in plaintext what he encrypted before, and nobody for one who never did', async () => {
    const traffic = new GatedTraffic();
    traffic.prometheus.served = () => ({
      web: { total: 100_000 },
      cron: { total: 10 },
      old: { total: 500, bad: 500 },
    });
    traffic.prometheus.connections = (name, at) => ({
      web: { total: 100_000 },
      cron: { total: 10, bad: name.endsWith('bad') && at > traffic.flipsAt ? 10 : 0 },
      old: { total: 500, bad: 500 },
    });
    await run(traffic, async (world) => {
      const [bad, good] = [world.ns('bad'), world.ns('good')];
      await startGated(world, [encrypted], 'bad', 'good');
      await flip(world, traffic, bad);
      const { status: held } = await world.childPhase('Failed', bad, 30 * minuteMs);
      expect(held?.failure?.reason).toBe('GateHeld');
      expect(held?.failure?.message).toMatch(/10 of 10, 100 %, at most 1.00 % allowed, MtlsShare of cron by Own$/);
      await world.modesAre({ Ambient: 1 }, bad);
      const { status } = await world.childPhase('Migrated', good, 30 * minuteMs);
      expect(status?.gates).toMatchObject([{ verdict: 'Pass', observer: 'Own', bad: 0 }]);
    });
  });

  it('is undecided where nothing says whether it was encrypted', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      const home = world.ns('good');
      await startGated(world, [encrypted], 'good');
      await says(world, /NoData NoSeries/, home);
      await world.pause(10 * minuteMs);
      const { status } = await world.child(home);
      expect(status?.gates?.[0]?.message).toMatch(/says of nothing whether it was encrypted$/);
      expect(status?.phase).toBe('Migrating');
    });
  });
});

describe('labels that are added to a gate', () => {
  const adding = (label: string, value: string): ReturnType<typeof gate> =>
    gate({ prometheus: { extraMatchers: [{ label, value }] } });

  it('are in all that is asked, and reach no further than their quotes', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      await startGated(world, [adding('cluster', 'eu"} or vector(1) #')], 'good');
      await world.childPhase('Migrated', world.ns('good'), 30 * minuteMs);
      const asked = traffic.prometheus.asked.filter(({ expression }) => expression.includes('increase('));
      expect(asked.length).toBeGreaterThan(0);
      for (const { expression } of asked) expect(expression).toContain('cluster="eu\\"} or vector(1) #"}[60s]');
    });
  });

  it('have nobody started where the preset asks for them itself', async () => {
    const traffic = new GatedTraffic();
    await run(traffic, async (world) => {
      await startGated(world, [adding('response_code', '200')], 'good');
      const { status } = await world.phase('Blocked');
      expect(status?.findings).toMatchObject([
        { id: 'MM164', message: expect.stringContaining('adds the label response_code') },
      ]);
      await world.modesAre({ Sidecar: 1 }, world.ns('good'));
    });
  });
});
