import { describe, it } from '@jest/globals';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimCluster } from './sim-cluster.ts';

/** At the very moment at which it is written that it has failed, before the operator looks again. */
async function onceFailed(cluster: SimCluster, then: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = cluster.server.watch(namespaceMigrations, ({ object }) => {
      if ((object['status'] as { readonly writtenPhase?: string } | undefined)?.writtenPhase !== 'Failed') return;
      queueMicrotask(() => {
        stop();
        then().then(resolve, reject);
      });
    });
  });
}

describe('what comes right after', () => {
  it('has a namespace go on that has failed a moment before, with its time anew', async () => {
    await runOnSimulation({
      name: 'after-failure',
      podsOutside: true,
      async run(world) {
        const never = { [podBehaviour.enrol]: 'never' };
        const given = { [podBehaviour.enrol]: null };
        await world.create(namespace(world.ns()), deployment(world.ns(), 'web', { behaviour: never }));
        await world.podsReady(1);
        await world.create(meshMigration(world.name, { names: [world.ns()] }, { rollback: { automatic: false } }));
        await onceFailed(world.cluster as SimCluster, async () => {
          await world.patch('Deployment', world.ns(), 'web', {
            spec: { template: { metadata: { annotations: given } } },
          });
          await world.command('Migrating', world.ns());
        });
        await world.childPhase('Migrated');
      },
    });
  });
});
