import { meshMigrations } from '../../src/api/resources.ts';
import { meshMigration } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';

/** What the operator believes outlives its own objects: a status from another time, or a MeshMigration that was deleted by force. */
export const beliefScenarios: readonly Scenario[] = [
  {
    name: 'status-from-old-copy',
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      const copy = await world.eventually('it has begun', async () => {
        const { status } = await world.child();
        return status?.direction === undefined ? undefined : status;
      });
      await world.childPhase('Migrated');
      await world.forge(copy, world.ns());
      await world.childPhase('Migrated');
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await world.restored(before);
    },
  },
  {
    name: 'adopted-after-force',
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await world.operator.kill();
      await world.delete(meshMigrations, undefined, world.name);
      await world.client.mergePatch(meshMigrations, undefined, world.name, { metadata: { finalizers: null } }, { signal: world.signal });
      await world.operator.start();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await world.restored(before);
    },
  },
];
