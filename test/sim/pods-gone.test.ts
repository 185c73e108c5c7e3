import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { namespaceMigrations } from '../../src/api/resources.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { FaultyTransport } from './apiserver/faults.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Longer than anybody refuses a write before the namespace is given up. */
const staleMs = 90_000;

const story: Scenario = {
  name: 'pods-gone',
  async run(world) {
    const home = world.ns();
    await world.create(namespace(home), deployment(home, 'web', { replicas: 2 }));
    await world.podsReady(2);
    const before = await world.snapshot();
    await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '20s' } }));
    await world.childPhase('Migrated');
    await world.modesAre({ Ambient: 2 });
    await world.command('RollingBack');
    await world.childPhase('RolledBack');
    await world.modesAre({ Sidecar: 2 });
    await world.restored(before);
  },
};

/**
 * From the moment on in which a workload is to be restarted because of a pod, and that is read once more: all pods are
 * replaced by somebody else, and no watch tells of it for a while. What the record says by then is kept.
 */
function replaceUnseen(cluster: SimCluster, line: FaultyTransport, said: string[]): void {
  const send = line.send.bind(line);
  let isOver = false;
  line.send = async (request) => {
    if (!isOver && request.method === 'GET' && /\/pods\/[a-z0-9-]+$/.test(request.path)) {
      isOver = true;
      line.goStale(0);
      for (const { metadata } of cluster.server.list(kinds.Pod).filter((pod) => pod.metadata.labels?.['app'] === 'web'))
        cluster.server.delete(kinds.Pod, metadata.namespace, metadata.name);
      cluster.clock.timer(staleMs, () => {
        for (const { status } of cluster.server.list(namespaceMigrations) as readonly (KubeObject & {
          readonly status?: object;
        })[])
          said.push(JSON.stringify(status));
        line.refresh();
      });
    }
    return await send(request);
  };
}

describe('pods that are gone when a workload is to be restarted because of them', () => {
  it('are an old picture, and no refusal', async () => {
    const said: string[] = [];
    await runOnSimulation(story, {
      arrange(cluster, _operator, line) {
        replaceUnseen(cluster, line, said);
      },
    });
    assert.equal(said.length, 1);
    assert.doesNotMatch(said.join(), /refused|404/);
  });
});
