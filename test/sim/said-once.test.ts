import { describe, expect, it } from '@jest/globals';
import { allowGet, denyDelete, shop } from '../scenarios/http.ts';
import { kinds, meshMigration } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

async function rested(world: World): Promise<void> {
  const home = world.ns();
  await shop(world, denyDelete(home), allowGet(home));
  const callers = [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
  await world.create(meshMigration(world.name, { names: [home] }, { callers }));
  await world.childPhase('Migrated');
  await world.pause(5000);
}

async function messageOf(world: World): Promise<string> {
  return (await world.child()).status?.message ?? '';
}

describe('what is not in force', () => {
  it.each<[string, (world: World) => Promise<void>]>([
    ['at rest', () => Promise.resolve()],
    ['when it is to be finalized', (world) => world.edit({ action: 'Finalize' })],
  ])('is said once, though it is the reason as well: %s', async (_when, then) => {
    await runOnSimulation({
      name: 'once',
      async run(world) {
        await rested(world);
        await world.delete(kinds.Service, world.ns(), 'api');
        await then(world);
        const message = await world.eventually('it is said', async () => {
          const said = await messageOf(world);
          return said.includes('behind no Service') ? said : undefined;
        });
        const [sentence = ''] = /AuthorizationPolicy \S+: it selects [^;.]+/.exec(message) ?? [];
        expect(sentence).not.toBe('');
        expect(message.split(sentence)).toHaveLength(2);
      },
    });
  });
});
