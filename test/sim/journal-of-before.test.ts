import { describe, expect, it } from '@jest/globals';
import { journalAnnotation, namespaceMigrations } from '../../src/api/resources.ts';
import { allowGet, denyDelete, made, shop } from '../scenarios/http.ts';
import { kinds, meshMigration } from '../scenarios/manifests.ts';
import { journalBecomes } from '../scenarios/taken-journal.ts';
import type { Snapshot, World } from '../scenarios/world.ts';
import { runOutside } from './run-scenario.ts';

async function run(story: (world: World, home: string) => Promise<void>): Promise<void> {
  await runOutside('of-before', story);
}

async function journal(world: World): Promise<string | undefined> {
  return (await world.client.get(kinds.Namespace, undefined, world.ns(), world.signal)).metadata.annotations?.[
    journalAnnotation
  ];
}

interface HalfWay {
  readonly before: Snapshot;
  /** The journal of when it was migrated, as a backup of the Namespace has it. */
  readonly backup: string;
}

/** Half-way back, with every pod in ambient: a paused Deployment holds it there. */
async function halfWayBack(world: World): Promise<HalfWay> {
  const home = world.ns();
  await shop(world, allowGet(home), denyDelete(home));
  const before = await world.snapshot();
  await world.create(meshMigration(world.name, { names: [home] }));
  await world.childPhase('Migrated');
  const backup = (await journal(world)) ?? '';
  await world.patch('Deployment', home, 'api', { spec: { paused: true } });
  await world.command('RollingBack', home);
  await world.eventually('half-way back', async () =>
    (await world.child()).status?.step === 'RestoreWorkloads' ? true : undefined,
  );
  await world.eventually('noted', async () =>
    (await world.migration()).status?.returned === undefined ? undefined : true,
  );
  return { before, backup };
}

async function isHeld(world: World): Promise<void> {
  const { status } = await world.childPhase('Blocked');
  expect(status?.findings?.map(({ id }) => id)).toEqual(['MM007']);
}

async function goesToTheEnd(world: World, before: Snapshot): Promise<void> {
  await world.patch('Deployment', world.ns(), 'api', { spec: { paused: false } });
  const { status } = await world.childPhase('RolledBack');
  expect(status?.conditions?.find(({ type }) => type === 'Restored')?.status).toBe('True');
  await world.modesAre({ Sidecar: 3 });
  const { labels, services, annotations } = await world.snapshot();
  expect([labels, services]).toEqual([before.labels, before.services]);
  expect(annotations[journalAnnotation]).toBeUndefined();
  expect(Object.values(await made(world)).flat()).toEqual([]);
  expect((await world.migration()).status?.returned?.map(({ over }) => over)).toEqual([true]);
}

describe('a way back that has begun is not over', () => {
  it('where journal and record are lost together: nothing goes, and nobody says that it is as it was', async () => {
    await run(async (world, home) => {
      await halfWayBack(world);
      const standing = await made(world);
      await journalBecomes(world, null, async () => {
        await world.delete(namespaceMigrations, home, world.name);
      });
      await isHeld(world);
      await world.edit({ action: 'Rollback' });
      await world.pause(2 * 60_000);
      await isHeld(world);
      expect((await world.migration()).status?.phase).not.toBe('RolledBack');
      expect(await made(world)).toEqual(standing);
    });
  });

  it('where the journal of before comes back from a backup: it goes on to the end, and is never turned round', async () => {
    await run(async (world, home) => {
      const { before, backup } = await halfWayBack(world);
      await journalBecomes(world, null);
      await isHeld(world);
      await world.patch('Namespace', undefined, home, { metadata: { annotations: { [journalAnnotation]: backup } } });
      await world.childPhase('RollingBack');
      await world.pause(30_000);
      expect(JSON.parse((await journal(world)) ?? '{}')).toMatchObject({
        direction: 'Backward',
        by: { name: 'scenario' },
      });
      await goesToTheEnd(world, before);
    });
  });

  it('where record and journal come back from a backup, too', async () => {
    await run(async (world, home) => {
      const { before, backup } = await halfWayBack(world);
      await journalBecomes(world, backup, async () => {
        await world.delete(namespaceMigrations, home, world.name);
      });
      await world.childPhase('RollingBack');
      await goesToTheEnd(world, before);
    });
  });

  it('where an older manifest of the Namespace is applied while the operator looks on', async () => {
    await run(async (world, home) => {
      const { before, backup } = await halfWayBack(world);
      await world.patch('Namespace', undefined, home, { metadata: { annotations: { [journalAnnotation]: backup } } });
      await world.eventually('put back', async () =>
        (await journal(world))?.includes('"Backward"') === true ? true : undefined,
      );
      expect((await world.child()).status?.phase).toBe('RollingBack');
      await goesToTheEnd(world, before);
    });
  });

  it('where the journal that comes back is of an attempt before: it is told, and nothing is taken from it', async () => {
    await run(async (world, home) => {
      const { backup } = await halfWayBack(world);
      await world.patch('Deployment', home, 'api', { spec: { paused: false } });
      await world.childPhase('RolledBack');
      await world.command('Migrating', home);
      await world.childPhase('Migrated');
      await world.patch('Deployment', home, 'api', { spec: { paused: true } });
      await world.command('RollingBack', home);
      await world.eventually('half-way back', async () =>
        (await world.child()).status?.step === 'RestoreWorkloads' ? true : undefined,
      );
      await world.eventually('noted', async () =>
        (await world.migration()).status?.returned?.some(({ attempt }) => attempt === 2) === true ? true : undefined,
      );
      await journalBecomes(world, backup);
      await isHeld(world);
      await world.pause(60_000);
      expect(await journal(world)).toBe(backup);
    });
  });
});
