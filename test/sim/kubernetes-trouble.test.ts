import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace, workload } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { mutatingWebhookConfigurations } from './controllers/kinds.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimCluster } from './sim-cluster.ts';
import { SimStatusError } from './sim-api.ts';

const minuteMs = 60_000;
const slow = { [podBehaviour.readyAfterMs]: '8000' };

async function run(story: (world: World, home: string, cluster: SimCluster) => Promise<void>): Promise<void> {
  let cluster: SimCluster | undefined;
  await runOnSimulation(
    {
      name: 'trouble',
      run: async (world) => {
        if (cluster !== undefined) await story(world, world.ns(), cluster);
      },
    },
    {
      arrange(given) {
        cluster = given;
      },
    },
  );
}

async function migrated(world: World, spec: Parameters<typeof meshMigration>[2] = {}): Promise<void> {
  await world.create(meshMigration(world.name, { names: [world.ns()] }, spec));
  await world.childPhase('Migrated');
}

async function says(world: World, message: RegExp, within = 30 * minuteMs): Promise<void> {
  await world.eventually(
    `message ${message.source}`,
    async () => (message.test((await world.child()).status?.message ?? '') ? true : undefined),
    within,
  );
}

async function isStalled(world: World): Promise<boolean> {
  return (
    (await world.child()).status?.conditions?.some(({ type, status }) => type === 'Stalled' && status === 'True') ===
    true
  );
}

/** Takes the injector's webhooks away; returns what puts them back. */
async function withoutWebhooks(world: World): Promise<() => Promise<void>> {
  const { items } = await world.client.list(mutatingWebhookConfigurations, { signal: world.signal });
  const injectors = items.filter(({ metadata }) => metadata.labels?.['app'] === 'sidecar-injector');
  for (const { metadata } of injectors) await world.delete(mutatingWebhookConfigurations, undefined, metadata.name);
  return async () => {
    for (const {
      metadata: { name, labels = {} },
      ...rest
    } of injectors) {
      const object: KubeObject = { ...rest, metadata: { name, labels } };
      await world.client.create(mutatingWebhookConfigurations, object, world.signal);
    }
  };
}

/** No room for one pod more than there is. */
function quota(cluster: SimCluster, home: string): { full: boolean } {
  const control = { full: false };
  cluster.server.addMutatingAdmission((resource, object) => {
    if (control.full && resource.kind === 'Pod' && object.metadata.namespace === home) {
      throw new SimStatusError(
        403,
        'Forbidden',
        `pods "${object.metadata.name}" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2`,
      );
    }
    return object;
  });
  return control;
}

const surging = { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } };

describe('evictions that are refused', () => {
  it('are what a workload that made no progress failed of, and are quoted', async () => {
    await run(async (world, home) => {
      const spec = { updateStrategy: { type: 'OnDelete' } };
      const budget = (maxUnavailable: number): KubeObject => ({
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'manual', namespace: home },
        spec: { maxUnavailable, selector: { matchLabels: { app: 'manual' } } },
      });
      await world.create(
        namespace(home),
        budget(1),
        workload('StatefulSet', home, 'manual', { replicas: 3, spec, behaviour: slow }),
      );
      await world.podsReady(3);
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { rollback: { automatic: false }, restart: { progressDeadline: '2m' } },
        ),
      );
      await says(world, /restarting StatefulSet manual/);
      await world.patch('PodDisruptionBudget', home, 'manual', { spec: { maxUnavailable: 0 } });
      await world.childPhase('Failed', home, 30 * minuteMs);
      const { status } = await world.child();
      expect(status?.failure?.message).toMatch(
        /StatefulSet manual made no progress .* the eviction of pod manual-\d is refused: .*disruption budget/,
      );
    });
  });
});

