import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { MeshMigration } from '../../src/api/resources.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { called, plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { denyMethod, start } from './stalled-story.ts';

const minuteMs = 60_000;

/** Waves of the namespaces with these suffixes; each soaks for 20 minutes. */
function wavesOf(world: World, ...suffixes: readonly (readonly string[])[]): MeshMigrationSpec['waves'] {
  return suffixes.map((those, at) => ({
    name: `w${at + 1}`,
    namespaces: { names: those.map((suffix) => world.ns(suffix)) },
    soak: '20m',
    maxFailures: 0,
  }));
}

function states({ status }: MeshMigration): Readonly<Record<string, string>> {
  return Object.fromEntries((status?.waves ?? []).map(({ name, state }) => [name, state]));
}

/** Waits until a wave is in a state. */
async function wave(world: World, name: string, state: string, within = 5 * minuteMs): Promise<MeshMigration> {
  return await world.eventually(
    `wave ${name} ${state}`,
    async () => {
      const migration = await world.migration();
      return states(migration)[name] === state ? migration : undefined;
    },
    within,
  );
}

/** The moment at which a namespace was started, in milliseconds. */
async function startOf(world: World, suffix: string): Promise<number> {
  const { status } = await world.child(world.ns(suffix));
  return Date.parse(status?.steps?.[0]?.startedAt ?? '');
}

async function ready(world: World, migration: MeshMigration): Promise<string> {
  await world.pause(0);
  return migration.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

async function run(name: string, tell: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name, run: tell });
}

