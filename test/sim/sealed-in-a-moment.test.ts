import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { allowGet, shop } from '../scenarios/http.ts';
import { kinds } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { breakWaypoint, mendWaypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';
import { denyMethod, start } from './stalled-story.ts';

const minuteMs = 60_000;

async function isSaid(world: World, reason: string): Promise<void> {
  await world.eventually(`it says ${reason}`, async () =>
    stalledBy((await world.child()).status?.conditions)?.reason === reason ? true : undefined,
  );
}

/** Migrated, told of a policy that nobody enforces, and to be finalized. */
async function notEnforced(world: World): Promise<void> {
  await smallShop(world);
  await start(world);
  await world.childPhase('Migrated');
  await world.create(denyMethod(world.ns()));
  await world.edit({ action: 'Finalize' });
  await isSaid(world, 'CriticalFinding');
}

describe('a namespace that is to be finalized, and where something is to be settled first', () => {
  it('is not sealed in the moment in which a tool replaces what it is about', async () => {
    await runOnSimulation({
      name: 'sealed-moment',
      run: async (world) => {
        const home = world.ns();
        await notEnforced(world);
        await world.pause(5000);
        // As kubectl replace --force does.
        await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
        await world.pause(2000);
        await world.create(denyMethod(home));
        await world.pause(60_000);
        assert.equal((await world.child()).status?.writtenPhase, 'Migrated');
        await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
        await world.childPhase('Finalized');
      },
    });
  });

  it.each([
    [
      'the operator has just taken over',
      async (world: World) => {
        await world.operator.kill();
        await world.delete(kinds.AuthorizationPolicy, world.ns(), 'no-delete');
        await world.operator.start();
        await world.pause(15_000); // Until it leads, and has looked once.
      },
    ],
    [
      'the record is made anew',
      async (world: World) => {
        await world.delete(kinds.AuthorizationPolicy, world.ns(), 'no-delete');
        await world.delete(namespaceMigrations, world.ns(), world.name);
      },
    ],
  ] as const)('is not sealed by the first look: %s', async (_when, moment) => {
    await runOnSimulation({
      name: 'sealed-at-first',
      run: async (world) => {
        const home = world.ns();
        await notEnforced(world);
        await world.pause(minuteMs);
        await moment(world);
        await world.pause(2000);
        await world.create(denyMethod(home));
        await world.pause(minuteMs);
        assert.equal((await world.child()).status?.writtenPhase, 'Migrated');
        await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
        await world.childPhase('Finalized');
      },
    });
  });

  it('is not sealed while its waypoint comes and goes, and says that it has to hold first', async () => {
    await runOnSimulation({
      name: 'sealed-loops',
      disturbs: true,
      run: async (world) => {
        const home = world.ns();
        await shop(world, allowGet(home));
        await start(world, { restart: { progressDeadline: '10m' } });
        await world.childPhase('Migrated', home, 20 * minuteMs);
        for (const isLast of [false, false, true]) {
          await breakWaypoint(world, home);
          await world.pause(290_000);
          if (isLast) await world.edit({ action: 'Finalize' });
          await mendWaypoint(world, home);
          await world.pause(45_000);
        }
        const { status } = await world.child();
        assert.equal(status?.writtenPhase, 'Migrated');
        assert.match(status.message ?? '', /finalized when it has held for as long as it did not/);
        await world.childPhase('Finalized', home, 20 * minuteMs);
      },
    });
  });
});