describe('on the way back', () => {
  // At once: all pods of all tries are of the same second, and Kubernetes' times tell no more.
  it.each<[string, Record<string, string>]>([
    ['at once', {}],
    ['after a while', slow],
  ])(
    'restarts pods again that came without a sidecar by labels of before, and ends by itself: Ready %s',
    async (_when, behaviour) => {
      await run(async (world, home, cluster) => {
        await world.create(
          namespace(home),
          deployment(home, 'api', { replicas: 2, behaviour }),
          deployment(home, 'web', { behaviour }),
        );
        await world.podsReady(3);
        const before = await world.snapshot();
        await migrated(world);
        await world.pause(60_000);
        cluster.injector.lagMs = 46_000;
        await world.command('RollingBack', home);
        await says(world, /came back in mode Ambient, not Sidecar/);
        await world.childPhase('RolledBack', home, 10 * minuteMs);
        await world.modesAre({ Sidecar: 3 });
        await world.restored(before);
      });
    },
  );

  it('restarts nothing while there are no webhooks, says so, and goes on when they are back', async () => {
    await run(async (world, home) => {
      await world.create(namespace(home), deployment(home, 'api', { replicas: 2 }));
      await world.podsReady(2);
      const before = await world.snapshot();
      await migrated(world);
      const putBack = await withoutWebhooks(world);
      await world.command('RollingBack', home);
      await says(world, /the rollback waits: MM014/);
      await world.pause(46_000);
      await world.modesAre({ Ambient: 2 });
      expect(await isStalled(world)).toBe(true);
      await putBack();
      await world.childPhase('RolledBack', home, 10 * minuteMs);
      await world.restored(before);
    });
  });

  it('quotes the webhook that does not answer, and becomes stalled while it does not', async () => {
    await run(async (world, home, cluster) => {
      await world.create(namespace(home), deployment(home, 'api', { replicas: 2, spec: surging }));
      await world.podsReady(2);
      await migrated(world, { restart: { progressDeadline: '30s' } });
      cluster.injector.reachable = false;
      await world.command('RollingBack', home);
      await says(world, /taking the restart back of Deployment api; its controller says: .*failed calling webhook/);
      await world.modesAre({ Ambient: 2 });
      await says(world, /does not come back: its controller says: .*failed calling webhook/);
      expect(await isStalled(world)).toBe(true);
      cluster.injector.reachable = true;
      await world.childPhase('RolledBack', home, 10 * minuteMs);
      await world.modesAre({ Sidecar: 2 });
    });
  });
});