describe('waves', () => {
  it('begin one after the other, each when the one before has arrived and soaked, whoever is killed meanwhile', async () => {
    await run('waves', async (world) => {
      for (const suffix of ['a', 'b', 'c']) await plain(world, world.ns(suffix));
      await start(world, { waves: wavesOf(world, ['c'], ['a']) }, ['a', 'b', 'c']);
      const soaking = await wave(world, 'w1', 'Soaking');
      assert.match(await ready(world, soaking), /1 of 3 namespaces migrated.*wave w1 soaks for 20m from/);
      assert.deepEqual(states(soaking), { w1: 'Soaking', w2: 'Waiting', '(others)': 'Waiting' });
      await world.childPhase('Pending', world.ns('a'));
      assert.match(
        (await world.child(world.ns('a'))).status?.message ?? '',
        /is in wave w2, which begins after wave w1/,
      );
      await world.pause(8 * minuteMs);
      await world.operator.kill();
      await world.operator.start();
      await wave(world, 'w2', 'Soaking', 15 * minuteMs);
      const [first, second] = [await startOf(world, 'c'), await startOf(world, 'a')];
      assert.ok(second - first >= 20 * minuteMs, 'the second wave began before the first had soaked');
      assert.ok(second - first < 22 * minuteMs, 'a kill began the soak anew');
      await world.childPhase('Migrated', world.ns('b'), 25 * minuteMs);
      await world.phase('Migrated');
      assert.deepEqual(states(await world.migration()), { w1: 'Done', w2: 'Done', '(others)': 'Done' });
    });
  });

  it('are held by more than may fail, and go on when somebody says that this many may', async () => {
    await run('held-wave', async (world) => {
      for (const suffix of ['a', 'b', 'c']) await plain(world, world.ns(suffix));
      await world.create(denyMethod(world.ns('a')));
      const waves = wavesOf(world, ['a', 'b']);
      await start(world, { waves }, ['a', 'b', 'c']);
      const held = await wave(world, 'w1', 'Held');
      assert.match(
        await ready(world, await world.eventually('WaveHeld', async () => await heldBy(world))),
        /wave w1: 1 of 2 namespaces came to a stop or need a person, and its maxFailures is 0: 1 namespace of later waves/,
      );
      assert.equal(held.status?.waves?.[0]?.migrated, 1);
      await world.edit({ waves: waves.map((each) => ({ ...each, maxFailures: 1, soak: '0s' })) });
      await world.childPhase('Migrated', world.ns('c'));
    });
  });

  it('that contradict who has to go first are told before anything is begun', async () => {
    await run('contradicting-waves', async (world) => {
      await plain(world, world.ns('a'));
      await called(world, world.ns('b'), world.ns('a'));
      await start(world, { waves: wavesOf(world, ['b'], ['a']) }, ['a', 'b']);
      const { status } = await world.childPhase('Blocked', world.ns('b'));
      assert.deepEqual(
        status?.findings?.filter(({ severity }) => severity === 'Critical').map(({ id }) => id),
        ['MM162'],
      );
      assert.match(status.message ?? '', /is in wave w2, which begins after wave w1/);
      assert.equal(await startOf(world, 'a'), NaN);
      await world.edit({ waves: wavesOf(world, ['a'], ['b']).map((each) => ({ ...each, soak: '0s' })) });
      await world.phase('Migrated');
    });
  });

  it('that are made so afterwards are what is said of whoever waits', async () => {
    await run('waves-changed', async (world) => {
      const [b, z] = [world.ns('b'), world.ns('z')];
      await plain(world, z);
      await called(world, b, z);
      await start(world, { action: 'Plan' }, ['b', 'z']);
      await world.phase('Planned');
      await world.command('Paused', z);
      await world.edit({ action: 'Migrate' });
      const waits = async (words: RegExp): Promise<void> => {
        await world.eventually(`b says ${words.source}`, async () =>
          words.test((await world.child(b)).status?.message ?? '') ? true : undefined,
        );
      };
      await waits(/z .*is Paused/);
      await world.edit({ waves: wavesOf(world, ['b'], ['z']) });
      await world.command('Migrating', z);
      await waits(/z is in wave w2, which begins after wave w1/);
      await world.edit({ waves: [] });
      await world.phase('Migrated');
    });
  });

  it('count for nothing on the way back, and begin anew after it', async () => {
    await run('waves-back', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      await start(world, { waves: wavesOf(world, ['a']) }, ['a', 'b']);
      await wave(world, 'w1', 'Soaking');
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      assert.deepEqual(states(await world.migration()), { w1: 'Waiting', '(others)': 'Waiting' });
      await world.edit({ action: 'Migrate' });
      const again = await wave(world, 'w1', 'Soaking');
      assert.equal(again.status?.namespaces?.migrated, 1);
      assert.equal(await startOf(world, 'b'), NaN);
    });
  });

  it('do not begin by what stood in the status when nobody looked', async () => {
    await run('died-unseen', async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      for (const home of [a, b]) await plain(world, home);
      await start(world, { waves: wavesOf(world, ['a']), restart: { watch: '2m' } }, ['a', 'b']);
      await wave(world, 'w1', 'Soaking');
      await world.operator.kill();
      for (const { metadata } of await world.pods(a))
        await world.patch('Pod', a, metadata.name, {
          metadata: { annotations: { [podBehaviour.neverReady]: 'always' } },
        });
      await world.pause(25 * minuteMs);
      await world.operator.start();
      await wave(world, 'w1', 'Held');
      assert.equal(await startOf(world, 'b'), NaN);
    });
  });

  it('begin after a canary that was restarted for HBONE before only once it has moved', async () => {
    await runOnSimulation({
      name: 'canary-of-hbone',
      disturbs: true,
      prepare: async (world) => {
        await plain(world, world.ns('a'));
      },
      run: async (world) => {
        for (const suffix of ['b', 'c']) await plain(world, world.ns(suffix));
        const restart = { watch: '0s', hboneNamespaces: { names: [world.ns('a')] } };
        await start(world, { restart: restart }, ['b']);
        await world.phase('Migrated');
        await world.eventually('a was restarted', async () =>
          (await world.child(world.ns('a'))).status?.writtenPhase === 'Migrated' ? true : undefined,
        );
        await world.edit({
          namespaces: { names: ['a', 'b', 'c'].map((suffix) => world.ns(suffix)) },
          waves: wavesOf(world, ['a']).map((each) => ({ ...each, soak: '0s' })),
        });
        await world.childPhase('Migrated', world.ns('c'));
        const [a, c] = [await world.child(world.ns('a')), await startOf(world, 'c')];
        const arrived = Date.parse(a.status?.steps?.find(({ name }) => name === 'Verify')?.completedAt ?? '');
        assert.ok(c >= arrived, `c began ${c - arrived} ms after the canary had moved`);
      },
    });
  });

  it('do not begin by what somebody writes into the record of his own namespace', async () => {
    await run('claimed-canary', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      await world.create(denyMethod(world.ns('a')));
      await start(world, { waves: wavesOf(world, ['a']).map((each) => ({ ...each, soak: '0s' })) }, ['a', 'b']);
      await wave(world, 'w1', 'Held');
      for (let times = 0; times < 20; times++) {
        await world.forge({ phase: 'Migrated', writtenPhase: 'Migrated', conditions: [] }, world.ns('a'));
        await world.pause(300);
      }
      await world.operator.kill();
      await world.forge({ phase: 'Migrated', writtenPhase: 'Migrated', conditions: [] }, world.ns('a'));
      await world.operator.start();
      await world.pause(2 * minuteMs);
      assert.equal(states(await world.migration())['w1'], 'Held');
      assert.equal(await startOf(world, 'b'), NaN);
    });
  });
});

async function heldBy(world: World): Promise<MeshMigration | undefined> {
  const migration = await world.migration();
  const isHeld = migration.status?.conditions?.some(({ type, reason }) => type === 'Stalled' && reason === 'WaveHeld');
  return isHeld === true ? migration : undefined;
}
