import { describe, expect, it } from '@jest/globals';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const recreate = { spec: { strategy: { type: 'Recreate' } }, replicas: 4 };

async function run(story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'answered', run: story });
}

function inMinutes(world: World, minutes: number): string {
  return new Date(world.clock.now() + minutes * 60_000).toISOString();
}

async function messages(world: World): Promise<readonly string[]> {
  const { status } = await world.child();
  return (status?.findings ?? [])
    .filter(({ id }) => id === 'MM055')
    .map(({ severity, message }) => `${severity} ${message}`);
}

describe('a finding that somebody answers for', () => {
  it('keeps its namespace from starting, until somebody does, and says who and why', async () => {
    await run(async (world) => {
      await world.create(
        namespace(world.ns()),
        deployment(world.ns(), 'reports', recreate),
        meshMigration(world.name, { names: [world.ns()] }, { action: 'Plan' }),
      );
      await world.childPhase('Blocked');
      const until = inMinutes(world, 60);
      await world.edit({ acknowledge: [{ id: 'MM055', reason: 'runs at night only', until }] });
      await world.eventually('a warning', async () =>
        (await messages(world)).some((each) => each.startsWith('Warning acknowledged by ')) ? true : undefined,
      );
      expect(await messages(world)).toEqual([expect.stringContaining(` until ${until}, because runs at night only: `)]);
      await world.edit({ action: 'Migrate' });
      await world.childPhase('Migrated');
    });
  });

  it('keeps it again when the time is over that it was answered for', async () => {
    await run(async (world) => {
      await world.create(namespace(world.ns()), deployment(world.ns(), 'reports', recreate));
      const acknowledge = [{ id: 'MM055', reason: 'runs at night only', until: inMinutes(world, 5) }] as const;
      await world.create(
        meshMigration(world.name, { names: [world.ns()] }, { action: 'Plan', acknowledge: [...acknowledge] }),
      );
      await world.childPhase('Planned');
      await world.pause(6 * 60_000);
      await world.edit({ action: 'Migrate' });
      await world.childPhase('Blocked');
      expect(await messages(world)).toEqual([expect.stringMatching(/^Critical acknowledged .*, which is over, /)]);
    });
  });
});
