import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { journalAnnotation } from '../../src/api/resources.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { denyMethod, start } from './stalled-story.ts';

const suffixes = ['a', 'b', 'c', 'd', 'e'];
const root = 'istio-system';

/** What keeps all of them from being started, and that they are started now; neither has them stand in line. */
const ways: Readonly<
  Record<string, { enter: (world: World) => Promise<void>; leave: (world: World) => Promise<void> }>
> = {
  'that a policy blocked': {
    async enter(world) {
      await world.create(denyMethod(root));
      await start(world, {}, suffixes);
      for (const each of suffixes) await world.childPhase('Blocked', world.ns(each));
    },
    leave: (world) => world.delete(kinds.AuthorizationPolicy, root, 'no-delete'),
  },
  'that were paused before their start': {
    async enter(world) {
      await start(world, { action: 'Plan' }, suffixes);
      for (const each of suffixes) await world.childPhase('Planned', world.ns(each));
      for (const each of suffixes) await world.command('Paused', world.ns(each));
      await world.edit({ action: 'Migrate' });
      for (const each of suffixes) await world.childPhase('Paused', world.ns(each));
    },
    async leave(world) {
      await Promise.all(suffixes.map((each) => world.command('Migrating', world.ns(each))));
    },
  },
};

/** Namespaces that are under way, by their journals. */
async function underWay(world: World): Promise<number> {
  const { items } = await world.client.list(kinds.Namespace, { signal: world.signal });
  const journals = items.flatMap(({ metadata }) => metadata.annotations?.[journalAnnotation] ?? []);
  return journals.filter((text) => (JSON.parse(text) as { readonly arrived?: true }).arrived !== true).length;
}

describe('namespaces that may all be started in the same moment', () => {
  it.each(Object.keys(ways))('are under way no more at once than there are slots: %s', async (way) => {
    await runOnSimulation(
      {
        name: 'together',
        disturbs: true,
        run: async (world) => {
          for (const each of suffixes) await plain(world, world.ns(each));
          await ways[way]?.enter(world);
          await world.pause(5000);
          await ways[way]?.leave(world);
          const seen: number[] = [];
          for (let n = 0; n < 600; n += 1) {
            seen.push(await underWay(world));
            await world.pause(100);
          }
          assert.equal(Math.max(...seen), 1);
        },
      },
      {
        slots: 1,
        faults: [
          {
            match: { method: 'PATCH', path: /namespaces\/together-.(\?|$)/ },
            times: 1000,
            fault: { kind: 'SlowRequest', ms: 20 },
          },
        ],
      },
    );
  });
});
