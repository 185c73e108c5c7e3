import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { journalAnnotation, meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { maxJournalBytes } from '../../src/plan/journal.ts';
import { allowGet, denyDelete, nothingLeft, shop } from '../scenarios/http.ts';
import { meshMigration } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { journalBecomes } from '../scenarios/taken-journal.ts';
import type { World } from '../scenarios/world.ts';
import { OpeningWatch } from './opening-watch.ts';
import { paste } from './paste.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimCluster } from './sim-cluster.ts';

async function run(
  story: (world: World, home: string) => Promise<void>,
  arrange?: (cluster: SimCluster) => void,
): Promise<void> {
  await runOnSimulation(
    {
      name: 'lost',
      run: async (world) => {
        await story(world, world.ns());
      },
    },
    { ...(arrange && { arrange }) },
  );
}

async function migrated(world: World, set: (world: World) => Promise<void> = smallShop): Promise<void> {
  await set(world);
  await world.create(meshMigration(world.name, { names: [world.ns()] }));
  await world.phase('Migrated');
}

async function fixOf(world: World): Promise<string> {
  const { status } = await world.childPhase('Blocked');
  expect(status?.findings?.map(({ id }) => id)).toEqual(['MM007']);
  return status?.findings?.[0]?.fix ?? '';
}

async function restartByHand(world: World, home: string): Promise<void> {
  const names = Object.keys((await world.snapshot()).templates)
    .map((workload) => workload.split(' ')[1] ?? '')
    .filter((name) => name !== 'waypoint');
  for (const name of names)
    await world.patch('Deployment', home, name, {
      spec: { template: { metadata: { annotations: { restarted: 'by hand' } } } },
    });
  await world.eventually('every pod has its sidecar', async () => {
    const { Sidecar, ...others } = await world.modes();
    return Sidecar !== undefined && Object.keys(others).filter((mode) => mode !== 'None').length === 0
      ? true
      : undefined;
  });
}

/** Does what a fix says, up to a sentence. */
async function follow(world: World, fix: string): Promise<void> {
  for (const part of fix.split(/; |: (?=kubectl)/)) {
    const [command] = /kubectl (?:'[^']*'|[^'.]|\.(?! |$))+/.exec(part) ?? [];
    if (command !== undefined) await paste(world, command);
    else if (part.includes('restart the workloads')) await restartByHand(world, world.ns());
    else if (part.includes('wait a minute')) await world.pause(60_000);
  }
}

/** The way back, without what comes after it. */
function wayBack(fix: string): string {
  const [back = ''] = fix.slice(fix.indexOf('in this order: ')).split(/; or keep|; to keep|\. Until then/);
  return back;
}

/** What is to be done instead of going back. */
function keeping(fix: string): string {
  return fix.slice(fix.indexOf('; or keep'));
}

