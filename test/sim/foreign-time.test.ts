import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { allowGet, shop } from '../scenarios/http.ts';
import { barePod, deployment, kinds, meshMigration, namespace, workload } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

const minuteMs = 60_000;
const slow = { [podBehaviour.readyAfterMs]: '8000' };

async function run(story: (world: World) => Promise<void>, options: SimRun = {}): Promise<void> {
  await runOnSimulation({ name: 'time', run: story }, options);
}

/** A StatefulSet that is half-way: its first pod is in ambient. */
async function halfWay(world: World, home: string): Promise<void> {
  await world.create(
    namespace(home),
    workload('StatefulSet', home, 'db', {
      replicas: 3,
      behaviour: slow,
      spec: { updateStrategy: { type: 'OnDelete' } },
    }),
  );
  await world.podsReady(3);
  await world.create(meshMigration(world.name, { names: [home] }));
  await world.eventually('a pod in ambient', async () => ((await world.modes()).Ambient === 1 ? true : undefined));
}

async function neverFailed(world: World): Promise<void> {
  const { status } = await world.child();
  expect(status?.failure).toBeUndefined();
}

describe("time that is not the operator's", () => {
  it.each<[string, (world: World) => Promise<void>, (world: World) => Promise<void>]>([
    ['a pause by the spec', (world) => world.edit({ action: 'Pause' }), (world) => world.edit({ action: 'Migrate' })],
    ["a pause by the migration's status", (world) => world.command('Paused'), (world) => world.command('Migrating')],
    [
      "a pause by the namespace's status",
      (world) => world.command('Paused', world.ns()),
      (world) => world.command('Migrating', world.ns()),
    ],
    ['a process that is not there', (world) => world.operator.kill(), (world) => world.operator.start()],
  ])('is not held against a restart: %s', async (_case, stop, goOn) => {
    await run(async (world) => {
      await halfWay(world, world.ns());
      await stop(world);
      await world.pause(15 * minuteMs);
      await goOn(world);
      await world.childPhase('Migrated');
      await neverFailed(world);
    });
  });

  it('does not begin anew with each edit of a policy that has to be followed', async () => {
    await run(async (world) => {
      const home = world.ns();
      await shop(world, allowGet(home));
      await world.patch('Deployment', home, 'api', {
        spec: {
          template: { metadata: { annotations: { [podBehaviour.neverReady]: 'without-sidecar' } } },
          progressDeadlineSeconds: 7200,
        },
      });
      await world.pause(10_000);
      await world.podsReady(3);
      await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '3m' } }));
      await world.eventually('api is restarted', async () =>
        ((await world.child()).status?.message ?? '').includes('api') &&
        (await world.child()).status?.step === 'RestartWorkloads'
          ? true
          : undefined,
      );
      for (const path of ['/a', '/b']) {
        await world.pause(2 * minuteMs);
        await world.patch('AuthorizationPolicy', home, 'readers', {
          spec: { rules: [{ to: [{ operation: { methods: ['GET'], paths: [path] } }] }] },
        });
      }
      expect((await world.child()).status?.failure?.reason).toBe('WorkloadUnavailable');
    });
  });

  it('is not held against a gate: a pause while the control plane is repaired', async () => {
    await run(async (world) => {
      await shop(world, allowGet(world.ns()));
      world.cluster.pauseIstiod();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.eventually('at the gate', async () =>
        (await world.child()).status?.step === 'EnsureWaypoint' ? true : undefined,
      );
      await world.edit({ action: 'Pause' });
      await world.pause(15 * minuteMs);
      await world.edit({ action: 'Migrate' });
      await world.pause(5000);
      world.cluster.resumeIstiod();
      await world.childPhase('Migrated');
      await neverFailed(world);
    });
  });

  it('is not held against a restart that was announced and not sent when the process died', async () => {
    let announced = (): void => undefined;
    const died = new Promise<void>((resolve) => {
      announced = resolve;
    });
    await run(
      async (world) => {
        await world.create(namespace(world.ns()), deployment(world.ns(), 'web', { behaviour: slow }));
        await world.podsReady(1);
        await world.create(meshMigration(world.name, { names: [world.ns()] }));
        await died;
        expect((await world.child()).status?.workloads).toHaveLength(1);
        await world.pause(11 * minuteMs);
        await world.operator.start();
        await world.childPhase('Migrated');
        await neverFailed(world);
      },
      {
        arrange(_cluster, operator, line) {
          const send = line.send.bind(line);
          line.send = async (request) => {
            if (request.method === 'GET' || !request.path.includes('/deployments/')) return await send(request);
            line.send = send;
            await operator.kill();
            announced();
            return await new Promise(() => {
              /* It died before this was sent. */
            });
          };
        },
      },
    );
  });

  it('makes nothing fail and stops nothing when the clock is an hour ahead for a moment', async () => {
    let jump = (_ms: number): void => undefined;
    await run(
      async (world) => {
        await halfWay(world, world.ns());
        jump(60 * minuteMs);
        await world.pause(2000);
        jump(0);
        await world.childPhase('Migrated');
        await neverFailed(world);
        await world.command('RollingBack');
        await world.childPhase('RolledBack');
      },
      {
        arrange(_cluster, operator) {
          jump = (ms) => {
            operator.aheadMs = ms;
          };
        },
      },
    );
  });

  it('a restart sent while the clock is an hour ahead does not stop the restarts after it', async () => {
    let jump = (_ms: number): void => undefined;
    await run(
      async (world) => {
        const home = world.ns();
        await world.create(
          namespace(home),
          ...['a', 'b', 'c'].map((name): KubeObject => deployment(home, name, { behaviour: slow })),
        );
        await world.podsReady(3);
        jump(60 * minuteMs);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.eventually('the first restart', async () =>
          (await world.child()).status?.workloads?.length === 1 ? true : undefined,
        );
        jump(0);
        await world.childPhase('Migrated');
      },
      {
        arrange(_cluster, operator) {
          jump = (ms) => {
            operator.aheadMs = ms;
          };
        },
      },
    );
  });

  it.each([-60, 60])(
    'tells by pods and not by times which are left outside: a clock %d minutes ahead',
    async (minutes) => {
      await runOnSimulation(
        {
          name: 'outside',
          podsOutside: true,
          async run(world) {
            const home = world.ns();
            await world.create(namespace(home, {}), deployment(home, 'web'), barePod(home, 'tool'));
            await world.podsReady(2);
            await world.create(meshMigration(world.name, { names: [home] }, { from: 'None', to: 'IstioSidecar' }));
            const { status } = await world.childPhase('Incomplete');
            expect(status?.message).toMatch(/of the old data plane left: pod tool has no controller/);
            await world.delete(kinds.Pod, home, 'tool');
            await world.childPhase('Migrated');
            await world.create(deployment(home, 'out', { podLabels: { 'sidecar.istio.io/inject': 'false' } }));
            await world.modesAre({ Sidecar: 1, None: 1 });
            await world.pause(5000);
            await world.childPhase('Migrated');
          },
        },
        {
          arrange(_cluster, operator) {
            operator.aheadMs = minutes * minuteMs;
          },
        },
      );
    },
  );
});
