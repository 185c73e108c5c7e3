import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

describe('new pods of a namespace at rest that no node agent takes', () => {
  it.each([['never', 'None'], ['pending', 'Transitional']] as const)('are counted and named, and it rests only when they are there (%s)', async (enrol, mode) => {
    await runOnSimulation({
      name: `rest-${enrol}`, podsOutside: true, disturbs: true,
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home), deployment(home, 'api', { replicas: 2 }));
        await world.podsReady(2);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.phase('Migrated');
        await world.patch('Deployment', home, 'api', { spec: { template: { metadata: { annotations: { [podBehaviour.enrol]: enrol } } } } });
        await world.pause(900_000);
        const { status } = await world.child(home);
        assert.equal(status?.phase, 'Incomplete');
        assert.match(status.message ?? '', new RegExp(`2 pods not in the new data plane: pod api-\\S+ is Ready in mode ${mode}`));
        assert.equal(status.pods?.ambient, 0);
        await world.edit({ action: 'Finalize' });
        await world.pause(60_000);
        assert.equal((await world.child(home)).status?.phase, 'Incomplete');
        await world.patch('Deployment', home, 'api', { spec: { template: { metadata: { annotations: { [podBehaviour.enrol]: null } } } } });
        await world.modesAre({ Ambient: 2 }, home);
        await world.childPhase('Finalized', home);
      },
    });
  });
});
