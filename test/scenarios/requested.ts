import assert from 'node:assert/strict';
import { journalAnnotation } from '../../src/api/resources.ts';
import { denyDelete, made, nothingLeft, rolesOf, shop } from './http.ts';
import { kinds, meshMigration, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { isBound } from './waypoint-world.ts';
import type { World } from './world.ts';

/** Nothing in the shop needs HTTP; who may call `api` both planes read alike. */
async function plainShop(world: World): Promise<void> {
  const home = world.ns();
  await shop(
    world,
    object('AuthorizationPolicy', home, 'callers', {
      selector: { matchLabels: { app: 'api' } },
      action: 'ALLOW',
      rules: [{ from: [{ source: { principals: [`cluster.local/ns/${home}/sa/web`] } }] }],
    }),
  );
}

async function request(world: World, ...services: readonly string[]): Promise<void> {
  await world.create(meshMigration(world.name, { names: [world.ns()] }, { waypoint: { services: [...services] } }));
}

async function back(world: World, before: Awaited<ReturnType<World['snapshot']>>): Promise<void> {
  await world.command('RollingBack', world.ns());
  await world.childPhase('RolledBack');
  await nothingLeft(world);
  await world.modesAre({ Sidecar: 3 });
  await world.restored(before);
}

/** Names of the findings of the namespace. */
async function idsOf(world: World): Promise<readonly string[]> {
  return ((await world.child()).status?.findings ?? []).map(({ id, object: about }) => `${id} ${about}`);
}

/** The Services that its journal says a waypoint was asked for. */
async function journaled(world: World): Promise<unknown> {
  const { metadata } = await world.client.get(kinds.Namespace, '', world.ns(), world.signal);
  return (JSON.parse(metadata.annotations?.[journalAnnotation] ?? '{}') as { readonly requested?: unknown }).requested;
}

async function guards(world: World): Promise<number> {
  return (await rolesOf(world))['Guard'] ?? 0;
}

/** Waypoints that a migration asks for, where nothing needs one. */
export const requestedScenarios: readonly Scenario[] = [
  {
    name: 'requested-there-and-back',
    async run(world) {
      await plainShop(world);
      const [home, before] = [world.ns(), await world.snapshot()];
      await request(world, `${home}/api`);
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.itinerary, 'L7');
      assert.equal(await isBound(world, home, 'api'), true);
      assert.notEqual(await isBound(world, home, 'web'), true, 'nobody has asked for that');
      // What it lets through is decided as before; nobody who comes around it is refused.
      assert.deepEqual(await rolesOf(world), { Copy: 1, AllowWaypoint: 1 });
      await world.modesAre({ Ambient: 3 });
      await back(world, before);
    },
  },
  {
    // What a namespace uses is settled when it starts.
    name: 'requested-later',
    simulationOnly: true,
    async run(world) {
      await plainShop(world);
      const [home, before] = [world.ns(), await world.snapshot()];
      await request(world);
      await world.childPhase('Migrated');
      await world.edit({ waypoint: { services: [`${home}/api`, `${home}/*`] } });
      await world.eventually('told that it comes too late', async () =>
        (await idsOf(world)).includes(`MM152 Service ${home}/api`) ? true : undefined,
      );
      await world.operator.kill();
      await world.operator.start();
      await world.command('Migrating', home);
      await world.pause(5000);
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.itinerary, 'L4');
      assert.deepEqual(await made(world), {});
      await world.phase('Migrated');
      await back(world, before);
    },
    disturbs: true,
  },
  {
    // Nothing had to be guarded, and what says that the step was done is gone: the journal says that all were.
    name: 'requested-then-denied',
    simulationOnly: true,
    async run(world) {
      await plainShop(world);
      const [home, before] = [world.ns(), await world.snapshot()];
      await request(world, `${home}/api`);
      await world.childPhase('Migrated');
      assert.equal(await guards(world), 0);
      await world.edit({ action: 'Pause' });
      await world.forge({ steps: null }, home);
      await world.create(denyDelete(home));
      await world.eventually('nobody gets around the waypoint', async () =>
        (await guards(world)) === 1 ? true : undefined,
      );
      assert.deepEqual(await rolesOf(world), { Copy: 2, AllowWaypoint: 1, Guard: 1 });
      await world.edit({ action: 'Migrate' });
      await back(world, before);
    },
    disturbs: true,
  },
  {
    // One that is bound stays so, with its copies, on the way back too.
    name: 'requested-no-more',
    simulationOnly: true,
    async run(world) {
      await plainShop(world);
      const [home, before] = [world.ns(), await world.snapshot()];
      await request(world, `${home}/*`);
      await world.childPhase('Migrated');
      assert.deepEqual(await journaled(world), ['api', 'web']);
      await world.edit({ waypoint: { services: [] } });
      await world.operator.kill();
      await world.operator.start();
      await world.pause(5000);
      await world.childPhase('Migrated');
      assert.deepEqual([await isBound(world, home, 'api'), await isBound(world, home, 'web')], [true, true]);
      assert.deepEqual(await rolesOf(world), { Copy: 1, AllowWaypoint: 1 });
      await world.command('RollingBack', home);
      await world.eventually('unbound', async () => ((await isBound(world, home, 'api')) === true ? undefined : true));
      assert.equal((await rolesOf(world))['Copy'], 1, 'requests may come through the waypoint yet');
      await world.childPhase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
    },
    disturbs: true,
  },
];
