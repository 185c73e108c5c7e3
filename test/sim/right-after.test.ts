import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { namespaceMigrations, restartAnnotation } from '../../src/api/resources.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { stalled } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
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

interface Templated extends KubeObject {
  readonly spec: { readonly template: { readonly metadata: { readonly annotations?: object } } };
}

async function takeTheRestartAway(world: World): Promise<void> {
  await world.eventually('it has the restart', async () => {
    const { spec } = await world.client.get<Templated>(kinds.Deployment, world.ns(), 'web', world.signal);
    return Object.hasOwn(spec.template.metadata.annotations ?? {}, restartAnnotation) ? true : undefined;
  });
  await world.pause(500);
  await world.patch('Deployment', world.ns(), 'web', {
    spec: { template: { metadata: { annotations: { [restartAnnotation]: null } } } },
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

  it('does not have a namespace go on that has stopped because somebody changes a template back', async () => {
    await runOnSimulation({
      name: 'after-stop',
      async run(world) {
        const behaviour = { [podBehaviour.readyAfterMs]: '8000' };
        await world.create(namespace(world.ns()), deployment(world.ns(), 'web', { behaviour }));
        await world.podsReady(1);
        await world.create(meshMigration(world.name, { names: [world.ns()] }));
        for (let time = 0; time < 3; time += 1) await takeTheRestartAway(world);
        await stalled(world, 'ForeignChange');
        for (let time = 0; time < 5; time += 1) {
          await world.patch('Deployment', world.ns(), 'web', { metadata: { labels: { look: String(time) } } });
          await world.pause(5000);
          assert.equal((await world.child()).status?.phase, 'Paused');
        }
        await world.command('Migrating', world.ns());
        await world.childPhase('Migrated');
      },
    });
  });
});
