import assert from 'node:assert/strict';
import { meshMigrations } from '../../src/api/resources.ts';
import { allowGet, shop } from './http.ts';
import { smallShop } from './migrate.ts';
import { deployment, kinds, meshMigration, namespace } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { Snapshot, World } from './world.ts';

async function policies(world: World): Promise<readonly string[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return items.map(({ metadata }) => metadata.name).sort();
}

async function foundBy(world: World, name: string, id: string): Promise<void> {
  await world.eventually(`${id} for ${name}`, async () =>
    (await world.child(world.ns(), name)).status?.findings?.some((found) => found.id === id) === true
      ? true
      : undefined,
  );
}

/**
 * A namespace was rolled back, the rest of its migration finalized, and a second migration has moved it since. Returns
 * what it was before all of it.
 */
export async function movedByASecond(world: World, second: string): Promise<Snapshot> {
  const [home, other] = [world.ns(), world.ns('other')];
  await world.create(namespace(other), deployment(other, 'x'));
  await world.podsReady(1, other);
  await shop(world, allowGet(home));
  const before = await world.snapshot();
  await world.create(meshMigration(world.name, { names: [home, other] }));
  await world.phase('Migrated');
  await world.command('RollingBack', home);
  await world.childPhase('RolledBack');
  await world.edit({ action: 'Finalize' });
  await world.phase('Finalized');
  await world.create(meshMigration(second, { names: [home] }));
  await world.phase('Migrated', second);
  return before;
}

/**
 * Where a journal stands that is not its own, a migration does nothing at all: not when it is deleted, and not after
 * its own way back.
 */
export const twoMigrationScenarios: readonly Scenario[] = [
  ...(['None', 'IstioSidecar'] as const).map((to): Scenario => ({
    name: `plan-deleted-beside-${to === 'None' ? 'leaving' : 'returning'}`,
    async run(world) {
      const home = world.ns();
      const plan = world.ns('plan');
      await shop(world, allowGet(home));
      const before = await world.snapshot();
      await world.create(
        meshMigration(world.name, { selector: { matchLabels: { 'kubernetes.io/metadata.name': home } } }),
      );
      await world.phase('Migrated');
      const [made, moved] = [await policies(world), await world.snapshot()];
      await world.create(meshMigration(plan, { names: [home] }, { from: 'IstioAmbient', to, action: 'Plan' }));
      await world.phase('Blocked', plan);
      await world.edit({ namespaces: { exclude: [home] } }); // What MM002 says.
      await foundBy(world, plan, 'MM006');
      await world.delete(meshMigrations, undefined, plan);
      await world.gone(meshMigrations, undefined, plan);
      await world.pause(10_000);
      assert.deepEqual([await policies(world), await world.snapshot()], [made, moved]);
      await world.edit({ action: 'Rollback' });
      await world.modesAre({ Sidecar: 3 });
      await world.eventually('it is back', async () =>
        (await world.snapshot()).annotations['meshmigration.dev/journal'] === undefined ? true : undefined,
      );
      await world.restored(before);
    },
  })),
  {
    name: 'second-after-one-that-went-back',
    async run(world) {
      const second = world.ns('second');
      const before = await movedByASecond(world, second);
      assert.equal((await world.child()).status?.phase, 'RolledBack');
      await world.edit({ action: 'Rollback' }, second);
      await world.phase('RolledBack', second);
      await world.restored(before);
    },
  },
  {
    name: 'copied-namespace',
    async run(world) {
      const copy = world.ns('copy');
      await smallShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      const { metadata } = await world.client.get(kinds.Namespace, undefined, world.ns(), world.signal);
      const { 'kubernetes.io/metadata.name': _name, ...labels } = metadata.labels ?? {};
      await world.create(
        {
          kind: 'Namespace',
          metadata: { name: copy, labels, ...(metadata.annotations && { annotations: metadata.annotations }) },
        },
        deployment(copy, 'web'),
      );
      await world.modesAre({ Ambient: 1 }, copy);
      const before = await world.snapshot(copy);
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      assert.deepEqual(await world.snapshot(copy), before);
    },
  },
];
