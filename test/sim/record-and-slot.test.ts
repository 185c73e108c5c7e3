import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { namespace, workload } from '../scenarios/manifests.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const dies = { behaviour: { [podBehaviour.neverReady]: 'without-sidecar' } };

describe('whoever deletes the record of his namespace again and again', () => {
  it.each([false, true])('keeps no slot from others by it: %s', async (deletes) => {
    await runOnSimulation(
      {
        name: 'record-slot',
        disturbs: true,
        run: async (world) => {
          const [a, b] = [world.ns('a'), world.ns('b')];
          await world.create(namespace(a), workload('StatefulSet', a, 'web', { replicas: 2, ...dies }));
          await world.podsReady(2, a);
          await plain(world, b);
          const overrides = { restart: { progressDeadline: '10m' }, failureBudget: { namespaces: 5 } };
          await start(world, overrides, ['a', 'b']);
          for (let n = 0; n < 6; n += 1) {
            await world.pause(240_000);
            if (deletes) await world.delete(namespaceMigrations, a, world.name);
            await world.pause(5000);
          }
          assert.equal((await world.child(b)).status?.phase, 'Migrated', (await world.child(a)).status?.message);
        },
      },
      { slots: 1 },
    );
  });
});
