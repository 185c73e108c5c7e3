import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { kinds, deployment, meshMigration, namespace, object, workload } from '../scenarios/manifests.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

const minuteMs = 60_000;
const restart = 'meshmigration.dev/restart';
const slow = { [podBehaviour.readyAfterMs]: '8000' };
const short = { restart: { progressDeadline: '30s' as const } };

async function run(story: (world: World, home: string) => Promise<void>, options: SimRun = {}): Promise<void> {
  await runOnSimulation(
    {
      name: 'back',
      run: async (world) => {
        await story(world, world.ns());
      },
    },
    options,
  );
}

async function migrated(world: World, spec: Parameters<typeof meshMigration>[2] = {}): Promise<void> {
  await world.create(meshMigration(world.name, { names: [world.ns()] }, spec));
  await world.childPhase('Migrated');
}

async function annotationOf(world: World, name: string): Promise<string | undefined> {
  const found = await world.client.get(kinds.Deployment, world.ns(), name, world.signal);
  const { template } = found['spec'] as {
    readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
  };
  return template.metadata.annotations?.[restart];
}

async function stalled(world: World, message: RegExp): Promise<void> {
  await world.eventually(
    `Stalled: ${message.source}`,
    async () => {
      const { status } = await world.child();
      const holds =
        status?.conditions?.some((condition) => condition.type === 'Stalled' && condition.status === 'True') === true;
      return holds && message.test(status.message ?? '') ? true : undefined;
    },
    30 * minuteMs,
  );
}

async function inStep(world: World, step: string): Promise<void> {
  await world.eventually(step, async () => ((await world.child()).status?.step === step ? true : undefined));
}

/** Whose pods may take ten minutes to end. */
function patient(made: KubeObject): KubeObject {
  const { spec } = made as KubeObject & { readonly spec: { readonly template: { readonly spec: object } } };
  const template = { ...spec.template, spec: { ...spec.template.spec, terminationGracePeriodSeconds: 600 } };
  return { ...made, spec: { ...spec, template } };
}

describe('a rollback', () => {
  it('ends although an autoscaler scales while its write is refused', async () => {
    await run(
      async (world, home) => {
        await world.create(namespace(home), deployment(home, 'web', { replicas: 2 }));
        await world.podsReady(2);
        const before = await world.snapshot();
        await migrated(world);
        await world.command('RollingBack', home);
        for (let n = 0; n < 6; n += 1) {
          await world.pause(15_000);
          await world.patch('Deployment', home, 'web', { spec: { replicas: 2 + (n % 3) } });
        }
        await world.childPhase('RolledBack', home, 10 * minuteMs);
        await world.restored(before);
      },
      {
        faults: [
          {
            match: { verb: 'Write', path: /deployments\/web/ },
            nth: 2,
            times: 30,
            fault: { kind: 'Refuse', status: 429, retryAfterSeconds: 1 },
          },
        ],
      },
    );
  });

  it('names who changes the template back, and ends when that is over', async () => {
    await run(async (world, home) => {
      await world.create(namespace(home), deployment(home, 'web', { replicas: 2, behaviour: slow }));
      await world.podsReady(2);
      const before = await world.snapshot();
      await migrated(world);
      const ours = (await annotationOf(world, 'web')) ?? '';
      await world.command('RollingBack', home);
      for (let n = 0; n < 4; n += 1) {
        await world.eventually(
          'taken away',
          async () => ((await annotationOf(world, 'web')) === undefined ? true : undefined),
          10 * minuteMs,
        );
        await world.pause(1000);
        await world.patch('Deployment', home, 'web', {
          spec: { template: { metadata: { annotations: { [restart]: ours } } } },
        });
      }
      await stalled(world, /scenario has changed the template of Deployment web back/);
      await world.childPhase('RolledBack', home, 30 * minuteMs);
      await world.restored(before);
    });
  });

  it('takes the template of a Deployment back that was paused on the way, and ends when it is resumed', async () => {
    await run(async (world, home) => {
      await world.create(namespace(home), deployment(home, 'web', { replicas: 4, behaviour: slow }));
      await world.podsReady(4);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.eventually('one is over', async () =>
        (await world.modes()).Ambient === undefined ? undefined : true,
      );
      await world.patch('Deployment', home, 'web', { spec: { paused: true } });
      await world.pause(10_000);
      await world.command('RollingBack', home);
      await stalled(world, /Deployment web is paused/);
      expect(await annotationOf(world, 'web')).toBeUndefined();
      await world.patch('Deployment', home, 'web', { spec: { paused: false } });
      await world.childPhase('RolledBack', home, 5 * minuteMs);
      await world.restored(before);
    });
  });

  it('names a label that somebody changes after it was put back, and goes on by itself when it is put back again', async () => {
    await run(async (world, home) => {
      await world.create(namespace(home), ...['a', 'b'].map((name) => deployment(home, name, { behaviour: slow })));
      await world.podsReady(2);
      await migrated(world);
      await world.command('RollingBack', home);
      await inStep(world, 'RestoreWorkloads');
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'disabled' } } });
      await stalled(world, /istio-injection is disabled instead of enabled \(set by scenario\)/);
      await world.pause(10 * minuteMs);
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
      await world.childPhase('RolledBack', home, 10 * minuteMs);
      await world.modesAre({ Sidecar: 2 });
      expect(await annotationOf(world, 'a')).toBeUndefined();
    });
  });

  it('names pods that hang in Terminating', async () => {
    await run(async (world, home) => {
      await world.create(namespace(home), patient(deployment(home, 'web', { behaviour: slow })));
      await world.podsReady(1);
      await migrated(world, short);
      const [pod] = await world.pods();
      await world.patch('Pod', home, pod?.metadata.name ?? '', {
        metadata: { annotations: { [podBehaviour.drainsForMs]: String(3 * minuteMs) } },
      });
      await world.command('RollingBack', home);
      await stalled(world, new RegExp(`pod ${pod?.metadata.name ?? ''} .*does not end`));
      await world.childPhase('RolledBack', home, 5 * minuteMs);
    });
  });
});

