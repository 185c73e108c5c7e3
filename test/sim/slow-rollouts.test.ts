import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace, workload, type WorkloadOptions } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOutside } from './run-scenario.ts';

/** Far less than any of the rollouts takes. */
const enrolmentDeadline = '5s';

function slow(seconds: number, options: WorkloadOptions = {}): WorkloadOptions {
  return { ...options, behaviour: { [podBehaviour.readyAfterMs]: `${seconds * 1000}` } };
}

const onDelete = { spec: { updateStrategy: { type: 'OnDelete' } } };

/** What takes its time, and how many pods it has. */
const rollouts: Readonly<Record<string, readonly [make: (home: string) => KubeObject, pods: number]>> = {
  'a StatefulSet': [(home) => workload('StatefulSet', home, 'db', slow(25, { replicas: 4 })), 4],
  'a StatefulSet with OnDelete': [
    (home) => workload('StatefulSet', home, 'db', slow(25, { replicas: 3, ...onDelete })),
    3,
  ],
  'a StatefulSet with a partition': [
    (home) =>
      workload('StatefulSet', home, 'db', {
        ...slow(25, { replicas: 3 }),
        spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
      }),
    3,
  ],
  'a Deployment of one pod': [(home) => deployment(home, 'web', slow(70)), 1],
  'a Deployment that is taken pod by pod': [
    (home) =>
      deployment(home, 'web', slow(20, { replicas: 3, spec: { strategy: { rollingUpdate: { maxSurge: 0 } } } })),
    3,
  ],
  'a DaemonSet': [(home) => workload('DaemonSet', home, 'agent', slow(30)), 3],
  'a DaemonSet with OnDelete': [(home) => workload('DaemonSet', home, 'agent', slow(30, onDelete)), 3],
};

async function start(world: World, home: string, progressDeadline = '3m'): Promise<void> {
  await world.create(
    meshMigration(
      world.name,
      { names: [home] },
      {
        from: 'None',
        to: 'IstioSidecar',
        restart: { enrolmentDeadline, progressDeadline },
        rollback: { automatic: false },
      },
    ),
  );
}

describe('pods without a mesh that wait for their turn', () => {
  it.each(Object.entries(rollouts))('are not late, however long the others take: %s', async (name, [make, pods]) => {
    await runOutside(`slow-${name.toLowerCase().replaceAll(' ', '-')}`, async (world, home) => {
      await world.create(namespace(home, {}), make(home));
      await world.podsReady(pods, home);
      await start(world, home);
      await world.childPhase('Migrated', home);
    });
  });

  it('are what the deadline of the rollout is about when a new one never becomes Ready', async () => {
    await runOutside('slow-never-ready', async (world, home) => {
      await world.create(namespace(home, {}), workload('StatefulSet', home, 'db', slow(20, { replicas: 3 })));
      await world.podsReady(3, home);
      await start(world, home, '1m');
      await world.eventually('it restarts', async () =>
        (await world.child(home)).status?.workloads?.length === 1 ? true : undefined,
      );
      await world.patch('StatefulSet', home, 'db', {
        spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: 'always' } } } },
      });
      const { status } = await world.childPhase('Failed', home);
      assert.equal(status?.failure?.reason, 'WorkloadUnavailable', status?.failure?.message);
    });
  });
});
