import { describe, expect, it } from '@jest/globals';
import { deployment, kinds } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { minuteMs, says, stalled, watched } from './watched-story.ts';

const dies = { behaviour: { [podBehaviour.neverReady]: 'without-sidecar' } };

type More = Parameters<typeof deployment>[2];

/** As of a tool that deletes what it cannot change, and creates it. */
async function madeAnew(world: World, home: string, more: More = {}): Promise<void> {
  await world.delete(kinds.Deployment, home, 'web');
  await world.create(deployment(home, 'web', more));
}

async function one(watch: string, story: (world: World, home: string) => Promise<void>): Promise<void> {
  await watched((home) => [deployment(home, 'web')], 1, { restart: { watch } }, story);
}

describe('a workload that is made anew after its restart', () => {
  it.each<[string, More]>([
    ['as it was', {}],
    ['and dies without its sidecar', dies],
  ])('is watched for as long as it would have been: %s', async (_what, more) => {
    await one('10m', async (world, home) => {
      await says(world, /watching for 10m/);
      await madeAnew(world, home, more);
      await world.pause(minuteMs);
      expect((await world.child()).status?.phase).toBe('Migrating');
    });
  });

  it('and lives has the namespace go on when the time is over', async () => {
    await one('2m', async (world, home) => {
      await says(world, /watching for 2m/);
      await madeAnew(world, home);
      await world.childPhase('Migrated', home, 5 * minuteMs);
    });
  });

  it('and dies while it is watched is told', async () => {
    await one('2m', async (world, home) => {
      await says(world, /watching for 2m/);
      await madeAnew(world, home, dies);
      await says(world, /^Deployment web was restarted and has 0 of 1 pods available/, minuteMs);
      await world.pause(12 * minuteMs);
      expect((await world.child()).status?.phase).toBe('Migrating');
      expect(await stalled(world)).toBe('NotRestartable');
    });
  });

  it('and dies at rest is told, once it has had the time of a restart', async () => {
    await one('2m', async (world, home) => {
      await world.childPhase('Migrated', home, 20 * minuteMs);
      await madeAnew(world, home, dies);
      await world.pause(4 * minuteMs);
      expect(await stalled(world)).toBeUndefined();
      await world.pause(8 * minuteMs);
      expect(await stalled(world)).toBe('WorkloadUnavailable');
      expect((await world.child()).status?.phase).toBe('Migrated');
    });
  });
});
