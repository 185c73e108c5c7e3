import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { cronJob, deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { called, plain } from './caller-and-called.ts';
import { refusals } from './refusal-watch.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Callers whose pods are away: whoever may have pods with sidecars counts as having them. While a namespace waits for them that is in unknown-callers.test.ts.
 */

const minuteMs = 60_000;

async function run(story: (world: World, a: string, b: string) => Promise<void>): Promise<void> {
  await runOnSimulation({
    name: 'away',
    disturbs: true,
    run: async (world) => {
      await story(world, world.ns('a'), world.ns('b'));
    },
  });
}

async function scaled(world: World, home: string, replicas: number): Promise<void> {
  await world.patch('Deployment', home, 'web', { spec: { replicas } });
}

async function toZero(world: World, home: string): Promise<void> {
  await scaled(world, home, 0);
  await world.eventually('nothing runs', async () => ((await world.pods(home)).length === 0 ? true : undefined));
}

async function blocked(world: World, home: string, by: string): Promise<string> {
  return await world.eventually(`blocked by ${by}`, async () => {
    const { status } = await world.child(home);
    return status?.findings?.find(({ id }) => id === by)?.message;
  });
}

async function holds(world: World, home: string, what: string): Promise<void> {
  await world.eventually(`it waits: ${what}`, async () => {
    const { status } = await world.child(home);
    return status?.step === 'Flip' && status.message?.includes(what) === true ? true : undefined;
  });
}

async function rejected(world: World, home: string): Promise<string> {
  return await world.eventually(
    'an answer',
    async () => (await world.child(home)).status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message,
  );
}

const sleepers: Readonly<Record<string, (home: string) => KubeObject>> = {
  'a workload at zero': (home) => deployment(home, 'web', { replicas: 0 }),
  'a CronJob between two runs': (home) => cronJob(home, 'web'),
};

describe('a caller that is away when it is to go back', () => {
  it('does not go before whom it calls, alone', async () => {
    await run(async (world, a, b) => {
      await plain(world, a);
      await called(world, b, a);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      await toZero(world, a);
      const refused = await refusals(world, world.clock, a, b, async () => {
        await world.command('RollingBack', a);
        expect(await rejected(world, a)).toContain(b);
        await scaled(world, a, 1);
        await world.podsReady(1, a);
        await world.pause(minuteMs);
      });
      expect(refused).toEqual([]);
      await world.modesAre({ Ambient: 1 }, a);
    });
  });

  it.each(Object.entries(sleepers))('is asked about like one that runs: %s', async (_what, sleeper) => {
    await run(async (world, a, b) => {
      await world.create(namespace(a), sleeper(a));
      await called(world, b, a);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      await world.command('RollingBack', a);
      expect(await rejected(world, a)).toContain(b);
      await world.command('RollingBack');
      await world.phase('RolledBack');
    });
  });
});

describe('a caller that is away and stays', () => {
  it.each(Object.entries(sleepers))(
    'is named before anything is begun, and ends nobody for good: %s',
    async (_what, sleeper) => {
      await run(async (world, a, b) => {
        await world.create(namespace(a), sleeper(a));
        await called(world, b, a);
        await world.create(meshMigration(world.name, { names: [b] }));
        expect(await blocked(world, b, 'MM083')).toContain(`${a}/default`);
        await world.edit({ callers: [{ namespace: b, from: [] }] });
        await world.phase('Migrated');
      });
    },
  );

  it('goes on holding whom it calls while it stands at zero for a moment', async () => {
    await run(async (world, a, b) => {
      await plain(world, a);
      await called(world, b, a);
      await world.create(meshMigration(world.name, { names: [a, b] }, { action: 'Plan' }));
      await world.phase('Planned');
      await world.command('Paused', a);
      await world.edit({ action: 'Migrate' });
      await holds(world, b, `its callers in ${a} `);
      await world.edit({ namespaces: { names: [b] } });
      await holds(world, b, `${a} are not in scope`);
      const refused = await refusals(world, world.clock, a, b, async () => {
        await toZero(world, a);
        await world.pause(30_000);
        await holds(world, b, `no sidecar now, but with their next pods: ${a}`);
        await scaled(world, a, 1);
        await world.pause(minuteMs);
        await world.edit({ namespaces: { names: [a, b] } });
        await world.phase('Migrated');
      });
      expect(refused).toEqual([]);
    });
  });
});
