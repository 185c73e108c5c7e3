import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { barePod } from '../scenarios/manifests.ts';
import { plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const minuteMs = 60_000;

describe('a wave that is held by one of its namespaces', () => {
  it('is not done because the record that says so is deleted', async () => {
    await runOnSimulation({
      name: 'held-lost',
      run: async (world) => {
        const [a, b] = [world.ns('a'), world.ns('b')];
        for (const home of [a, b]) await plain(world, home);
        await world.create(barePod(a, 'alone'));
        await world.podsReady(2, a);
        const wave = { name: 'canary', namespaces: { names: [a] }, soak: '0s', maxFailures: 0 };
        await start(world, { waves: [wave] }, ['a', 'b']);
        await world.childPhase('Incomplete', a);
        await world.pause(minuteMs);
        assert.equal((await world.child(b)).status?.direction, undefined);
        await world.delete(namespaceMigrations, a, world.name);
        await world.pause(5 * minuteMs);
        assert.equal((await world.child(b)).status?.direction, undefined);
      },
    });
  });
});
