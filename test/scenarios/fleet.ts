import assert from 'node:assert/strict';
import { stalledBy } from '../../src/api/common.ts';
import type { MeshMigration } from '../../src/api/resources.ts';
import { deployment, meshMigration, namespace } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const minuteMs = 60_000;

/** The migration, once it is as asked. */
async function once(
  world: World,
  what: string,
  is: (migration: MeshMigration) => boolean,
  within = 5 * minuteMs,
): Promise<MeshMigration> {
  return await world.eventually(
    what,
    async () => {
      const migration = await world.migration();
      return is(migration) ? migration : undefined;
    },
    within,
  );
}

function reasonOf({ status }: MeshMigration): string | undefined {
  return stalledBy(status?.conditions)?.reason;
}

function stateOf({ status }: MeshMigration, wave: string): string | undefined {
  return status?.waves?.find(({ name }) => name === wave)?.state;
}

async function hasStarted(world: World, suffix: string): Promise<boolean> {
  const { status } = await world.child(world.ns(suffix));
  return status?.direction !== undefined;
}

/** An hour each year, half a year away from now. */
function halfAYearAway(world: World): { schedule: string; duration: string; timeZone: string } {
  const at = new Date(world.clock.now() + 180 * 24 * 60 * minuteMs);
  return { schedule: `0 0 1 ${at.getUTCMonth() + 1} *`, duration: '1h', timeZone: 'UTC' };
}

/** What many namespaces are steered by: waves, approvals and windows, on an API server that admits and stores them. */
export const fleetScenarios: readonly Scenario[] = [
  {
    name: 'wave-by-wave-with-approval',
    disturbs: true,
    async run(world) {
      for (const suffix of ['a', 'b', 'c']) {
        await world.create(namespace(world.ns(suffix)), deployment(world.ns(suffix), 'web'));
        await world.podsReady(1, world.ns(suffix));
      }
      const named = (name: string, suffix: string, soak: string) => ({
        name,
        namespaces: { names: [world.ns(suffix)] },
        soak,
        maxFailures: 0,
      });
      const waves = [named('canary', 'b', '20s'), { ...named('next', 'a', '0s'), approval: 'Required' as const }];
      const names = ['a', 'b', 'c'].map((suffix) => world.ns(suffix));
      await world.create(meshMigration(world.name, { names }, { waves }));
      await once(world, 'the canary soaks', (migration) => stateOf(migration, 'canary') === 'Soaking');
      await world.operator.kill();
      await world.operator.start();
      const asked = await once(world, 'an approval is asked for', (each) => reasonOf(each) === 'ApprovalRequired');
      assert.deepEqual([await hasStarted(world, 'a'), await hasStarted(world, 'c')], [false, false]);
      const plan = asked.status?.plan?.waves?.find(({ name }) => name === 'next')?.hash ?? '';
      await world.operator.kill();
      await world.edit({ approval: { plans: [plan] } });
      await world.operator.start();
      await world.phase('Migrated');
    },
  },
  {
    name: 'outside-of-its-window',
    async run(world) {
      await world.create(namespace(world.ns()), deployment(world.ns(), 'web'));
      await world.podsReady(1);
      const closed = { kind: 'Allow' as const, ...halfAYearAway(world) };
      await world.create(meshMigration(world.name, { names: [world.ns()] }, { windows: [closed] }));
      const { status } = await once(world, 'the window is closed', (each) => each.status?.windows?.state === 'Closed');
      assert.ok(Date.parse(status?.windows?.nextOpen ?? '') > world.clock.now());
      await world.childPhase('Pending');
      assert.equal(await hasStarted(world, ''), false);
      await world.edit({ windows: [] });
      await world.phase('Migrated');
      await world.edit({ windows: [closed], action: 'Rollback' });
      await world.phase('RolledBack');
    },
  },
];
