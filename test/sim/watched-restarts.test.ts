import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { httpPort } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const minuteMs = 60_000;
const nodes = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
const slow = { [podBehaviour.readyAfterMs]: '30000' };

/** Three workloads, one after the other: `api` is restarted at once, `web` takes its time. */
async function run(
  restart: Partial<MeshMigrationSpec['restart']>,
  story: (world: World, home: string) => Promise<void>,
  besides: (home: string) => readonly KubeObject[] = () => [],
): Promise<void> {
  await runOnSimulation({
    name: 'watched',
    disturbs: true,
    run: async (world) => {
      const home = world.ns();
      await world.create(
        namespace(home),
        deployment(home, 'api', { replicas: 2 }),
        deployment(home, 'web', { replicas: 2, behaviour: slow }),
        deployment(home, 'zoo', { replicas: 2 }),
        ...besides(home),
      );
      await world.podsReady(6);
      await world.create(meshMigration(world.name, { names: [home] }, { restart, policies: { bypass: 'FailClosed' } }));
      await story(world, home);
    },
  });
}

/** As of a container that fails, or recovers. */
async function die(world: World, home: string, app: string, isDead = true): Promise<void> {
  const annotations = { [podBehaviour.neverReady]: isDead ? 'always' : null };
  for (const { metadata } of await world.pods(home))
    if (metadata.labels?.['app'] === app) await world.patch('Pod', home, metadata.name, { metadata: { annotations } });
}

/** Whether nodes take no more pods. */
async function cordon(world: World, isFull: boolean): Promise<void> {
  const { signal } = world;
  const spec = { unschedulable: isFull ? true : null };
  for (const { metadata } of (await world.client.list(nodes, { signal })).items)
    await world.client.mergePatch(nodes, undefined, metadata.name, { spec }, { signal });
}

async function message(world: World): Promise<string> {
  return (await world.child()).status?.message ?? '';
}

async function says(world: World, words: RegExp, within = 10 * minuteMs): Promise<void> {
  await world.eventually(
    `message ${words.source}`,
    async () => (words.test(await message(world)) ? true : undefined),
    within,
  );
}

async function stepOf(world: World): Promise<string | undefined> {
  return (await world.child()).status?.step;
}

/** Two workloads with sidecars of before ambient. */
async function forHbone(
  restart: Partial<MeshMigrationSpec['restart']>,
  story: (world: World, home: string) => Promise<void>,
): Promise<void> {
  await runOnSimulation({
    name: 'watched',
    disturbs: true,
    prepare: async (world) => {
      const home = world.ns();
      await world.create(namespace(home), deployment(home, 'api', { replicas: 2 }));
      await world.create(deployment(home, 'web', { replicas: 2, behaviour: slow }));
      await world.podsReady(4, home);
    },
    run: async (world) => {
      await world.create(meshMigration(world.name, { names: [world.ns()] }, { restart }));
      await story(world, world.ns());
    },
  });
}

