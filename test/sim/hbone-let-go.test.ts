import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { MeshMigration, NamespaceMigration } from '../../src/api/resources.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

/** `b` has sidecars of before ambient; `a` is moved, and `b` only restarted for it. */
async function restartedForOther(world: World): Promise<{ readonly a: string; readonly b: string }> {
  const [a, b] = [world.ns('a'), world.ns('b')];
  await world.create(namespace(a), deployment(a, 'web'));
  await world.podsReady(1, a);
  await world.create(meshMigration(world.name, { names: [a] }, { restart: { hboneNamespaces: { names: [b] } } }));
  await world.phase('Migrated');
  await world.childPhase('Migrated', b);
  return { a, b };
}

function run(name: string, story: Scenario['run']): Promise<unknown> {
  return runOnSimulation({
    name,
    async prepare(world) {
      const b = world.ns('b');
      await world.create(namespace(b), deployment(b, 'api'));
      await world.podsReady(1, b);
    },
    run: story,
  });
}

function stateOf({ status }: MeshMigration): unknown {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return [status?.phase, ready, status?.namespaces?.total, status?.namespaces?.pending];
}

/** The record of the other migration, once it is in a phase. */
function theirs(world: World, home: string, phase: string): Promise<NamespaceMigration> {
  return world.eventually(`team-b is ${phase}`, async () => {
    const child = await world.child(home, 'team-b').catch(() => undefined);
    return child?.status?.writtenPhase === phase ? child : undefined;
  });
}

describe('a namespace that was only restarted for HBONE', () => {
  it('is no more to come once nobody names it for that', async () => {
    await run('hbone-unnamed', async (world) => {
      await restartedForOther(world);
      await world.edit({ restart: { hboneNamespaces: null } });
      await world.pause(300_000);
      assert.deepEqual(stateOf(await world.migration()), ['Migrated', 'True', 1, 0]);
    });
  });

  it('is moved by another migration after the command that its finding names', async () => {
    await run('hbone-other', async (world) => {
      const { b } = await restartedForOther(world);
      await world.create(meshMigration('team-b', { names: [b] }));
      const { status } = await theirs(world, b, 'Blocked');
      const fix = status?.findings?.find(({ id }) => id === 'MM006')?.fix ?? '';
      assert.ok(fix.includes(`kubectl patch nsm ${world.name} -n ${b} `), fix);
      assert.deepEqual(stateOf(await world.migration()), ['Migrated', 'True', 1, 0]);
      await world.command('RollingBack', b);
      await theirs(world, b, 'Migrated');
    });
  });
});
