import { describe, expect, it } from '@jest/globals';
import type { DataPlane } from '../../src/api/common.ts';
import { deployment, meshMigration, namespace, workload } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const lagMs = 10_000;

const labelsOf = {
  IstioSidecar: { 'istio-injection': 'enabled' },
  IstioAmbient: { 'istio.io/dataplane-mode': 'ambient' },
} as const;

async function patches(world: World): Promise<readonly number[]> {
  return (await world.child()).status?.workloads?.map((record) => record.patches) ?? [];
}

/** How long after its labels have changed the first pod of a namespace was restarted. */
function restartedAfter(world: World, labels: string, restarts: string) {
  return async (): Promise<number> => {
    const { status } = await world.child();
    const at = (name: string, end: 'startedAt' | 'completedAt'): number =>
      Date.parse(status?.steps?.find((step) => step.name === name)?.[end] ?? '');
    return at(restarts, 'startedAt') - at(labels, 'completedAt');
  };
}

const routes: readonly (readonly [from: keyof typeof labelsOf, to: keyof typeof labelsOf])[] = [
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioAmbient', 'IstioSidecar'],
];

/** There and back where the API server matches the injector's `namespaceSelector` by labels of ten seconds ago. */
async function thereAndBack(from: DataPlane & keyof typeof labelsOf, to: DataPlane, killed = false): Promise<void> {
  await runOnSimulation(
    {
      name: 'label-lag',
      disturbs: true,
      async run(world) {
        const home = world.ns();
        await world.create(
          namespace(home, labelsOf[from]),
          deployment(home, 'api', { replicas: 2 }),
          workload('StatefulSet', home, 'db', { replicas: 2 }),
        );
        await world.podsReady(4);
        const before = await world.snapshot();
        await world.create(meshMigration(world.name, { names: [home] }, { from, to, policies: { settle: '15s' } }));
        if (killed) await killAtRestarts(world, 'RestartWorkloads');
        await world.childPhase('Migrated');
        expect(await patches(world)).toEqual([1, 1]);
        if (!killed) expect(await restartedAfter(world, 'Flip', 'RestartWorkloads')()).toBeGreaterThanOrEqual(lagMs);
        await world.edit({ action: 'Rollback' });
        if (killed) await killAtRestarts(world, 'RestoreWorkloads');
        await world.childPhase('RolledBack');
        expect(await patches(world)).toEqual([1, 1]);
        await world.restored(before);
      },
    },
    {
      arrange: (cluster) => {
        cluster.injector.lagMs = lagMs;
      },
    },
  );
}

/** Dies when the labels have changed, and its successor sees them a moment later. */
async function killAtRestarts(world: World, step: string): Promise<void> {
  await world.eventually(`at ${step}`, async () => ((await world.child()).status?.step === step ? true : undefined));
  await world.operator.kill();
  await world.operator.start();
}

describe('labels that the API server itself learns late', () => {
  it.each(routes)('from %s to %s: nothing is restarted by those of before, there and back', async (from, to) => {
    await thereAndBack(from, to);
  });

  it.each(routes)('from %s to %s: nor where the operator dies in between', async (from, to) => {
    await thereAndBack(from, to, true);
  });
});
