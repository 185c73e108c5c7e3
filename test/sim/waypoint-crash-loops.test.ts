import { describe, expect, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { allowGet, shop } from '../scenarios/http.ts';
import { atStep } from '../scenarios/late-findings.ts';
import { breakWaypoint, mendWaypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

/** The longest back-off of the kubelet, and some seconds in which the proxies run before they fail again. */
async function loop(world: World, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await breakWaypoint(world, world.ns());
    await world.pause(290_000);
    await mendWaypoint(world, world.ns());
    await world.pause(5000);
  }
}

async function run(story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({
    name: 'waypoint-loops',
    disturbs: true,
    run: async (world) => {
      await shop(world, allowGet(world.ns()));
      await start(world, { restart: { progressDeadline: '10m' }, policies: { settle: '60s' } });
      await story(world);
    },
  });
}

describe('a waypoint in a crash loop', () => {
  it('takes the namespace back on the way, as one that is dead does', async () => {
    await run(async (world) => {
      await atStep(world, 'AllowWaypoint');
      await loop(world, 3);
      expect((await world.child()).status?.failure?.reason).toBe('GateLost');
    });
  });

  it('takes nothing back by some seconds, as often as they come', async () => {
    await run(async (world) => {
      await atStep(world, 'AllowWaypoint');
      for (let time = 0; time < 30; time += 1) {
        await breakWaypoint(world, world.ns());
        await world.pause(25_000);
        await mendWaypoint(world, world.ns());
        await world.pause(30_000);
      }
      expect((await world.child()).status?.failure).toBeUndefined();
      await world.childPhase('Migrated', world.ns(), 20 * 60_000);
    });
  });

  it('is told at rest', async () => {
    await run(async (world) => {
      await world.childPhase('Migrated', world.ns(), 20 * 60_000);
      await loop(world, 2);
      await breakWaypoint(world, world.ns());
      await world.pause(60_000);
      expect(stalledBy((await world.child()).status?.conditions)?.reason).toBe('GateLost');
    });
  });
});
