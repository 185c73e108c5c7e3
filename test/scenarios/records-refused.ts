import assert from 'node:assert/strict';
import { stalledBy } from '../../src/api/common.ts';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { kinds, meshMigration, object } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const counted = 'count/namespacemigrations.meshmigration.dev';

/** From now on no NamespaceMigration more may be made in the namespace. */
export async function allowNoRecord(world: World, home: string): Promise<void> {
  await world.create(object('ResourceQuota', home, 'few', { hard: { [counted]: '0' } }));
  await world.eventually('the quota is in force', async () => {
    const { status } = (await world.client.get(kinds.ResourceQuota, home, 'few', world.signal)) as {
      readonly status?: { readonly hard?: Readonly<Record<string, unknown>> };
    };
    return status?.hard?.[counted] === '0' ? true : undefined;
  });
}

/** One may. */
export async function allowRecord(world: World, home: string): Promise<void> {
  await world.patch('ResourceQuota', home, 'few', { spec: { hard: { [counted]: '1' } } });
}

async function refused(world: World, home: string): Promise<void> {
  const message = await world.eventually('RecordRefused', async () => {
    const found = stalledBy((await world.migration()).status?.conditions);
    return found?.reason === 'RecordRefused' ? found.message : undefined;
  });
  assert.match(
    message,
    new RegExp(
      `^${home}: its NamespaceMigration ${world.name} cannot be created: .*(?:exceeded quota: few|status unknown for quota: few).* kubectl describe mm ${world.name}$`,
    ),
  );
  const { needAttention, attention } = (await world.migration()).status ?? {};
  assert.equal(needAttention, 1);
  assert.deepEqual(
    attention?.map(({ namespace }) => namespace),
    [home],
  );
}

/** The API server refuses the records of one namespace: the others do not notice. */
export const refusedRecordScenarios: readonly Scenario[] = [
  {
    name: 'record-beyond-quota',
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await smallShop(world, a);
      await smallShop(world, b);
      await allowNoRecord(world, a);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.childPhase('Migrated', b);
      await refused(world, a);
      await allowRecord(world, a);
      await world.phase('Migrated');
      assert.equal((await world.migration()).status?.needAttention, 0);
    },
  },
  {
    name: 'record-lost-beyond-quota',
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await smallShop(world, a);
      await smallShop(world, b);
      const before = [await world.snapshot(a), await world.snapshot(b)] as const;
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      await allowNoRecord(world, a);
      await world.delete(namespaceMigrations, a, world.name);
      await refused(world, a);
      await world.edit({ action: 'Rollback' });
      await world.childPhase('RolledBack', b);
      await world.restored(before[1], b);
      await refused(world, a);
      await allowRecord(world, a);
      await world.phase('RolledBack');
      await world.restored(before[0], a);
    },
  },
];
