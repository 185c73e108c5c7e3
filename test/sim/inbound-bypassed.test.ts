import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { deployment, meshMigration, namespace, strict } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { bypass } from '../support/bypassed-examples.ts';
import { runOnSimulation } from './run-scenario.ts';

const id = 'MM144';

async function annotate(world: World, home: string, value: string | null): Promise<void> {
  const annotations = Object.fromEntries(Object.keys(bypass).map((key) => [key, value]));
  await world.patch('Deployment', home, 'web', { spec: { template: { metadata: { annotations } } } });
}

async function stalledBy(world: World, home: string): Promise<void> {
  await world.eventually(`it is held by ${id}`, async () =>
    (await world.child(home)).status?.message?.includes(id) === true ? true : undefined,
  );
}

describe('a template that ambient would capture outbound only', () => {
  it('keeps its namespace in its sidecars until the annotation is gone, and is told at rest when it comes again', async () => {
    await runOnSimulation({
      name: 'bypass-there',
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home), strict(home), deployment(home, 'web', { behaviour: bypass }));
        await world.podsReady(1, home);
        await world.create(meshMigration(world.name, { names: [home] }));
        const { status } = await world.childPhase('Blocked', home);
        const critical = status?.findings?.filter(({ severity }) => severity === 'Critical').map((found) => found.id);
        assert.deepEqual(critical, [id]);
        await annotate(world, home, null);
        await world.childPhase('Migrated', home);
        await annotate(world, home, 'true');
        await world.eventually('it is told at rest', async () =>
          (await world.child(home)).status?.findings?.some(
            (found) => found.id === id && found.object === `Deployment ${home}/web`,
          ) === true
            ? true
            : undefined,
        );
      },
    });
  });

  it('holds the rollback to ambient when it comes beside sidecars', async () => {
    await runOnSimulation({
      name: 'bypass-back',
      async run(world) {
        const home = world.ns();
        await world.create(
          namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
          strict(home),
          deployment(home, 'web'),
        );
        await world.podsReady(1, home);
        await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
        await world.childPhase('Migrated', home);
        await annotate(world, home, 'true');
        await world.eventually('it is told at rest', async () =>
          (await world.child(home)).status?.findings?.some((found) => found.message.includes(`as ${id} says`)) === true
            ? true
            : undefined,
        );
        await world.command('RollingBack', home);
        await stalledBy(world, home);
        await annotate(world, home, null);
        await world.childPhase('RolledBack', home);
      },
    });
  });
});
