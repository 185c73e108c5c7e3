import { describe, expect, it } from '@jest/globals';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { besideShared, bindingOfApi, moving, waypointNamespace } from '../scenarios/redirected.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

async function run(
  name: string,
  story: (world: World, infra: string) => Promise<void>,
  options: SimRun = {},
): Promise<void> {
  await runOnSimulation(
    {
      name,
      disturbs: true,
      run: async (world) => {
        await story(world, await besideShared(world));
      },
    },
    options,
  );
}

async function redirect(world: World, infra: string | null, name = 'api'): Promise<void> {
  await world.patch('Service', world.ns(), name, { metadata: { labels: { [waypointNamespace]: infra } } });
}

/** An operator that says nothing of it beforehand. */
const silent = {
  ...istio,
  findings: (...args: Parameters<typeof istio.findings>) => istio.findings(...args).filter(({ id }) => id !== 'MM045'),
};

describe('a Service that names the namespace of another waypoint', () => {
  it('is not bound when the label comes while the patch is under way', async () => {
    await run(
      'between',
      async (world, infra) => {
        const log: unknown[] = [];
        await world.create(moving(world));
        await world.eventually(
          'about to be bound',
          async () =>
            (await world.child()).status?.message?.includes('setting the labels of Service') === true
              ? true
              : undefined,
          120_000,
        );
        expect(await bindingOfApi(world)).toEqual({ label: undefined, said: undefined });
        await redirect(world, infra);
        for (let second = 0; second < 60; second += 1) {
          log.push((await bindingOfApi(world)).label);
          await world.pause(1000);
        }
        expect(new Set(log)).toEqual(new Set([undefined]));
      },
      { faults: [{ match: { method: 'PATCH', path: /services\/api/ }, fault: { kind: 'SlowRequest', ms: 5000 } }] },
    );
  });

  it('is not bound whatever the findings say, holds no other back, and is waited for', async () => {
    await run(
      'held',
      async (world, infra) => {
        await redirect(world, infra);
        await world.create(moving(world));
        const { status } = await world.eventually(
          'waits',
          async () => {
            const child = await world.child();
            return child.status?.step === 'BindWaypoint' &&
              child.status.conditions?.some(({ type, status }) => type === 'Stalled' && status === 'True') === true
              ? child
              : undefined;
          },
          120_000,
        );
        expect(status?.message).toContain(`label ${waypointNamespace}=${infra} of Service ${world.ns()}/api`);
        expect(status?.message).toContain(`kubectl label service api -n ${world.ns()} ${waypointNamespace}-`);
        expect(await bindingOfApi(world)).toEqual({ label: undefined, said: undefined });
        await world.modesAre({ Sidecar: 3 });
        await redirect(world, null);
        await world.childPhase('Migrated');
        expect((await bindingOfApi(world)).said).toContain(`${world.ns()}/waypoint`);
      },
      { adapter: silent },
    );
  });

  it('is bound when it names its own', async () => {
    await run('own', async (world) => {
      await redirect(world, world.ns());
      await world.create(moving(world));
      await world.childPhase('Migrated');
      expect((await bindingOfApi(world)).said).toContain(`${world.ns()}/waypoint`);
    });
  });

  it('is told of at rest', async () => {
    await run('rest', async (world, infra) => {
      await world.create(moving(world));
      await world.childPhase('Migrated');
      await redirect(world, infra);
      const told = await world.eventually(
        'said',
        async () => {
          const { message = '' } = (await world.child()).status ?? {};
          return message.includes('is bound to another waypoint') ? message : undefined;
        },
        60_000,
      );
      expect(told).toContain(`kubectl label service api -n ${world.ns()} ${waypointNamespace}-`);
      await redirect(world, null);
      await world.eventually(
        'Ready',
        async () =>
          (await world.child()).status?.conditions?.some(
            ({ type, status }) => type === 'Ready' && status === 'True',
          ) === true
            ? true
            : undefined,
        60_000,
      );
    });
  });
});
