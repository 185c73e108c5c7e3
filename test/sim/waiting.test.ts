import { describe, expect, it } from '@jest/globals';
import { namespaces } from '../../src/engine/resources.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import type { MeshAdapter } from '../../src/mesh/adapter.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

async function planned(world: World, many: number): Promise<readonly string[]> {
  const names = Array.from({ length: many }, (_, i) => world.ns(`n${String(i).padStart(2, '0')}`));
  for (const name of names) await world.create(namespace(name), deployment(name, 'web', { replicas: 1 }));
  for (const name of names) await world.podsReady(1, name);
  await world.create(meshMigration(world.name, { names }, { action: 'Plan' }));
  await world.phase('Planned');
  return names;
}

/** How often namespaces are judged until two of so many have been migrated. */
async function looksUntilTwo(many: number): Promise<number> {
  let looks = 0;
  const adapter: MeshAdapter = {
    ...istio,
    findings(...given) {
      looks += 1;
      return istio.findings(...given);
    },
  };
  await runOnSimulation(
    {
      name: 'waiting',
      async run(world) {
        await planned(world, many);
        looks = 0;
        await world.edit({ action: 'Migrate' });
        await world.eventually('two are migrated', async () =>
          ((await world.migration()).status?.namespaces?.migrated ?? 0) >= 2 ? true : undefined,
        );
      },
    },
    { adapter },
  );
  return looks;
}

describe('namespaces that wait for their turn', () => {
  it('are not looked at whenever one that is under way gets on', async () => {
    const [few, many] = [await looksUntilTwo(30), await looksUntilTwo(60)];
    expect(few).toBeLessThan(600);
    // Each is looked at because it is to start, and because it has said that it waits.
    expect(many - few).toBeLessThan(30 * 8);
  }, 120_000);

  it('are started past those at the head that cannot be, each for a reason of its own', async () => {
    await runOnSimulation(
      {
        name: 'past-the-head',
        async run(world) {
          const [first = '', paused = '', blocked = '', leaving = '', out = '', last = ''] = await planned(world, 6);
          await world.edit({ action: 'Migrate' });
          for (const name of [paused, blocked, leaving, out, last]) await world.childPhase('Pending', name);
          await world.command('Paused', paused);
          await world.create(object('VirtualService', blocked, 'late', { hosts: ['h.example.com'] }));
          await world.delete(namespaces, undefined, leaving);
          await world.edit({ namespaces: { names: [first, paused, blocked, leaving, last] } });
          await world.childPhase('Migrated', last);
          await world.childPhase('Paused', paused);
          await world.childPhase('Blocked', blocked);
        },
      },
      { slots: 1 },
    );
  });
});
