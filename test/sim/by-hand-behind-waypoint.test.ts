import { describe, expect, it } from '@jest/globals';
import { kinds } from '../scenarios/manifests.ts';
import { journalBecomes } from '../scenarios/taken-journal.ts';
import type { World } from '../scenarios/world.ts';
import { rested } from './behind-a-waypoint.ts';
import { runOnSimulation } from './run-scenario.ts';

async function fix(world: World): Promise<string> {
  const { status } = await world.child();
  return status?.findings?.find(({ id }) => id === 'MM007')?.fix ?? '';
}

describe('the way back by hand, behind a waypoint', () => {
  it('says what it relies on and is not there, before anything that takes a sidecar away', async () => {
    await runOnSimulation({
      name: 'by-hand',
      disturbs: true,
      async run(world) {
        await rested(world);
        await journalBecomes(world, null);
        await world.childPhase('Blocked');
        expect(await fix(world)).not.toContain('wait as long as this is so');
        await world.delete(kinds.Gateway, world.ns(), 'waypoint');
        await world.eventually('it is said', async () =>
          (await fix(world)).includes('wait as long as this is so: Gateway by-hand/waypoint is not there')
            ? true
            : undefined,
        );
      },
    });
  });
});
