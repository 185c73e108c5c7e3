import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, kinds, workload } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { badRelease, message, minuteMs, says, slow, stalled, two, watched } from './watched-story.ts';

type Kind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

/** What leaves no pod of before beside the new ones when it is rolled out; how many pods it has. */
const alone: Readonly<Record<string, readonly [Kind, number, (home: string) => KubeObject]>> = {
  'a StatefulSet with one pod': ['StatefulSet', 1, (home) => workload('StatefulSet', home, 'db', { replicas: 1 })],
  'a Deployment that recreates its pod': [
    'Deployment',
    1,
    (home) => deployment(home, 'db', { replicas: 1, spec: { strategy: { type: 'Recreate' } } }),
  ],
  'a DaemonSet that makes all its pods anew at once': ['DaemonSet', 3, (home) => workload('DaemonSet', home, 'db')],
};

async function isNotHeldAgainst(world: World): Promise<void> {
  const { status } = await world.child();
  expect(status?.failure).toBeUndefined();
  expect(status?.phase).toBe('Migrating');
  expect((await world.migration()).status?.phase).toBe('Migrating');
}

describe('what its owner rolls out after its restart', () => {
  it.each(Object.entries(alone))(
    'of %s is waited for and told, and takes nothing back',
    async (_name, [kind, pods, made]) => {
      await watched(
        (home) => [made(home), deployment(home, 'web', { replicas: 2, behaviour: slow })],
        2 + pods,
        { restart: { watch: '5m', progressDeadline: '2m' } },
        async (world, home) => {
          await says(world, /watching for 5m/);
          const atOnce = { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } } };
          if (kind === 'DaemonSet') await world.patch(kind, home, 'db', { spec: atOnce });
          await world.patch(kind, home, 'db', badRelease());
          await world.pause(15 * minuteMs);
          await isNotHeldAgainst(world);
          expect(await message(world)).toMatch(/^[A-Z]\w+ db was restarted and has 0 of \d pods available/);
          expect(await stalled(world)).toBe('NotRestartable');
          await world.patch(kind, home, 'db', {
            spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: null } } } },
          });
          // Its controller replaces no pod that is not Ready.
          if (kind === 'StatefulSet') await world.delete(kinds.Pod, home, 'db-0');
          await world.childPhase('Migrated', home, 20 * minuteMs);
        },
      );
    },
  );

  it('with a pod that never gets its sandbox takes no healthy pods back', async () => {
    await watched(two, 4, { restart: { watch: '10m', progressDeadline: '2m' } }, async (world, home) => {
      await says(world, /watching for 10m/);
      await world.patch('Deployment', home, 'api', badRelease({ [podBehaviour.enrol]: 'pending' }));
      await world.pause(15 * minuteMs);
      await isNotHeldAgainst(world);
      expect(await message(world)).toMatch(/^Deployment api was restarted and its owner rolls it out: 2 of 2 pods/);
      expect(await stalled(world)).toBe('NotRestartable');
    });
  });

  it('and of which pods are Ready in no mesh is not passed by', async () => {
    await watched(
      two,
      4,
      { restart: { watch: '10m', progressDeadline: '4m', enrolmentDeadline: '1m' } },
      async (world, home) => {
        await says(world, /watching for 10m/);
        await world.patch('Deployment', home, 'api', {
          spec: { template: { metadata: { annotations: { [podBehaviour.enrol]: 'never' } } } },
        });
        await world.eventually(
          'it has failed',
          async () => (await world.child()).status?.failure?.reason,
          10 * minuteMs,
        );
        expect((await world.child()).status?.failure?.reason).toBe('PodNotEnrolled');
      },
    );
  });

  it('and was whole once is watched again', async () => {
    await watched(
      (home) => [workload('StatefulSet', home, 'db', { replicas: 1 }), deployment(home, 'web', { behaviour: slow })],
      2,
      { restart: { watch: '10m', progressDeadline: '2m' } },
      async (world, home) => {
        await says(world, /watching for 10m/);
        await world.patch('StatefulSet', home, 'db', {
          spec: { template: { metadata: { annotations: { release: '2' } } } },
        });
        await world.pause(2 * minuteMs);
        await says(world, /watching for 10m/);
        await world.patch('Pod', home, 'db-0', { metadata: { annotations: { [podBehaviour.neverReady]: 'always' } } });
        await world.pause(4 * minuteMs);
        expect((await world.child()).status?.failure?.reason).toBe('WorkloadUnavailable');
      },
    );
  });

  it('at rest is not told as a death', async () => {
    await watched(
      (home) => [workload('StatefulSet', home, 'db', { replicas: 1 })],
      1,
      { restart: { watch: '1m' } },
      async (world, home) => {
        await world.childPhase('Migrated', home, 20 * minuteMs);
        await world.patch('StatefulSet', home, 'db', badRelease());
        await world.pause(10 * minuteMs);
        expect(await stalled(world)).toBeUndefined();
      },
    );
  });
});
