import { describe, expect, it } from '@jest/globals';
import { deployment, meshMigration, namespace, workload } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const neverReady = { template: { metadata: { annotations: { [podBehaviour.neverReady]: 'always' } } } };

async function phasesOf(world: World, names: readonly string[]): Promise<readonly (string | undefined)[]> {
  return await Promise.all(names.map(async (name) => (await world.child(name)).status?.phase));
}

/** `a` and `b` are Migrated; then the owner of `a` has so many pods, and all goes back at two pods a minute. */
async function owing(
  world: World,
  replicas: number,
  then: (a: string, b: string, debt: () => Promise<string>) => Promise<void>,
): Promise<void> {
  const [a, b] = [world.ns('a'), world.ns('b')];
  const spec = { restart: { podsPerMinute: 6000 } };
  await world.create(namespace(a), namespace(b), deployment(a, 'web'), deployment(b, 'w1'), deployment(b, 'w2'));
  await world.podsReady(1, a);
  await world.podsReady(2, b);
  await world.create(meshMigration(world.name, { names: [a, b] }, spec));
  await world.childPhase('Migrated', a);
  await world.childPhase('Migrated', b);
  await world.patch('Deployment', a, 'web', { spec: { replicas } });
  await world.podsReady(replicas, a);
  await world.edit({ restart: { podsPerMinute: 2 } });
  await world.command('RollingBack', a);
  await world.pause(60_000);
  await world.command('RollingBack', b);
  await world.pause(30_000);
  await then(a, b, async () => (await world.child(b)).status?.message ?? '');
}

describe('what one namespace restarts', () => {
  it('is not counted by the replicas that somebody wants of it', async () => {
    await runOnSimulation({
      name: 'wanted-and-never-made',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        const [a, ...others] = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => world.ns(name)) as [string];
        await world.create(namespace(a), workload('StatefulSet', a, 'db', { replicas: 1 }));
        await world.podsReady(1, a);
        const slow = { behaviour: { [podBehaviour.readyAfterMs]: '60000' } };
        for (const home of others) {
          await world.create(namespace(home), deployment(home, 'w1', slow), deployment(home, 'w2', slow));
          await world.podsReady(2, home);
        }
        await world.create(
          meshMigration(
            world.name,
            { names: [a, ...others] },
            { failureBudget: { namespaces: 5 }, restart: { podsPerMinute: 120 } },
          ),
        );
        await world.childPhase('Migrated', a);
        // Its pod does not get Ready any more, so that no other one of them is ever made.
        await world.patch('StatefulSet', a, 'db', { spec: { replicas: 1_000_000, ...neverReady } });
        await world.pause(2000);
        await world.command('RollingBack', a);
        await world.pause(20 * 60_000);
        expect(await phasesOf(world, others)).toEqual(others.map(() => 'Migrated'));
      },
    });
  }, 60_000);

  it('keeps others for ten minutes at most, and itself for all of it', async () => {
    await runOnSimulation({
      name: 'more-than-a-share',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        await owing(world, 60, async (a, b, debt) => {
          expect(await debt()).toContain(`podsPerMinute is used up by Deployment web of ${a} (60 pods): until `);
          await world.pause(12 * 60_000);
          expect(await phasesOf(world, [b])).toEqual(['RolledBack']);
        });
      },
    });
  }, 60_000);

  it('is paid at the rate of now: raising podsPerMinute has the others go on', async () => {
    await runOnSimulation({
      name: 'rate-of-now',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        await owing(world, 60, async (_a, b, debt) => {
          expect(await debt()).toContain('podsPerMinute is used up');
          await world.edit({ restart: { podsPerMinute: 6000 } });
          await world.pause(60_000);
          expect(await phasesOf(world, [b])).toEqual(['RolledBack']);
        });
      },
    });
  }, 60_000);

  it('is no more than what is left of it: scaling down has the others go on', async () => {
    await runOnSimulation({
      name: 'scaled-down',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        await owing(world, 60, async (a, b, debt) => {
          expect(await debt()).toContain('podsPerMinute is used up');
          await world.patch('Deployment', a, 'web', { spec: { replicas: 1 } });
          await world.pause(3 * 60_000);
          expect(await phasesOf(world, [b])).toEqual(['RolledBack']);
        });
      },
    });
  }, 60_000);
});