async function messageOf(world: World): Promise<string> {
  return (await world.migration()).status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

const spoiltBy = {
  'something unreadable': () => '{}',
  'another version': (journal: string) => JSON.stringify({ ...(JSON.parse(journal) as object), direction: 'Sideways' }),
  'that of another namespace': (journal: string) =>
    JSON.stringify({ ...(JSON.parse(journal) as object), home: 'another' }),
  'too much': (journal: string) =>
    JSON.stringify({ ...(JSON.parse(journal) as object), x: 'x'.repeat(maxJournalBytes) }),
} satisfies Record<string, (journal: string) => string>;

describe('a namespace whose journal is gone', () => {
  // The copies sort before and after what admits the waypoint to the pods.
  it.each(['', 'a-'])(
    'is told everything that is to be put back behind a waypoint, in an order that lets nobody in (%s)',
    async (prefix) => {
      let watch: OpeningWatch | undefined;
      const named = ({ metadata, ...rest }: KubeObject): KubeObject => ({
        ...rest,
        metadata: { ...metadata, name: `${prefix}${metadata.name}` },
      });
      await run(
        async (world, home) => {
          await shop(world, named(allowGet(home)), named(denyDelete(home)));
          const { labels, services } = await world.snapshot();
          await watch?.start();
          await world.create(meshMigration(world.name, { names: [home] }));
          await world.phase('Migrated');
          await journalBecomes(world, null);
          const fix = await fixOf(world);
          expect(fix.length).toBeLessThanOrEqual(1024);
          const order = [
            'istio-injection=enabled',
            'restart the workloads',
            'istio.io/use-waypoint-',
            'original-labels-',
            'authorizationpolicies.security.istio.io',
            'more, named here when these are done',
          ];
          expect(order.map((each) => wayBack(fix).indexOf(each))).toEqual(
            order.map((each) => wayBack(fix).indexOf(each)).sort((a, b) => a - b),
          );
          expect(order.filter((each) => !wayBack(fix).includes(each))).toEqual([]);
          await world.eventually(
            'everything is put back',
            async () => {
              const { status } = await world.child();
              if (status?.phase !== 'Blocked') return true;
              await follow(world, wayBack(status.findings?.[0]?.fix ?? ''));
              await world.pause(1000);
              return undefined;
            },
            10 * 60_000,
          );
          expect(watch?.stop().filter(({ kind }) => kind === 'Opens')).toEqual([]);
          await nothingLeft(world);
          expect({ ...(await world.snapshot()), annotations: {}, templates: {} }).toEqual({
            labels,
            services,
            annotations: {},
            templates: {},
          });
        },
        (cluster) => {
          watch = new OpeningWatch(cluster, 'lost', ['web', 'api']);
        },
      );
    },
  );

  it('is told the same where only the record of a migration of another way is left', async () => {
    await run(async (world, home) => {
      await migrated(world, (each) => shop(each, allowGet(home), denyDelete(home)));
      await journalBecomes(world, null, async () => {
        await world.delete(meshMigrations, undefined, world.name);
        await world.client.mergePatch(
          meshMigrations,
          undefined,
          world.name,
          { metadata: { finalizers: null } },
          { signal: world.signal },
        );
        await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
      });
      const { status } = await world.phase('Blocked');
      const told = status?.attention?.[0]?.message ?? '';
      expect(told).toMatch(
        /label services api -n lost --overwrite istio.io\/use-waypoint- .*; kubectl annotate services api -n lost .*; kubectl delete authorizationpolicies\.security\.istio\.io /,
      );
      expect(told).toMatch(/named here when these are done\. Until then the record stays; to keep it/);
      expect(told).not.toContain('delete nsm');
      expect(await messageOf(world)).toMatch(/kubectl describe mm lost$/);
    });
  });

  it.each([
    [
      'of another way whose journal is there',
      'Other',
      /asked for a rollback, but MeshMigration lost from IstioSidecar to IstioAmbient has started this namespace and has not let go of it. Delete this MeshMigration lost and create it again with that name, from and to/,
    ],
    [
      'of another way that tells alone',
      'Alone',
      /asked for Rollback, but MeshMigration lost goes from IstioAmbient to IstioSidecar, and this record is of the way from IstioSidecar to IstioAmbient: .* said there: kubectl describe mm lost/,
    ],
    [
      'of none',
      'None',
      /asked for Rollback, but there is no MeshMigration lost any more: .*Create MeshMigration lost again with from: IstioSidecar and to: IstioAmbient/,
    ],
  ])('answers a command on a record %s, and says what works', async (_what, kind, pattern) => {
    await run(async (world, home) => {
      await migrated(world);
      const gone = async (): Promise<void> => {
        await world.delete(meshMigrations, undefined, world.name);
        await world.client
          .mergePatch(
            meshMigrations,
            undefined,
            world.name,
            { metadata: { finalizers: null } },
            { signal: world.signal },
          )
          .catch(() => undefined);
      };
      const instead = async (): Promise<void> => {
        await gone();
        if (kind !== 'None')
          await world.create(
            meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }),
          );
      };
      if (kind === 'Alone') {
        await journalBecomes(world, null, instead);
      } else {
        await world.operator.kill();
        await instead();
        await world.operator.start();
      }
      await world.pause(20_000);
      await world.command('RollingBack', home);
      const { status } = await world.eventually('it is answered', async () => {
        const child = await world.child();
        return child.status?.conditions?.some(
          ({ type, message }) => type === 'CommandRejected' && pattern.test(message),
        ) === true
          ? child
          : undefined;
      });
      expect(status?.phase).toBe(status?.writtenPhase);
      await world.modesAre({ Ambient: 3 });
      if (kind === 'Alone') return;
      if (kind === 'Other') await gone();
      await world.create(meshMigration(world.name, { names: [home] }, { action: 'Rollback' }));
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 3 });
    });
  });

  it.each(['and the record is deleted', 'and the record stays'])(
    'is not migrated again when a person has put it back by hand, %s',
    async (what) => {
      await run(async (world, home) => {
        await migrated(world);
        await journalBecomes(world, null);
        const fix = await fixOf(world);
        await follow(world, wayBack(fix));
        if (what === 'and the record is deleted') await world.delete(namespaceMigrations, home, world.name);
        await world.pause(20_000);
        expect((await world.labels())['istio.io/dataplane-mode']).toBeUndefined();
        const { status } = await world.childPhase('RolledBack');
        expect(status?.message).toMatch(
          /journal .* taken away.*brought back by hand.* To start it: kubectl patch nsm lost -n lost --subresource=status/,
        );
        await world.modesAre({ Sidecar: 3 });
        await world.operator.kill();
        await world.operator.start();
        await world.pause(10_000);
        await world.modesAre({ Sidecar: 3 });
        await world.command('Migrating', home);
        await world.phase('Migrated');
        await world.modesAre({ Ambient: 3 });
        await world.command('RollingBack', home);
        await world.childPhase('RolledBack');
      });
    },
  );

  it('is not migrated again when all of it was put back while no operator looked on', async () => {
    await run(async (world, home) => {
      await migrated(world);
      await journalBecomes(world, null, async () => {
        await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
        await restartByHand(world, home);
        await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/dataplane-mode': null } } });
      });
      await world.childPhase('RolledBack');
      await world.pause(10_000);
      await world.modesAre({ Sidecar: 3 });
    });
  });

  it('keeps its record when it leaves the scope, or its migration is deleted, before anybody has looked', async () => {
    for (const what of ['scope', 'deletion'] as const) {
      await run(async (world, home) => {
        await migrated(world);
        await world.create({ kind: 'Namespace', metadata: { name: world.ns('other') } });
        await journalBecomes(world, null, async () => {
          if (what === 'scope') await world.edit({ namespaces: { names: [world.ns('other')] } });
          else await world.delete(meshMigrations, undefined, world.name);
        });
        expect(await fixOf(world)).toContain('istio-injection=enabled');
        await world.pause(10_000);
        expect((await world.child()).status?.original?.namespaceUid).toBeDefined();
        await world.delete(namespaceMigrations, home, world.name);
        if (what === 'deletion') await world.gone(meshMigrations, undefined, world.name);
      });
    }
  });

  it.each(['Finalize', 'Rollback'])('keeps the migration from saying that %s is done', async (action) => {
    await run(async (world) => {
      await migrated(world);
      await journalBecomes(world, null);
      await fixOf(world);
      await world.edit({ action });
      await world.phase('Incomplete');
      expect(await messageOf(world)).toMatch(/the journal of lost was/);
    });
  });
});

