import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { kinds } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { runOnSimulation } from './run-scenario.ts';
import { denyMethod, start } from './stalled-story.ts';

describe('a namespace that is to be finalized, and where something is to be settled first', () => {
  it('is not sealed in the moment in which a tool replaces what it is about', async () => {
    await runOnSimulation({
      name: 'sealed-moment',
      run: async (world) => {
        const home = world.ns();
        await smallShop(world);
        await start(world);
        await world.childPhase('Migrated');
        await world.create(denyMethod(home));
        await world.edit({ action: 'Finalize' });
        await world.eventually('it is not enforced', async () =>
          stalledBy((await world.child()).status?.conditions)?.reason === 'CriticalFinding' ? true : undefined,
        );
        await world.pause(5000);
        // As kubectl replace --force does.
        await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
        await world.pause(2000);
        await world.create(denyMethod(home));
        await world.pause(60_000);
        assert.equal((await world.child()).status?.writtenPhase, 'Migrated');
        await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
        await world.childPhase('Finalized');
      },
    });
  });
});