describe('on the way there', () => {
  it('says how many pods are in their mode, and until when more have to be, while a restart gets no further', async () => {
    await run(async (world, home) => {
      const behaviour = { [podBehaviour.neverReady]: 'without-sidecar' };
      await world.create(namespace(home), deployment(home, 'web', { replicas: 2, behaviour }));
      await world.podsReady(2);
      await world.create(meshMigration(world.name, { names: [home] }));
      const messages = new Set<string>();
      await world.eventually(
        'the failure',
        async () => {
          const { status } = await world.child(home);
          if (status?.step === 'RestartWorkloads' && status.direction === 'Forward') messages.add(status.message ?? '');
          return status?.failure === undefined ? undefined : true;
        },
        15 * minuteMs,
      );
      const late = [...messages].filter((message) => message.includes('in their mode'));
      expect(late).toEqual([
        expect.stringMatching(
          /^restarting Deployment web: 0 of 2 pods are in their mode; it fails unless more of them are: until \S+Z$/,
        ),
      ]);
      expect(messages.size).toBeLessThan(5);
      await world.childPhase('RolledBack', home, 10 * minuteMs);
    });
  });

  it('says it of a workload a few times, however many pods it has that take their time', async () => {
    await run(async (world, home) => {
      const behaviour = { [podBehaviour.readyAfterMs]: '70000' };
      await world.create(namespace(home), deployment(home, 'web', { replicas: 12, behaviour }));
      await world.podsReady(12);
      await world.create(meshMigration(world.name, { names: [home] }));
      const messages = new Set<string>();
      await world.eventually(
        'the end',
        async () => {
          const { status } = await world.child(home);
          messages.add(status?.message ?? '');
          return status?.phase === 'Migrated' ? true : undefined;
        },
        60 * minuteMs,
      );
      const late = [...messages].filter((message) => message.includes('in their mode'));
      expect(late.length).toBeGreaterThan(0);
      expect(late.length).toBeLessThan(4);
    });
  });

  it('quotes the quota that keeps new pods out, in the message and in the failure', async () => {
    await run(async (world, home, cluster) => {
      const room = quota(cluster, home);
      await world.create(namespace(home), deployment(home, 'web', { replicas: 2, spec: surging }));
      await world.podsReady(2);
      const before = await world.snapshot();
      room.full = true;
      await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '40s' } }));
      await says(world, /restarting Deployment web; its controller says: .*exceeded quota: small/);
      const { status } = await world.childPhase('RolledBack', home, 10 * minuteMs);
      expect(status?.failure).toMatchObject({ reason: 'WorkloadUnavailable' });
      expect(status?.failure?.message).toMatch(/exceeded quota: small, requested: pods=1/);
      await world.modesAre({ Sidecar: 2 });
      await world.restored(before);
    });
  });

  const manners: readonly (readonly [
    string,
    'StatefulSet' | 'DaemonSet',
    Readonly<Record<string, unknown>>,
    number,
  ])[] = [
    [
      'a StatefulSet with a partition',
      'StatefulSet',
      { replicas: 3, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
      3,
    ],
    [
      'a StatefulSet that replaces nothing by itself',
      'StatefulSet',
      { replicas: 3, updateStrategy: { type: 'OnDelete' } },
      3,
    ],
    ['a DaemonSet that replaces nothing by itself', 'DaemonSet', { updateStrategy: { type: 'OnDelete' } }, 3],
  ];
  it.each(manners)(
    'waits until the last pod that was evicted has a replacement that is Ready: %s',
    async (_what, kind, spec, pods) => {
      await run(async (world, home) => {
        await world.create(namespace(home), workload(kind, home, 'db', { behaviour: slow, spec }));
        await world.podsReady(pods);
        await world.create(meshMigration(world.name, { names: [home] }));
        const { status } = await world.childPhase('Migrated', home, 10 * minuteMs);
        expect(await world.modes()).toEqual({ Ambient: pods });
        await world.podsReady(pods);
        expect(status?.pods?.ambient).toBe(pods);
        const over = (name: string): number =>
          Date.parse(status?.steps?.find((step) => step.name === name)?.completedAt ?? '');
        const created = (await world.pods()).map(({ metadata }) =>
          Date.parse((metadata as { creationTimestamp?: string }).creationTimestamp ?? ''),
        );
        expect(over('RestartWorkloads')).toBeGreaterThanOrEqual(Math.max(...created) + 8000);
      });
    },
  );

  const components: readonly (readonly [string, string])[] = [
    ['istio-cni-node', 'MM012'],
    ['ztunnel', 'MM013'],
  ];
  it.each(components)(
    'restarts nothing more while %s is not ready on every node, and goes on when it is',
    async (name, finding) => {
      await run(async (world, home) => {
        await world.create(namespace(home), ...['a', 'b'].map((each) => deployment(home, each, { behaviour: slow })));
        await world.podsReady(2);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.eventually('one is restarted', async () =>
          (await world.modes()).Ambient === undefined ? undefined : true,
        );
        const [pod] = (await world.pods('istio-system')).filter(({ metadata }) => metadata.name.startsWith(name));
        const ready = (value: string | null): Promise<void> =>
          world.patch('Pod', 'istio-system', pod?.metadata.name ?? '', {
            metadata: { annotations: { [podBehaviour.neverReady]: value } },
          });
        await ready('always');
        await says(world, new RegExp(`waits: ${finding} `));
        await world.pause(minuteMs);
        expect(await world.modes()).toEqual({ Ambient: 1, Sidecar: 1 });
        await ready(null);
        await world.childPhase('Migrated', home, 5 * minuteMs);
        await world.modesAre({ Ambient: 2 });
      });
    },
  );

  it('goes back when a node component is not ready for as long as a restart may take', async () => {
    await run(async (world, home) => {
      await world.create(namespace(home), ...['a', 'b'].map((each) => deployment(home, each, { behaviour: slow })));
      await world.podsReady(2);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '60s' } }));
      await world.eventually('one is restarted', async () =>
        (await world.modes()).Ambient === undefined ? undefined : true,
      );
      const [pod] = (await world.pods('istio-system')).filter(({ metadata }) => metadata.name.startsWith('ztunnel'));
      await world.patch('Pod', 'istio-system', pod?.metadata.name ?? '', {
        metadata: { annotations: { [podBehaviour.neverReady]: 'always' } },
      });
      const { status } = await world.childPhase('RolledBack', home, 10 * minuteMs);
      expect(status?.failure).toMatchObject({ reason: 'CriticalFinding' });
      expect(status?.failure?.message).toMatch(/^MM013/);
      await world.restored(before);
    });
  });

  it('can be rolled back from labels that were half-way by hand when it was told to go on with them', async () => {
    await run(async (world, home) => {
      await world.create(namespace(home), ...['a', 'b'].map((each) => deployment(home, each, { behaviour: slow })));
      await world.podsReady(2);
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.eventually('one is restarted', async () =>
        (await world.modes()).Ambient === undefined ? undefined : true,
      );
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': null } } });
      await world.childPhase('Paused');
      await world.command('Migrating', home);
      await world.childPhase('Migrated', home, 5 * minuteMs);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack', home, 10 * minuteMs);
      await world.modesAre({ Sidecar: 2 });
      expect((await world.labels())['istio-injection']).toBe('enabled');
    });
  });

  it('fails, goes back and is never finalized when the replacement of an evicted pod does not become Ready', async () => {
    await run(async (world, home) => {
      const never = { [podBehaviour.neverReady]: 'without-sidecar' };
      await world.create(
        namespace(home),
        workload('StatefulSet', home, 'db', { behaviour: never, spec: { updateStrategy: { type: 'OnDelete' } } }),
        deployment(home, 'web', { replicas: 2 }),
      );
      await world.podsReady(3);
      await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '60s' } }));
      await world.eventually('RestartWorkloads', async () =>
        (await world.child()).status?.step === 'RestartWorkloads' ? true : undefined,
      );
      await world.edit({ action: 'Finalize' });
      await world.childPhase('RolledBack', home, 10 * minuteMs);
      await world.pause(5000);
      const { status } = await world.migration();
      expect(status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
      expect(status?.namespaces).toMatchObject({ migrated: 0, rolledBack: 1, failed: 1 });
      await world.modesAre({ Sidecar: 3 });
    });
  });
});
