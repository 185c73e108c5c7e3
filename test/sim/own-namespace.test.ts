import { expect, it } from '@jest/globals';
import { meshMigration } from '../scenarios/manifests.ts';
import { runOnSimulation } from './run-scenario.ts';

it('the operator does not migrate the namespace of its own, and nothing beside it', async () => {
  await runOnSimulation({
    name: 'own',
    run: async (world) => {
      await world.create(meshMigration(world.name, { names: ['mesh-migration-system'] }));
      const { status } = await world.phase('Blocked');

      expect(status?.findings).toContainEqual(
        expect.objectContaining({ id: 'MM001', object: 'Namespace mesh-migration-system' }),
      );
    },
  });
});
