import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { denyMethod, start } from './stalled-story.ts';

const minuteMs = 60_000;

/** A canary of two, and a namespace that comes after it. */
async function canary(
  world: World,
  wave: Pick<MeshMigrationSpec['waves'][number], 'soak' | 'maxFailures'>,
): Promise<void> {
  for (const each of ['a', 'b', 'c']) await plain(world, world.ns(each));
  const waves = [{ name: 'w1', namespaces: { names: [world.ns('a'), world.ns('b')] }, ...wave }];
  await start(world, { waves, restart: { watch: '30s' } }, ['a', 'b', 'c']);
}

async function stops(world: World, ...moments: readonly number[]): Promise<void> {
  for (const [at, ms] of moments.entries()) {
    if (at % 2 === 0) await world.create(denyMethod(world.ns('a')));
    else await world.delete(kinds.AuthorizationPolicy, world.ns('a'), 'no-delete');
    await world.pause(ms);
  }
}

async function run(name: string, tell: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name, disturbs: true, run: tell });
}

describe('a wave of which one has come to a stop', () => {
  it('is not done in the moment in which a tool replaces what it stopped for', async () => {
    await run('wave-moment', async (world) => {
      await canary(world, { soak: '0s', maxFailures: 0 });
      await world.eventually('b is under way', async () =>
        (await world.child(world.ns('b'))).status?.direction === 'Forward' ? true : undefined,
      );
      await world.command('Paused', world.ns('b'));
      await world.childPhase('Migrated', world.ns('a'));
      await stops(world, minuteMs);
      await world.command('Migrating', world.ns('b'));
      await world.childPhase('Migrated', world.ns('b'));
      await world.pause(minuteMs);
      await world.delete(kinds.AuthorizationPolicy, world.ns('a'), 'no-delete');
      await world.pause(2000);
      assert.match(
        (await world.migration()).status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '',
        /wave w1 has arrived, with 1 that came to a stop before and go on by now, and is looked at for 30s/,
      );
      await stops(world, 2 * minuteMs);
      assert.equal((await world.child(world.ns('c'))).status?.phase, 'Pending');
      await world.delete(kinds.AuthorizationPolicy, world.ns('a'), 'no-delete');
      await world.childPhase('Migrated', world.ns('c'));
    });
  });

  it.each([
    ['for good', [30 * minuteMs]],
    ['again and again', Array.from({ length: 20 }, () => 90_000)],
  ] as const)('and that as many may is done after its soak: %s', async (_how, moments) => {
    await run('wave-churn', async (world) => {
      await canary(world, { soak: '5m', maxFailures: 1 });
      await world.childPhase('Migrated', world.ns('a'));
      await world.childPhase('Migrated', world.ns('b'));
      await stops(world, ...moments);
      assert.equal((await world.child(world.ns('c'))).status?.phase, 'Migrated');
    });
  });
});
