import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { allowGet, shop } from '../scenarios/http.ts';
import { kinds, meshMigration } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import type { Fault, RequestMatch } from './apiserver/fault-rules.ts';
import { runOnSimulation } from './run-scenario.ts';

/** When an autoscaler looks for the first time. */
const autoscalerMs = 15_000;
const scaling: RequestMatch = { method: 'PATCH', path: /\/deployments\/waypoint/ };

/** How long `EnsureWaypoint` took until all pods of the waypoint were there. */
async function untilReady(world: World): Promise<number> {
  await shop(world, allowGet(world.ns()));
  await world.create(meshMigration(world.name, { names: [world.ns()] }));
  const { status } = await world.childPhase('Migrated');
  const { startedAt = '', completedAt = '' } = status?.steps?.find(({ name }) => name === 'EnsureWaypoint') ?? {};
  return Date.parse(completedAt) - Date.parse(startedAt);
}

async function measured(fault?: Fault): Promise<number> {
  let ms = NaN;
  await runOnSimulation(
    {
      name: 'pods',
      async run(world) {
        ms = await untilReady(world);
      },
    },
    fault === undefined ? {} : { faults: [{ match: scaling, times: 1000, fault }] },
  );
  return ms;
}

async function replicas(world: World): Promise<unknown> {
  return (
    (await world.client.get(kinds.Deployment, world.ns(), 'waypoint', world.signal))['spec'] as {
      readonly replicas: unknown;
    }
  ).replicas;
}

describe('the pods of a waypoint', () => {
  it('are all there before its autoscaler has looked', async () => {
    expect(await measured()).toBeLessThan(autoscalerMs);
  });

  it.each<[string, Fault]>([
    ['is refused', { kind: 'Refuse', status: 409 }],
    ['gets lost', { kind: 'LostRequest' }],
  ])('are there when it has looked, if their number %s', async (_how, fault) => {
    const ms = await measured(fault);
    expect(ms).toBeGreaterThanOrEqual(autoscalerMs - 1000);
    expect(ms).toBeLessThan(4 * autoscalerMs);
  });

  it('are as many as somebody else has said meanwhile, if their number arrives late', async () => {
    await runOnSimulation(
      {
        name: 'pods',
        async run(world) {
          await shop(world, allowGet(world.ns()));
          await world.create(meshMigration(world.name, { names: [world.ns()] }));
          await world.eventually('a waypoint', async () =>
            (await replicas(world).catch(() => undefined)) === 1 ? true : undefined,
          );
          await world.patch('Deployment', world.ns(), 'waypoint', { spec: { replicas: 3 } });
          await world.childPhase('Migrated');
          await world.pause(90_000);
          assert.equal(await replicas(world), 3);
        },
      },
      { faults: [{ match: scaling, times: 1000, fault: { kind: 'LateRequest', ms: 60_000 } }] },
    );
  });
});