describe('a namespace whose journal is spoilt', () => {
  it.each(Object.entries(spoiltBy))('by %s is clean when a person has done what the fix says', async (_by, spoil) => {
    await run(async (world) => {
      await migrated(world);
      await journalBecomes(world, spoil((await world.snapshot()).annotations[journalAnnotation] ?? ''));
      const fix = await fixOf(world);
      await world.edit({ action: 'Finalize' });
      await world.phase('Incomplete');
      await follow(world, wayBack(fix));
      await world.childPhase('RolledBack');
      expect((await world.snapshot()).annotations).toEqual({});
      await world.modesAre({ Sidecar: 3 });
      await world.phase('RolledBack');
      expect(await messageOf(world)).toMatch(/^nothing is migrated, so there is nothing to finalize/);
    });
  });

  it('is kept as it is by the two commands that the fix ends with', async () => {
    await run(async (world) => {
      await migrated(world);
      await journalBecomes(world, '{}');
      await follow(world, keeping(await fixOf(world)));
      await world.childPhase('Migrated');
      await world.phase('Migrated');
      expect((await world.child()).status?.findings?.map(({ id }) => id)).toEqual(['MM005']);
      await world.modesAre({ Ambient: 3 });
      await world.edit({ action: 'Finalize' });
      await world.phase('Finalized');
    });
  });

  it('of which no record tells a beginning is not finalized over either', async () => {
    await run(async (world, home) => {
      await smallShop(world);
      await world.patch('Namespace', undefined, home, { metadata: { annotations: { [journalAnnotation]: '{}' } } });
      await world.create(meshMigration(world.name, { names: [home] }, { action: 'Finalize' }));
      await world.childPhase('Blocked');
      await world.phase('Incomplete');
      expect(await messageOf(world)).toMatch(/the journal of lost cannot be read/);
    });
  });
});
