import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { deployment, meshMigration, namespace, strict } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const home = 'istio-system';
const onFirst = { 'kubernetes.io/hostname': 'node-1' };

async function selectNodes(world: World, name: string, nodeSelector: object | null): Promise<void> {
  await world.patch('DaemonSet', home, name, { spec: { template: { spec: { nodeSelector } } } });
}

async function blockedBy(world: World): Promise<readonly string[]> {
  const { status } = await world.childPhase('Blocked');
  return (status?.findings ?? []).filter(({ severity }) => severity === 'Critical').map(({ id }) => id);
}

const mends: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'the components run everywhere': async (world) => {
    await selectNodes(world, 'ztunnel', null);
    await selectNodes(world, 'istio-cni-node', null);
  },
  'its pods are kept from such nodes': async (world) => {
    await world.patch('Deployment', world.ns(), 'api', { spec: { template: { spec: { nodeSelector: onFirst } } } });
  },
};

describe('nodes for which the components of the mesh are not meant', () => {
  it.each(Object.keys(mends))('keep a namespace in its sidecars until %s', async (mend) => {
    await runOnSimulation({
      name: 'node-gaps',
      async run(world) {
        await world.create(namespace(world.ns()), strict(world.ns()), deployment(world.ns(), 'api', { replicas: 3 }));
        await world.podsReady(3);
        await selectNodes(world, 'ztunnel', onFirst);
        await selectNodes(world, 'istio-cni-node', onFirst);
        await world.pause(20_000);
        await world.create(meshMigration(world.name, { names: [world.ns()] }));
        assert.deepEqual(await blockedBy(world), ['MM125']);

        await mends[mend]?.(world);
        await world.childPhase('Migrated');
      },
    });
  });
});
