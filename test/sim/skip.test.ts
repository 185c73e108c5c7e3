import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { object } from '../scenarios/manifests.ts';
import { keyboardAt, type Keyboard, type Ran } from '../support/command-line.ts';
import { plain } from './caller-and-called.ts';
import { interrupted } from './interrupted.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

async function type(line: string, exitCode: number, by: Keyboard): Promise<Ran> {
  const ran = await by.type(line);
  assert.deepEqual([line, ran.exitCode], [line, exitCode], `${ran.stdout}${ran.stderr}`);
  return ran;
}

describe('skip', () => {
  it('leaves a namespace out that holds its wave, and those behind it go on', async () => {
    await runOnSimulation({
      name: 'skips',
      run: async (world) => {
        const [a, b, c] = [world.ns('a'), world.ns('b'), world.ns('c')];
        for (const home of [a, b, c]) await plain(world, home);
        // A plugin of a sidecar is what ambient does not have: a is blocked.
        await world.create(object('EnvoyFilter', a, 'filter', { configPatches: [] }));
        const wave = { name: 'canary', namespaces: { names: [a, b] }, soak: '0s', maxFailures: 0 };
        await start(world, { waves: [wave] }, ['a', 'b', 'c']);
        await world.childPhase('Blocked', a);
        await world.childPhase('Migrated', b);
        const keyboard = keyboardAt(world.cluster.admin, world.clock);

        expect((await type(`skip skips -n ${b}`, 1, keyboard)).stderr).toContain(
          `nothing was changed: it is Migrated: what has begun is not left lying. Bring it back first: mesh-migration rollback skips -n ${b}`,
        );
        expect((await type(`skip skips -n ${a} --dry-run`, 0, keyboard)).stdout).toContain('nothing was changed');
        expect((await world.migration()).spec.namespaces.names).toEqual([a, b, c]);

        expect((await type(`skip skips -n ${a}`, 0, keyboard)).stdout).toContain('the operator has taken it');
        expect((await world.migration()).spec.namespaces).toEqual({ names: [b, c], exclude: [a] });
        await world.childPhase('Migrated', c);
        await world.phase('Migrated');
        await world.gone(namespaceMigrations, a, 'skips');
        expect((await type(`skip skips -n ${a}`, 0, keyboard)).stdout).toContain('already; nothing was changed');
      },
    });
  });

  it('says so where the namespace is started in the same moment', async () => {
    await runOnSimulation({
      name: 'skips-late',
      run: async (world) => {
        const [a, b] = [world.ns('a'), world.ns('b')];
        for (const home of [a, b]) await plain(world, home);
        await start(world, { action: 'Plan' }, ['a', 'b']);
        await world.childPhase('Planned', a);
        const meanwhile = interrupted(world, async () => {
          await world.edit({ action: 'Migrate' });
          await world.childPhase('Migrating', a);
        });
        const ran = await type(`skip skips-late -n ${a}`, 1, meanwhile);
        expect(ran.stderr).toContain('nothing was changed: it is Migrating: what has begun is not left lying');
        expect((await world.migration()).spec.namespaces.exclude).toEqual([]);
      },
    });
  });
});