describe('a workload that was restarted', () => {
  it('and loses its pods keeps the next one waiting, and takes the namespace back', async () => {
    await run({ watch: '2m', progressDeadline: '3m' }, async (world, home) => {
      await says(world, /restarting Deployment web/);
      await die(world, home, 'api');
      await says(world, /Deployment api was restarted and has 0 of 2 pods available: pod api-/);
      await world.modesAre({ Ambient: 4, Sidecar: 2 });
      const { status } = await world.childPhase('RolledBack', home, 30 * minuteMs);
      expect(status?.failure).toMatchObject({
        reason: 'WorkloadUnavailable',
        message: expect.stringMatching(
          /Deployment api was restarted and has 0 of 2 pods available.*, for 3m$/,
        ) as unknown,
      });
    });
  });

  it('holds nothing up that is under way, and nothing once it is back', async () => {
    await run({ watch: '0s' }, async (world, home) => {
      await says(world, /restarting Deployment web/);
      await die(world, home, 'api');
      await world.pause(minuteMs);
      await die(world, home, 'api', false);
      await world.childPhase('Migrated', home);
      await world.modesAre({ Ambient: 6 });
    });
  });

  it('is watched for as long as is said before the namespace counts as migrated', async () => {
    await run({ watch: '5m' }, async (world, home) => {
      await says(world, /watching for 5m whether what was restarted stays available/);
      await world.pause(4 * minuteMs);
      await die(world, home, 'web');
      await says(world, /Deployment web was restarted and has 0 of 2 pods available/);
      await world.pause(2 * minuteMs);
      expect((await world.child()).status?.phase).toBe('Migrating');
      await die(world, home, 'web', false);
      await world.pause(minuteMs / 2);
      expect((await world.child()).status?.phase).toBe('Migrating');
      await world.childPhase('Migrated', home, 3 * minuteMs);
    });
  });

  it('is not watched anew with every edit that is followed meanwhile', async () => {
    const rules = (...methods: readonly string[]): readonly unknown[] => [{ to: [{ operation: { methods } }] }];
    const deny = (home: string): readonly KubeObject[] => [
      service(home, 'api', {}, httpPort),
      object('AuthorizationPolicy', home, 'keeps', {
        selector: { matchLabels: { app: 'api' } },
        action: 'DENY',
        rules: rules('DELETE'),
      }),
    ];
    await run(
      { watch: '2m' },
      async (world, home) => {
        await says(world, /watching for 2m/);
        for (const method of ['PUT', 'POST', 'PATCH', 'HEAD']) {
          await world.patch('AuthorizationPolicy', home, 'keeps', { spec: { rules: rules('DELETE', method) } });
          await world.pause(45_000);
        }
        await world.childPhase('Migrated', home, 5000);
      },
      deny,
    );
  });

  it('and gets a bad release of its owner holds nobody up', async () => {
    await run({ watch: '0s' }, async (world, home) => {
      await says(world, /restarting Deployment web/);
      await world.patch('Deployment', home, 'api', {
        spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: 'always' } } } },
      });
      await world.eventually(
        'zoo is restarted',
        async () => ((await world.modes(home)).Sidecar === undefined ? true : undefined),
        10 * minuteMs,
      );
      expect((await world.child()).status?.failure).toBeUndefined();
    });
  });

  it('is seen to have died beside one that its owner has changed', async () => {
    await run({ watch: '10m', progressDeadline: '2m' }, async (world, home) => {
      await says(world, /watching for 10m/);
      await world.patch('Deployment', home, 'api', {
        spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: 'always' } } } },
      });
      await die(world, home, 'api');
      await die(world, home, 'web');
      await says(world, /Deployment web was restarted and has 0 of 2 pods available/);
    });
  });

  it('and is scaled to more pods has not failed', async () => {
    await run({ watch: '2m', progressDeadline: '1m' }, async (world, home) => {
      await says(world, /watching for 2m/);
      await world.patch('Deployment', home, 'web', { spec: { replicas: 5 } });
      await world.childPhase('Migrated', home, 10 * minuteMs);
    });
  });

  it('and is scaled to more pods than there is room for has not failed, and each pod has its time from its node', async () => {
    await run({ watch: '30m', progressDeadline: '1m' }, async (world, home) => {
      await says(world, /watching for 30m/);
      await cordon(world, true);
      await world.patch('Deployment', home, 'web', { spec: { replicas: 4 } });
      await world.pause(5 * minuteMs);
      expect(await message(world)).toMatch(/^Deployment web was restarted and has 2 of 4 pods available/);
      await cordon(world, false);
      await world.pause(2 * minuteMs);
      expect((await world.child()).status).toMatchObject({ phase: 'Migrating' });
      await world.modesAre({ Ambient: 8 });
      expect((await world.child()).status?.failure).toBeUndefined();
    });
  });

  it('and waits for room hides none that has died', async () => {
    await run({ watch: '5m', progressDeadline: '2m' }, async (world, home) => {
      await says(world, /watching for 5m/);
      await cordon(world, true);
      await world.patch('Deployment', home, 'api', { spec: { replicas: 4 } });
      await world.pause(10_000);
      await die(world, home, 'web');
      await world.pause(3 * minuteMs);
      expect((await world.child()).status?.failure?.message).toMatch(/^Deployment web was restarted and has 0 of 2/);
      await cordon(world, false);
    });
  });

  it('and has no pods because none can be made is waited for, and said', async () => {
    await run({ watch: '3m', progressDeadline: '2m' }, async (world, home) => {
      await says(world, /watching for 3m/);
      await world.create(object('ResourceQuota', home, 'full', { hard: { 'count/pods.': '1' } }));
      for (const { metadata } of await world.pods(home))
        if (metadata.labels?.['app'] === 'api') await world.delete(kinds.Pod, home, metadata.name);
      await world.pause(10 * minuteMs);
      expect((await world.child()).status?.phase).toBe('Migrating');
      expect(await message(world)).toMatch(/^Deployment api was restarted and has 0 of 2 pods available/);
    });
  });

  it('and dies, and is then rolled out by its owner in vain, is not passed by in silence', async () => {
    await run({ watch: '3m', progressDeadline: '5m' }, async (world, home) => {
      await says(world, /watching for 3m/);
      await die(world, home, 'api');
      await world.pause(minuteMs);
      await world.patch('Deployment', home, 'api', {
        spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: 'always' } } } },
      });
      await world.pause(20 * minuteMs);
      expect((await world.child()).status).toMatchObject({ phase: 'Migrating' });
      expect(await message(world)).toMatch(/^Deployment api was restarted and has 0 of 2 pods available/);
    });
  });

  it('and dies while its owner has paused it is not passed by in silence', async () => {
    await run({ watch: '3m', progressDeadline: '2m' }, async (world, home) => {
      await says(world, /restarting Deployment web/);
      await world.patch('Deployment', home, 'api', { spec: { paused: true } });
      await die(world, home, 'api');
      await world.pause(15 * minuteMs);
      await world.modesAre({ Ambient: 6 });
      expect((await world.child()).status).toMatchObject({ phase: 'Migrating' });
      expect(await message(world)).toMatch(/^Deployment api was restarted and has 0 of 2 pods available/);
    });
  });

  it('for HBONE and dies once the labels have changed takes the namespace back', async () => {
    await forHbone({ watch: '0s', progressDeadline: '3m' }, async (world, home) => {
      await world.eventually(
        'api is restarted once more',
        async () =>
          (await message(world)).includes('restarting Deployment api') && (await stepOf(world)) === 'RestartWorkloads'
            ? true
            : undefined,
        20 * minuteMs,
      );
      await die(world, home, 'web');
      await says(world, /Deployment web was restarted and has 0 of 2 pods available/);
      const { status } = await world.childPhase('RolledBack', home, 30 * minuteMs);
      expect(status?.failure?.reason).toBe('WorkloadUnavailable');
    });
  });

  it('for HBONE is watched before the labels change', async () => {
    await forHbone({ watch: '5m', progressDeadline: '3m' }, async (world, home) => {
      await says(world, /watching for 5m/);
      expect(await stepOf(world)).toBe('RestartForHbone');
      await die(world, home, 'api');
      await says(world, /Deployment api was restarted and has 0 of 2 pods available/);
      const { status } = await world.childPhase('RolledBack', home, 30 * minuteMs);
      expect(status?.failure?.reason).toBe('WorkloadUnavailable');
      expect(status?.steps?.some(({ name }) => name === 'Flip')).toBe(false);
    });
  });
});

