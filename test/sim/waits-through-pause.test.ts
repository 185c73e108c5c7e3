import { describe, expect, it } from '@jest/globals';
import { meshMigration, namespace, workload } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const dies = { behaviour: { [podBehaviour.neverReady]: 'without-sidecar' } };

type Set = (world: World, home: string, isOn: boolean) => Promise<void>;

const ways: readonly (readonly [string, Set])[] = [
  [
    'the label by which it is selected',
    (world, home, isOn) =>
      world.patch('Namespace', undefined, home, { metadata: { labels: { team: isOn ? 'x' : null } } }),
  ],
  ['spec.action', (world, _home, isOn) => world.edit({ action: isOn ? 'Migrate' : 'Pause' })],
];

/** A namespace with a workload that dies by its restart, which may take ten minutes. */
async function dying(story: (world: World, home: string) => Promise<void>, automatic = true): Promise<void> {
  await runOnSimulation({
    name: 'through-pause',
    disturbs: true,
    run: async (world) => {
      const home = world.ns();
      const selector = { matchLabels: { team: 'x' } };
      await world.create(namespace(home, { 'istio-injection': 'enabled', team: 'x' }));
      await world.create(workload('StatefulSet', home, 'web', { replicas: 2, ...dies }));
      await world.podsReady(2, home);
      await world.create(
        meshMigration(world.name, { selector }, { restart: { progressDeadline: '10m' }, rollback: { automatic } }),
      );
      await story(world, home);
    },
  });
}

async function failure(world: World): Promise<string | undefined> {
  return (await world.child()).status?.failure?.reason;
}

describe('what has died after its restart', () => {
  it.each(ways)('fails in time though somebody stops it for a moment, again and again: %s', async (_what, set) => {
    await dying(async (world, home) => {
      for (let n = 0; n < 3; n += 1) {
        await world.pause(240_000);
        await set(world, home, false);
        await world.pause(1000);
        await set(world, home, true);
      }
      await world.pause(3000);
      expect(await failure(world)).toBe('WorkloadUnavailable');
    });
  });

  it.each(ways)('has the time that is left once it goes on, however long it stood still: %s', async (_what, set) => {
    await dying(async (world, home) => {
      await world.pause(300_000);
      await set(world, home, false);
      await world.pause(20 * 60_000);
      await set(world, home, true);
      await world.pause(120_000);
      expect(await failure(world)).toBeUndefined();
      await world.pause(240_000);
      expect(await failure(world)).toBe('WorkloadUnavailable');
    });
  });

  it('has all of its time anew when somebody goes on after it has failed', async () => {
    await dying(async (world, home) => {
      await world.childPhase('Failed', home, 15 * 60_000);
      await world.pause(60_000);
      await world.command('Migrating', home);
      await world.pause(480_000);
      expect(await failure(world)).toBeUndefined();
      await world.pause(180_000);
      expect(await failure(world)).toBe('WorkloadUnavailable');
    }, false);
  });
});
