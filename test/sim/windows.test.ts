import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { Resource } from '../../src/api/object.ts';
import { freezeAnnotation, meshMigrations, type MeshMigration } from '../../src/api/resources.ts';
import type { Window } from '../../src/api/windows.ts';
import { timestamp } from '../../src/base/clock.ts';
import { deployment, kinds, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { plain } from './caller-and-called.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const minuteMs = 60_000;

/** Within this each namespace is looked at once, whatever happens. */
const eachMs = 11 * minuteMs;

/** A minute of the clock so many minutes from now, in milliseconds. */
function minuteIn(world: World, minutes: number): number {
  return (Math.ceil(world.clock.now() / minuteMs) + minutes) * minuteMs;
}

/** A window of one day: it opens at a moment and lasts for so many minutes. */
function windowAt(opensAt: number, minutes: number, kind: Window['kind'] = 'Allow'): Window {
  const at = new Date(opensAt);
  const schedule = `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
  return { kind, schedule, duration: `${minutes}m`, timeZone: 'UTC' };
}

/** When a namespace was started, in milliseconds; NaN if it was not. */
async function startOf(world: World, suffix: string): Promise<number> {
  const { status } = await world.child(world.ns(suffix));
  return Date.parse(status?.steps?.[0]?.startedAt ?? '');
}

/** Waits until a condition of the migration has a reason. */
async function reason(world: World, type: 'Reconciling' | 'Stalled', wanted: string): Promise<MeshMigration> {
  return await world.eventually(
    `${type} by ${wanted}`,
    async () => {
      const migration = await world.migration();
      const found = migration.status?.conditions?.find((each) => each.type === type);
      return found?.status === 'True' && found.reason === wanted ? migration : undefined;
    },
    15 * minuteMs,
  );
}

async function windowsAre(world: World, state: string, within = 5 * minuteMs): Promise<MeshMigration> {
  return await world.eventually(
    `windows ${state}`,
    async () => {
      const migration = await world.migration();
      return migration.status?.windows?.state === state ? migration : undefined;
    },
    within,
  );
}

function ready({ status }: MeshMigration): string {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

/** A namespace whose restart takes so long. */
async function slow(world: World, suffix: string, seconds: number): Promise<void> {
  const home = world.ns(suffix);
  await world.create(
    namespace(home),
    deployment(home, 'web', { behaviour: { [podBehaviour.readyAfterMs]: `${seconds * 1000}` } }),
  );
  await world.podsReady(1, home);
}

async function freeze(world: World, resource: Resource, name: string, why: string | null): Promise<void> {
  const patch = { metadata: { annotations: { [freezeAnnotation]: why } } };
  await world.client.mergePatch(resource, undefined, name, patch, { signal: world.signal });
}

async function run(name: string, tell: (world: World) => Promise<void>, sim: SimRun = {}): Promise<void> {
  await runOnSimulation({ name, run: tell }, sim);
}

describe('windows', () => {
  it('start nobody while they are closed, and whoever waits as soon as they open', async () => {
    await run('windows', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      const opensAt = minuteIn(world, 20);
      await start(world, { windows: [windowAt(opensAt, 30)] }, ['a', 'b']);
      const closed = await reason(world, 'Reconciling', 'WindowClosed');
      assert.deepEqual(closed.status?.windows, { state: 'Closed', nextOpen: timestamp(opensAt) });
      assert.match(ready(closed), new RegExp(`2 to come; window closed: .* before ${timestamp(opensAt)}`));
      const { status } = await world.childPhase('Pending', world.ns('a'));
      assert.match(status?.message ?? '', new RegExp(`window closed.* before ${timestamp(opensAt)}`));
      await world.pause(opensAt - world.clock.now() - 1000);
      assert.deepEqual([await startOf(world, 'a'), await startOf(world, 'b')], [NaN, NaN]);
      await world.phase('Migrated');
      for (const suffix of ['a', 'b']) {
        const waited = (await startOf(world, suffix)) - opensAt;
        assert.ok(waited >= 0 && waited < minuteMs, `${suffix} began ${waited} ms after it had opened`);
      }
    });
  });

  it('that close have what is under way go on to its end, and nobody else begin', async () => {
    await run(
      'window-closes',
      async (world) => {
        await slow(world, 'a', 150);
        await plain(world, world.ns('b'));
        const closesAt = minuteIn(world, 2);
        await start(world, { windows: [windowAt(closesAt - 10 * minuteMs, 10)] }, ['a', 'b']);
        await world.childPhase('Migrating', world.ns('a'));
        const closed = await windowsAre(world, 'Closed');
        assert.match(ready(closed), /1 under way, 1 to come; window closed/);
        await world.childPhase('Migrated', world.ns('a'), 20 * minuteMs);
        assert.ok(world.clock.now() > closesAt);
        const waits = await reason(world, 'Reconciling', 'WindowClosed');
        assert.match(ready(waits), /1 of 2 namespaces migrated, 1 to come/);
        await world.pause(eachMs);
        assert.equal(await startOf(world, 'b'), NaN);
      },
      { slots: 1 },
    );
  });

  it('that close sooner than namespaces take start nobody any more, and say so', async () => {
    await run(
      'margin',
      async (world) => {
        await slow(world, 'a', 150);
        await plain(world, world.ns('b'));
        const closesAt = minuteIn(world, 4);
        await start(world, { windows: [windowAt(closesAt - 10 * minuteMs, 10)] }, ['a', 'b']);
        await world.childPhase('Migrated', world.ns('a'), 20 * minuteMs);
        assert.ok(world.clock.now() < closesAt, 'the window was to be open still');
        const { status } = await windowsAre(world, 'Closing');
        assert.equal(status?.windows?.closesAt, timestamp(closesAt));
        assert.equal(status.windows.nextOpen, timestamp(closesAt + (24 * 60 - 10) * minuteMs));
        const child = await world.eventually('b says why', async () => {
          const { status: said } = await world.child(world.ns('b'));
          return /the window closes at .*, which is less than the \dm that a namespace takes/.test(said?.message ?? '')
            ? said
            : undefined;
        });
        assert.equal(child.writtenPhase, 'Pending');
        await world.pause(world.clock.now() < closesAt ? closesAt - world.clock.now() - 1000 : 0);
        assert.equal(await startOf(world, 'b'), NaN);
      },
      { slots: 1 },
    );
  });

  it('that are closed keep no rollback waiting, and nobody who is half-way', async () => {
    await run('back-in-a-closed-window', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      const closesAt = minuteIn(world, 4);
      await start(world, { windows: [windowAt(closesAt - 10 * minuteMs, 10)] }, ['a', 'b']);
      await world.phase('Migrated');
      await windowsAre(world, 'Closed');
      const asked = world.clock.now();
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      assert.ok(world.clock.now() - asked < 5 * minuteMs, 'the rollback waited for something');
      await world.edit({ action: 'Migrate' });
      await reason(world, 'Reconciling', 'WindowClosed');
      assert.equal((await world.migration()).status?.namespaces?.inFlight, 0);
    });
  });

  it('that are edited half-way hold from then on, and those that cannot be read hold everybody', async () => {
    await run('windows-edited', async (world) => {
      await plain(world, world.ns('a'));
      const opensAt = minuteIn(world, 30);
      await start(world, { windows: [windowAt(opensAt, 10)] }, ['a']);
      await reason(world, 'Reconciling', 'WindowClosed');
      await world.edit({ windows: [{ ...windowAt(opensAt - 60 * minuteMs, 90), timeZone: 'Europe/Berlinn' }] });
      const blocked = await reason(world, 'Stalled', 'MM163');
      assert.match(ready(blocked), /spec\.windows\[0\]\.timeZone "Europe\/Berlinn" cannot be read/);
      await world.childPhase('Blocked', world.ns('a'));
      await world.edit({ windows: [windowAt(opensAt, 10), windowAt(opensAt, 5, 'Deny')] });
      const denied = await reason(world, 'Reconciling', 'WindowClosed');
      assert.equal(denied.status?.windows?.nextOpen, timestamp(opensAt + 5 * minuteMs));
      await world.edit({ windows: [] });
      await world.phase('Migrated');
      assert.ok(world.clock.now() < opensAt);
      assert.equal((await world.migration()).status?.windows, undefined);
    });
  });

  it('open for an operator that was killed while they were closed', async () => {
    await run('killed-while-closed', async (world) => {
      await plain(world, world.ns('a'));
      const opensAt = minuteIn(world, 10);
      await start(world, { windows: [windowAt(opensAt, 30)] }, ['a']);
      await reason(world, 'Reconciling', 'WindowClosed');
      await world.operator.kill();
      await world.pause(5 * minuteMs);
      await world.operator.start();
      await world.pause(opensAt - world.clock.now() - 1000);
      assert.equal(await startOf(world, 'a'), NaN);
      await world.phase('Migrated');
      assert.ok((await startOf(world, 'a')) >= opensAt);
    });
  });

  it('and a pause are two things: neither starts what the other one holds', async () => {
    await run('paused-in-a-window', async (world) => {
      await plain(world, world.ns('a'));
      const opensAt = minuteIn(world, 5);
      await start(world, { windows: [windowAt(opensAt, 10)] }, ['a']);
      await reason(world, 'Reconciling', 'WindowClosed');
      await world.command('Paused');
      await reason(world, 'Stalled', 'Paused');
      const { status } = await windowsAre(world, 'Open', 10 * minuteMs);
      assert.equal(status?.phase, 'Paused');
      await windowsAre(world, 'Closed', 15 * minuteMs);
      await world.command('Migrating');
      await reason(world, 'Reconciling', 'WindowClosed');
      assert.equal(await startOf(world, 'a'), NaN);
    });
  });

  it('that are closed leave a soak going on', async () => {
    await run('soaking-while-closed', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      const closesAt = minuteIn(world, 3);
      const waves = [{ name: 'one', namespaces: { names: [world.ns('a')] }, soak: '10m', maxFailures: 0 }];
      const windows = [windowAt(closesAt - 10 * minuteMs, 10), windowAt(closesAt + 20 * minuteMs, 10)];
      await start(world, { waves, windows }, ['a', 'b']);
      await world.eventually(
        'the wave is done while the window is closed',
        async () => {
          const { status } = await world.migration();
          return status?.waves?.[0]?.state === 'Done' && status.windows?.state === 'Closed' ? true : undefined;
        },
        20 * minuteMs,
      );
      assert.equal(await startOf(world, 'b'), NaN);
      await world.childPhase('Migrated', world.ns('b'), 20 * minuteMs);
      assert.ok((await startOf(world, 'b')) >= closesAt + 20 * minuteMs);
    });
  });
});

describe('a freeze', () => {
  it('of the migration holds all that has not begun, and nothing that has', async () => {
    await run(
      'freeze',
      async (world) => {
        await slow(world, 'a', 60);
        await plain(world, world.ns('b'));
        await start(world, {}, ['a', 'b']);
        await world.childPhase('Migrating', world.ns('a'));
        await freeze(world, meshMigrations, world.name, 'year-end');
        await world.childPhase('Migrated', world.ns('a'), 10 * minuteMs);
        const frozen = await reason(world, 'Stalled', 'Frozen');
        assert.match(ready(frozen), /frozen by its annotation meshmigration\.dev\/freeze: "year-end"/);
        await world.pause(eachMs);
        assert.equal(await startOf(world, 'b'), NaN);
        await freeze(world, meshMigrations, world.name, null);
        await world.phase('Migrated');
      },
      { slots: 1 },
    );
  });

  it('of a namespace holds that one alone, also while others take slots', async () => {
    await run(
      'freeze-namespace',
      async (world) => {
        for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
        await freeze(world, kinds.Namespace, world.ns('a'), 'audit');
        await start(world, {}, ['a', 'b']);
        await world.childPhase('Migrated', world.ns('b'));
        const frozen = await reason(world, 'Stalled', 'NamespaceStalled');
        assert.match(ready(frozen), /it is frozen by its annotation .*"audit"/);
        assert.equal(frozen.status?.attention?.[0]?.namespace, world.ns('a'));
        assert.equal(await startOf(world, 'a'), NaN);
        await freeze(world, kinds.Namespace, world.ns('a'), null);
        await world.phase('Migrated');
        await freeze(world, kinds.Namespace, world.ns('a'), 'again');
        await world.edit({ action: 'Rollback' });
        await world.phase('RolledBack');
      },
      { slots: 1 },
    );
  });
});