describe('a workload that dies at rest', () => {
  const stalled = async (world: World): Promise<string | undefined> =>
    (await world.child()).status?.conditions?.find(({ type, status }) => type === 'Stalled' && status === 'True')
      ?.reason;

  it('is told after the time for which it would have been watched, and takes nothing back', async () => {
    await run({ watch: '2m', progressDeadline: '3m' }, async (world, home) => {
      await world.childPhase('Migrated', home, 10 * minuteMs);
      await die(world, home, 'api');
      await world.pause(minuteMs);
      expect(await stalled(world)).toBeUndefined();
      await world.pause(2 * minuteMs);
      expect(await stalled(world)).toBe('WorkloadUnavailable');
      expect(await message(world)).toMatch(/^Deployment api has 0 of 2 pods available: pod api-/);
      const { status } = await world.migration();
      expect([status?.phase, status?.needAttention]).toEqual(['Migrated', 1]);
      expect(status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'Stalled', status: 'True', reason: 'NamespaceStalled' }),
      );
      await world.pause(20 * minuteMs);
      expect((await world.child()).status?.phase).toBe('Migrated');
      await world.modesAre({ Ambient: 6 });
      await die(world, home, 'api', false);
      await world.eventually('it is over', async () => ((await stalled(world)) === undefined ? true : undefined));
    });
  });

  it('is not told where it is whole again in time', async () => {
    await run({ watch: '2m', progressDeadline: '3m' }, async (world, home) => {
      await world.childPhase('Migrated', home, 10 * minuteMs);
      await die(world, home, 'web');
      await world.pause(minuteMs);
      await die(world, home, 'web', false);
      for (let times = 0; times < 10; times += 1) {
        expect(await stalled(world)).toBeUndefined();
        await world.pause(minuteMs / 3);
      }
    });
  });

  it('keeps nobody from finalizing', async () => {
    await run({ watch: '2m', progressDeadline: '3m' }, async (world, home) => {
      await world.childPhase('Migrated', home, 10 * minuteMs);
      await die(world, home, 'api');
      await world.pause(5 * minuteMs);
      expect(await stalled(world)).toBe('WorkloadUnavailable');
      await world.edit({ action: 'Finalize' });
      await world.childPhase('Finalized', home);
    });
  });

  it('is not taken for one that its owner rolls out', async () => {
    await run({ watch: '1m', progressDeadline: '3m' }, async (world, home) => {
      await world.childPhase('Migrated', home, 10 * minuteMs);
      await world.patch('Deployment', home, 'web', {
        spec: { template: { metadata: { annotations: { release: '2' } } } },
      });
      for (let times = 0; times < 12; times += 1) {
        await world.pause(10_000);
        expect(await stalled(world)).toBeUndefined();
      }
    });
  });
});
