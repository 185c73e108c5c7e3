import { describe, expect, it } from '@jest/globals';
import { meshMigrations, namespaceMigrations, type NamespaceMigration } from '../../src/api/resources.ts';
import { allowGet, denyDelete, nothingLeft, shop } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { journalBecomes } from '../scenarios/taken-journal.ts';
import type { World } from '../scenarios/world.ts';
import { paste } from './paste.ts';
import { runOnSimulation } from './run-scenario.ts';

async function run(story: (world: World, home: string) => Promise<void>): Promise<void> {
  await runOnSimulation({
    name: 'early',
    run: async (world) => {
      await story(world, world.ns());
    },
  });
}

/** Behind a waypoint, and its journal is taken away while no operator looks on. */
async function lost(world: World, home: string): Promise<void> {
  await shop(world, allowGet(home), denyDelete(home));
  await world.create(meshMigration(world.name, { names: [home] }));
  await world.phase('Migrated');
  await journalBecomes(world, null);
  await world.childPhase('Blocked');
}

async function readyOf(world: World): Promise<string> {
  const ready = (await world.migration()).status?.conditions?.find(({ type }) => type === 'Ready');
  return `${ready?.status} ${ready?.message}`;
}

async function fixOf(world: World): Promise<string> {
  return (await world.childPhase('Blocked')).status?.findings?.find(({ id }) => id === 'MM007')?.fix ?? '';
}

async function restartAll(world: World, home: string): Promise<void> {
  for (const name of ['api', 'web']) {
    await world.patch('Deployment', home, name, {
      spec: { template: { metadata: { annotations: { restarted: 'by hand' } } } },
    });
    await world.pause(15_000);
  }
}

/** Does all that a fix says, in its order, to its end. */
async function pasteOnce(world: World, home: string): Promise<void> {
  for (const part of (await fixOf(world)).split(/; |: (?=kubectl)|\. (?=Or )/)) {
    const [command] = /^kubectl (?:'[^']*'|[^'.]|\.(?! |$))+/.exec(part) ?? [];
    if (command !== undefined) await paste(world, command);
    else if (part.includes('restart the workloads')) await restartAll(world, home);
    else if (part.includes('wait a minute')) await world.pause(20_000);
  }
}

/** The same until nothing is told any more. */
async function pasteAll(world: World, home: string): Promise<void> {
  await world.eventually('it is back', async () => {
    const { items } = await world.client.list<NamespaceMigration>(namespaceMigrations, {
      namespace: home,
      signal: world.signal,
    });
    if (items.every(({ status }) => status?.phase !== 'Blocked')) return true;
    await pasteOnce(world, home);
    await world.pause(5000);
    return undefined;
  });
}

describe('a record that alone tells what was', () => {
  it('is not said to be deleted as long as commands have no room', async () => {
    await run(async (world, home) => {
      await lost(world, home);
      const fix = await fixOf(world);
      expect(fix).toMatch(/and \d+ more, named here when these are done/);
      expect(fix).not.toContain('delete nsm');
    });
  });

  it('leads all the way back when everything is done that it says, to its end', async () => {
    await run(async (world, home) => {
      await lost(world, home);
      await pasteAll(world, home);
      const labels = await world.labels();
      expect(labels).toMatchObject({ 'istio-injection': 'enabled' });
      expect(labels).not.toHaveProperty(['istio.io/dataplane-mode']);
      await nothingLeft(world);
      await world.childPhase('RolledBack');
      await world.modesAre({ Sidecar: 3 });
    });
  });
});

describe('a record that was deleted too early', () => {
  async function early(world: World, home: string): Promise<void> {
    await lost(world, home);
    await paste(world, `kubectl label namespace ${home} --overwrite istio-injection=enabled`);
    await world.delete(namespaceMigrations, home, world.name);
    await world.pause(10_000);
  }

  it('is not back as long as anything is left, and names the label too', async () => {
    await run(async (world, home) => {
      await early(world, home);
      await world.childPhase('Blocked');
      await world.edit({ action: 'Rollback' });
      await world.phase('Incomplete');
      expect(await readyOf(world)).toMatch(/^False 0 of 1 namespace back; .*early/);
      await world.delete(meshMigrations, undefined, world.name);
      await world.pause(150_000);
      expect((await world.migration()).status?.phase).toBe('Incomplete');
      await pasteAll(world, home);
      await world.gone(meshMigrations, undefined, world.name);
      expect(await world.labels()).not.toHaveProperty(['istio.io/dataplane-mode']);
      await nothingLeft(world);
      await world.modesAre({ Sidecar: 3 });
    });
  });

  it.each(['Migrating', 'RollingBack'])('is told why it cannot be %s', async (phase) => {
    await run(async (world, home) => {
      await early(world, home);
      await world.command(phase, home);
      await world.pause(10_000);
      const { status } = await world.childPhase('Blocked');
      expect(status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message).toMatch(
        /journal is lost \(MM007\)/,
      );
      expect((await world.migration()).status?.returned?.map(({ reason }) => reason)).toEqual(['JournalLost']);
    });
  });

  it('and has the labels of the new data plane is not called back while all go back, and kept when they are to migrate', async () => {
    await run(async (world, home) => {
      await lost(world, home);
      await world.edit({ action: 'Rollback' });
      await world.phase('Incomplete');
      await world.delete(namespaceMigrations, home, world.name);
      await world.pause(20_000);
      await world.phase('Incomplete');
      expect(await fixOf(world)).toMatch(
        /put the labels of namespace early back as they were before it was migrated, but leave istio.io\/dataplane-mode;/,
      );
      await world.edit({ action: 'Migrate' });
      await world.eventually('it is said how it is kept', async () =>
        /to keep it as it is: docs\/runbook.md/.test(await fixOf(world)) ? true : undefined,
      );
      await world.delete(namespaceMigrations, home, world.name);
      await world.childPhase('Migrated');
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 3 });
    });
  });
});

it('keeps a record of another way that alone tells what the labels were, while a third migration has the namespace', async () => {
  await runOnSimulation({
    name: 'third',
    podsOutside: true,
    async run(world) {
      const [home, other] = [world.ns(), world.ns('other')];
      await smallShop(world, home);
      await world.create(namespace(other, {}), deployment(other, 'web'), meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      await journalBecomes(world, null, async () => {
        await world.client.mergePatch(
          meshMigrations,
          undefined,
          world.name,
          { metadata: { finalizers: null } },
          { signal: world.signal },
        );
        await world.delete(meshMigrations, undefined, world.name);
      });
      await world.create(meshMigration(world.name, { names: [other] }, { from: 'None', to: 'IstioAmbient' }));
      await world.phase('Migrated');
      const original = async (): Promise<unknown> =>
        (await world.child(home)).status?.original?.labels.find(({ key }) => key === 'istio-injection')?.value;
      expect(await original()).toBe('enabled');
      // Its labels are those of before, but not for good.
      await world.create(meshMigration('back', { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
      await world.phase('Migrated', 'back');
      await world.pause(10_000);
      expect(await original()).toBe('enabled');
      await world.edit({ action: 'Rollback' }, 'back');
      await world.phase('RolledBack', 'back');
      await world.pause(10_000);
      expect(await original()).toBe('enabled');
    },
  });
});
