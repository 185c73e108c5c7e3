import { describe, expect, it } from '@jest/globals';
import { deployment } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { die, message, minuteMs, says, stalled, two, watched } from './watched-story.ts';

/** The longest back-off of the kubelet, and some seconds in which the container runs before it fails again. */
async function loop(
  world: World,
  home: string,
  times: number,
  each: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await die(world, home, 'api');
    await world.pause(290_000);
    await die(world, home, 'api', false);
    await world.pause(5000);
    await each();
  }
}

describe('a crash loop after the restart', () => {
  it('has nobody restarted beside it, and takes the namespace back', async () => {
    await watched(
      (home) => [...two(home), deployment(home, 'zoo', { replicas: 2 })],
      6,
      { restart: { watch: '10m', progressDeadline: '10m' } },
      async (world, home) => {
        await says(world, /restarting Deployment web/);
        await loop(world, home, 2, async () => {
          await world.modesAre({ Ambient: 4, Sidecar: 2 });
          expect(await message(world)).toMatch(
            /^Deployment api was restarted and has 2 of 2 pods available, not yet for/,
          );
        });
        await die(world, home, 'api');
        await world.eventually('it fails', async () => (await world.child()).status?.failure, 5 * minuteMs);
        expect((await world.child()).status?.failure?.reason).toBe('WorkloadUnavailable');
      },
    );
  });

  it('is not watched long enough by being short of pods', async () => {
    await watched(two, 4, { restart: { watch: '10m', progressDeadline: '30m' } }, async (world, home) => {
      await says(world, /watching for 10m/);
      await loop(world, home, 3, async () => {
        expect((await world.child()).status?.phase).toBe('Migrating');
      });
      await world.childPhase('Migrated', home, 30 * minuteMs);
    });
  });

  it('of seconds in a rollout of hours takes nothing back', async () => {
    await watched(two, 4, { restart: { watch: '60m', progressDeadline: '2m' } }, async (world, home) => {
      await says(world, /watching for 60m/);
      for (let time = 0; time < 12; time += 1) {
        await die(world, home, 'api');
        await world.pause(30_000);
        await die(world, home, 'api', false);
        await world.pause(2 * minuteMs);
      }
      expect((await world.child()).status?.failure).toBeUndefined();
    });
  });

  it('is told at rest although each death is shorter than the watch', async () => {
    await watched(two, 4, { restart: { watch: '10m' } }, async (world, home) => {
      await world.childPhase('Migrated', home, 30 * minuteMs);
      await loop(world, home, 3);
      await die(world, home, 'api');
      await world.pause(minuteMs);
      expect(await stalled(world)).toBe('WorkloadUnavailable');
    });
  });
});
