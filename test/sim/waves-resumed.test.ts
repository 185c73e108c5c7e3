import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

describe('a wave whose migration is paused while one of it is half-way', () => {
  it.each(['Pause', 'Plan'] as const)('has not arrived by that when it goes on: spec.action %s', async (action) => {
    await runOnSimulation({
      name: 'resumed',
      run: async (world) => {
        const [a, b, c] = [world.ns('a'), world.ns('b'), world.ns('c')];
        for (const home of [a, b, c]) await plain(world, home);
        const canary = { names: [a, b] };
        const wave = { name: 'canary', namespaces: canary, soak: '0s', maxFailures: 1, maxConcurrentNamespaces: 1 };
        await start(world, { waves: [wave], restart: { watch: '1m' } }, ['a', 'b', 'c']);
        await world.childPhase('Migrated', a);
        await world.childPhase('Migrating', b);
        await world.edit({ action });
        await world.childPhase('Paused', b);
        await world.pause(2 * 60_000);
        await world.edit({ action: 'Migrate' });
        await world.eventually('c has begun', async () =>
          (await world.child(c)).status?.direction === undefined ? undefined : true,
        );
        assert.equal((await world.child(b)).status?.writtenPhase, 'Migrated');
      },
    });
  });
});
