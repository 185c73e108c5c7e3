import { describe, expect, it } from '@jest/globals';
import type { NamespaceMigrationStatus } from '../../src/api/namespace-migration.ts';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { journalBecomes } from '../scenarios/taken-journal.ts';
import { movedByASecond } from '../scenarios/two-migrations.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

async function run(
  story: (world: World) => Promise<void>,
  more: Pick<Scenario, 'podsOutside'> = {},
  options: SimRun = {},
): Promise<void> {
  await runOnSimulation({ name: 'end', run: story, ...more }, options);
}

async function messageOf(world: World, name?: string): Promise<string> {
  return (await world.migration(name)).status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

/** Migrated, and taken back as a whole. */
async function thereAndBack(world: World): Promise<void> {
  await smallShop(world);
  await world.create(meshMigration(world.name, { names: [world.ns()] }));
  await world.phase('Migrated');
  await world.edit({ action: 'Rollback' });
  await world.phase('RolledBack');
}

/** What the record of the first migration says, once it says so. */
async function says(world: World, pattern: RegExp): Promise<string> {
  return await world.eventually(String(pattern), async () => {
    const { status } = await world.child();
    const restored = status?.conditions?.find(({ type }) => type === 'Restored');
    return pattern.test(status?.message ?? '') && status?.phase === 'RolledBack'
      ? `${restored?.status ?? ''} ${restored?.reason ?? ''}`
      : undefined;
  });
}

describe('a namespace that went back and that another migration has moved since', () => {
  it('is not said to be as it was, until that one has brought it back', async () => {
    await run(async (world) => {
      const second = world.ns('second');
      await movedByASecond(world, second);
      expect(
        await says(
          world,
          /^rolled back by scenario at .*\. MeshMigration end-second from IstioSidecar to IstioAmbient has started it since/,
        ),
      ).toBe('Unknown MovedSince');
      await world.edit({ action: 'Rollback' }, second);
      await world.phase('RolledBack', second);
      expect(await says(world, /^back as it was/)).toBe('True AsItWas');
    });
  });

  it('is not said to be as it was either when that one has let go of it', async () => {
    await run(async (world) => {
      const second = world.ns('second');
      await movedByASecond(world, second);
      await world.edit({ action: 'Finalize' }, second);
      await world.phase('Finalized', second);
      expect(await says(world, /\. MeshMigration end-second has moved it to IstioAmbient since/)).toBe(
        'Unknown MovedSince',
      );
      expect(await messageOf(world)).toMatch(
        /^1 namespace migrated for good \(end-other\); not migrated, and they stay as they are: 1 rolled back \(end\)/,
      );
    });
  });

  it('is not said to be as it was where that one has moved it to a third data plane and let go of it', async () => {
    await run(
      async (world) => {
        const [home, other] = [world.ns(), world.ns('other')];
        for (const each of [home, other]) await world.create(namespace(each, {}), deployment(each, 'web'));
        await world.create(meshMigration('older', { names: [other] }, { from: 'None', to: 'IstioSidecar' }));
        await world.phase('Migrated', 'older');
        await world.pause(5000);
        await world.create(meshMigration(world.name, { names: [home] }, { from: 'None', to: 'IstioAmbient' }));
        await world.phase('Migrated');
        await world.edit({ action: 'Rollback' });
        await world.phase('RolledBack');
        await world.edit({ namespaces: { names: [other, home] } }, 'older');
        await world.phase('Migrated', 'older');
        await world.edit({ action: 'Finalize' }, 'older');
        await world.phase('Finalized', 'older');
        expect(await says(world, /^rolled back\. somebody .*has given it the labels of IstioSidecar since/)).toMatch(
          /^Unknown /,
        );
        expect(await messageOf(world)).toMatch(/^1 namespace back, moved by others since: end /);
      },
      { podsOutside: true },
    );
  });

  it('is not said to be as it was under another revision, until it has the one of before again', async () => {
    await run(async (world) => {
      await thereAndBack(world);
      const label = async (labels: Readonly<Record<string, string | null>>): Promise<void> => {
        await world.patch('Namespace', undefined, world.ns(), { metadata: { labels } });
      };
      await label({ 'istio.io/rev': 'canary' });
      expect(
        await says(world, /^rolled back\. somebody \(field manager .*\) has changed istio\.io\/rev since/),
      ).toMatch(/^Unknown /);
      await label({ 'istio.io/rev': null });
      expect(await says(world, /^back as it was/)).toMatch(/^True /);
      await label({ 'istio-injection': null });
      expect(await says(world, /^rolled back\. somebody .*has given it the labels of None since/)).toMatch(/^Unknown /);
    });
  });

  it('is named by a migration that says how its rollback ended', async () => {
    await run(async (world) => {
      await thereAndBack(world);
      expect(await messageOf(world)).toBe('everything is as it was: 1 namespace back');
      await world.patch('Namespace', undefined, world.ns(), {
        metadata: { labels: { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'ambient' } },
      });
      await says(
        world,
        /^rolled back\. somebody \(field manager scenario\) has given it the labels of IstioAmbient since/,
      );
      await world.eventually('the migration says so', async () =>
        (await messageOf(world)).startsWith('1 namespace back, moved by others since: end ') ? true : undefined,
      );
    });
  });
});

async function two(world: World): Promise<readonly string[]> {
  const homes = ['a', 'b'].map((name) => world.ns(name));
  for (const home of homes) {
    await world.create(
      namespace(home),
      deployment(home, 'web', { behaviour: { [podBehaviour.readyAfterMs]: '3000' } }),
      deployment(home, 'z'),
    );
    await world.podsReady(2, home);
  }
  await world.create(namespace(world.ns('new')));
  return homes;
}

describe('an edit that changes the scope and asks for something else at once', () => {
  it.each(['under way', 'migrated'])('brings back what has left the scope and was %s, and says so', async (how) => {
    await run(async (world) => {
      const homes = await two(world);
      const before = await Promise.all(homes.map((home) => world.snapshot(home)));
      await world.create(meshMigration(world.name, { names: [...homes] }));
      if (how === 'migrated') await world.phase('Migrated');
      else
        await world.eventually('RestartWorkloads', async () =>
          (await world.child(homes[1])).status?.step === 'RestartWorkloads' ? true : undefined,
        );
      await world.edit({ action: 'Rollback', namespaces: { names: [world.ns('new')] } });
      for (const home of homes) await world.gone(namespaceMigrations, home, world.name);
      expect(await Promise.all(homes.map((home) => world.snapshot(home)))).toEqual(before);
      await world.phase('RolledBack');
      expect(await messageOf(world)).toBe('nothing that was started is in the scope any more: it is back, or gone');
    });
  });

  it('brings it back when the migration is deleted right after', async () => {
    await run(async (world) => {
      const homes = await two(world);
      const before = await Promise.all(homes.map((home) => world.snapshot(home)));
      await world.create(meshMigration(world.name, { names: [...homes] }));
      await world.eventually('RestartWorkloads', async () =>
        (await world.child(homes[1])).status?.step === 'RestartWorkloads' ? true : undefined,
      );
      await world.edit({ namespaces: { names: [world.ns('new')] } });
      await world.delete(meshMigrations, undefined, world.name);
      await world.gone(meshMigrations, undefined, world.name);
      expect(await Promise.all(homes.map((home) => world.snapshot(home)))).toEqual(before);
    });
  });
});

describe('a rollback that is commanded where the journal is lost', () => {
  async function lost(world: World, meanwhile: () => Promise<void>): Promise<void> {
    await smallShop(world);
    await world.create(meshMigration(world.name, { names: [world.ns()] }));
    await world.phase('Migrated');
    await journalBecomes(world, null, meanwhile);
  }

  async function answered(world: World, pattern: RegExp): Promise<void> {
    await world.eventually(String(pattern), async () => {
      const answer =
        (await world.child()).status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message ?? '';
      return pattern.test(answer) ? true : undefined;
    });
  }

  it.each(['before', 'after'])(
    'is answered with what is the matter, commanded %s somebody has looked',
    async (when) => {
      await run(async (world) => {
        const command = async (): Promise<void> => {
          await world.command('RollingBack', world.ns());
        };
        await lost(world, async () => {
          if (when === 'before') await command();
        });
        await world.childPhase('Blocked');
        if (when === 'after') await command();
        await answered(
          world,
          / asked for a rollback, but its journal is lost \(MM007\), so the operator can do neither: do what the message/,
        );
      });
    },
  );

  it('of the whole is taken while spec.action is Plan too, and says what is left', async () => {
    await run(async (world) => {
      await lost(world, async () => {
        await world.edit({ action: 'Plan' });
      });
      await world.phase('Blocked');
      await world.command('RollingBack');
      await world.phase('Incomplete');
      expect(await messageOf(world)).toMatch(
        /^0 of 1 namespace back; the journal of end was taken away or spoilt half-way/,
      );
    });
  });
});

describe('a namespace that joins the mesh', () => {
  it('has arrived when its last pods of before have ended, and is not Incomplete meanwhile', async () => {
    const phases: string[] = [];
    await run(
      async (world) => {
        await world.create(namespace(world.ns(), {}), deployment(world.ns(), 'web', { replicas: 2 }));
        await world.podsReady(2);
        await world.create(meshMigration(world.name, { names: [world.ns()] }, { from: 'None', to: 'IstioSidecar' }));
        await world.childPhase('Migrated');
        expect((await world.pods(world.ns())).length).toBe(2);
      },
      { podsOutside: true },
      {
        arrange({ server }) {
          server.watch(namespaceMigrations, ({ object }) => {
            const { phase } = (object['status'] as NamespaceMigrationStatus | undefined) ?? {};
            if (phase !== undefined) phases.push(phase);
          });
        },
      },
    );
    expect(phases).not.toContain('Incomplete');
  });
});
