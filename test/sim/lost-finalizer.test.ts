import { describe, expect, it } from '@jest/globals';
import { meshMigrations, namespaceMigrations, rollbackFinalizer } from '../../src/api/resources.ts';
import { meshMigration } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { runOnSimulation } from './run-scenario.ts';

describe('a finalizer that somebody took away', () => {
  it('is put back while the selection is wrong, so that a deletion rolls back what was begun', async () => {
    await runOnSimulation({
      name: 'replaced',
      disturbs: true,
      run: async (world) => {
        const home = world.ns();
        await smallShop(world, home);
        const before = await world.snapshot();
        await world.create(meshMigration(world.name, { selector: { matchLabels: { team: world.name } } }));
        await world.patch('Namespace', undefined, home, { metadata: { labels: { team: world.name } } });
        await world.phase('Migrated');
        await world.patch('Namespace', undefined, home, { metadata: { labels: { team: null } } });
        await world.pause(5000);
        await world.client.mergePatch(
          meshMigrations,
          undefined,
          world.name,
          { metadata: { finalizers: null } },
          { signal: world.signal },
        );
        await world.eventually('it is there again', async () =>
          (await world.migration()).metadata.finalizers?.includes(rollbackFinalizer) === true ? true : undefined,
        );
        await world.delete(meshMigrations, undefined, world.name);
        await world.gone(meshMigrations, undefined, world.name);
        expect((await world.snapshot()).labels).toEqual(before.labels);
      },
    });
  });
});

describe('a record that a finalizer of somebody else holds while its migration is deleted', () => {
  it('names no command on the migration that is going', async () => {
    await runOnSimulation({
      name: 'held',
      disturbs: true,
      run: async (world) => {
        const home = world.ns();
        await smallShop(world, home);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.phase('Migrated');
        await world.client.mergePatch(
          namespaceMigrations,
          home,
          world.name,
          { metadata: { finalizers: ['example.com/holds'] } },
          { signal: world.signal },
        );
        await world.delete(meshMigrations, undefined, world.name);
        await world.eventually('its record is being deleted', async () =>
          (await world.child()).metadata.deletionTimestamp === undefined ? undefined : true,
        );
        const { status } = await world.child();
        expect(status?.message).toBe('back as it was');
        expect(status?.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe('False');
        await world.client.mergePatch(
          namespaceMigrations,
          home,
          world.name,
          { metadata: { finalizers: null } },
          { signal: world.signal },
        );
        await world.gone(meshMigrations, undefined, world.name);
      },
    });
  });
});
