import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, kinds, namespace, object } from '../scenarios/manifests.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

/** It can spare none of them. */
function budget(home: string): KubeObject {
  return object('PodDisruptionBudget', home, 'all', { minAvailable: 3, selector: { matchLabels: { app: 'web' } } });
}

describe('a PodDisruptionBudget that can spare nothing and is away for a moment', () => {
  it('has nothing restarted, and nothing is once it has stayed away', async () => {
    await runOnSimulation({
      name: 'budget-moment',
      run: async (world) => {
        const home = world.ns();
        const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
        await world.create(namespace(home), deployment(home, 'web', { replicas: 3, spec: { strategy } }));
        await world.podsReady(3, home);
        await start(world);
        await world.eventually('the labels are set', async () =>
          (await world.labels(home))['istio.io/dataplane-mode'] === 'ambient' ? true : undefined,
        );
        await world.create(budget(home));
        await world.pause(60_000);
        assert.match((await world.child()).status?.message ?? '', /PodDisruptionBudget all can spare 0 pods/);
        await world.delete(kinds.PodDisruptionBudget, home, 'all');
        await world.pause(2000);
        await world.create(budget(home));
        await world.pause(60_000);
        assert.deepEqual(await world.modes(home), { Sidecar: 3 });
        await world.delete(kinds.PodDisruptionBudget, home, 'all');
        await world.childPhase('Migrated');
      },
    });
  });
});