describe('a restart by eviction', () => {
  it('is over only when the replacement of the last pod is Ready', async () => {
    await run(async (world, home) => {
      const never = { [podBehaviour.neverReady]: 'without-sidecar' };
      await world.create(
        namespace(home),
        workload('StatefulSet', home, 'db', { behaviour: never, spec: { updateStrategy: { type: 'OnDelete' } } }),
      );
      await world.podsReady(1);
      await world.create(meshMigration(world.name, { names: [home] }, short));
      const { status } = await world.childPhase('RolledBack', home, 10 * minuteMs);
      expect(status?.failure?.message).toMatch(/pod db-0 is not Ready/);
      await world.modesAre({ Sidecar: 1 });
    });
  });

  it('takes the place of a rollout that takes more pods than its budget spares', async () => {
    await run(async (world, home) => {
      await world.create(
        namespace(home),
        deployment(home, 'a', { behaviour: slow }),
        deployment(home, 'web', { replicas: 8 }),
        object('PodDisruptionBudget', home, 'web', { minAvailable: 4, selector: { matchLabels: { app: 'web' } } }),
      );
      await world.podsReady(9);
      await world.create(meshMigration(world.name, { names: [home] }));
      await inStep(world, 'RestartWorkloads');
      await world.patch('PodDisruptionBudget', home, 'web', { spec: { minAvailable: 7 } });
      await world.childPhase('Migrated', home, 10 * minuteMs);
      await world.modesAre({ Ambient: 9 });
      expect(await annotationOf(world, 'web')).toBeUndefined();
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack', home, 10 * minuteMs);
      await world.modesAre({ Sidecar: 9 });
    });
  });

  it('waits for a budget that spares nothing, and says so when that takes too long', async () => {
    await run(async (world, home) => {
      await world.create(
        namespace(home),
        deployment(home, 'a', { behaviour: slow }),
        deployment(home, 'web', { replicas: 2 }),
        object('PodDisruptionBudget', home, 'web', { minAvailable: 1, selector: { matchLabels: { app: 'web' } } }),
      );
      await world.podsReady(3);
      await world.create(meshMigration(world.name, { names: [home] }, short));
      await inStep(world, 'RestartWorkloads');
      await world.patch('Deployment', home, 'web', { spec: { strategy: { rollingUpdate: { maxUnavailable: 1 } } } });
      await world.patch('PodDisruptionBudget', home, 'web', { spec: { minAvailable: 2 } });
      await stalled(world, /PodDisruptionBudget web can spare 0 pods/);
      await world.patch('PodDisruptionBudget', home, 'web', { spec: { minAvailable: 1 } });
      await world.childPhase('Migrated', home, 10 * minuteMs);
    });
  });
});
