import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { meshMigrations } from '../../src/api/resources.ts';
import { ambientShop, back, waypointDeniesDelete } from '../scenarios/http-back.ts';
import { service } from '../scenarios/waypoint-world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimOperator } from './sim-operator.ts';

/*
 * A rollback that something holds before it has changed anything can be taken back: nothing differs yet from what it was before it was asked for.
 */

const leaving = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

/** Which no ztunnel could enforce. */
function byMethod(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-delete', {
    selector: { matchLabels: { app: 'api' } },
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
  });
}

async function rested(world: World, home = world.ns()): Promise<string> {
  await world.create(
    namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
    service(home, 'api'),
    deployment(home, 'api'),
  );
  await world.podsReady(1, home);
  await world.pause(3000);
  const callers = [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
  await world.create(meshMigration(world.name, { names: [home] }, { ...leaving, callers }));
  await world.childPhase('Migrated', home);
  await world.create(byMethod(home));
  await world.pause(5000);
  return home;
}

/** One of three workloads has its sidecars. */
async function pausedHalfWay(world: World): Promise<string> {
  const home = world.ns();
  const behaviour = { [podBehaviour.readyAfterMs]: '6000' };
  await world.create(
    namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
    ...['api', 'b', 'c'].map((name) => deployment(home, name, { behaviour })),
  );
  await world.podsReady(3, home);
  await world.pause(3000);
  const callers = [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
  await world.create(meshMigration(world.name, { names: [home] }, { ...leaving, callers }));
  await world.eventually('half-way', async () => ((await world.modes(home)).Sidecar === 1 ? true : undefined));
  await world.command('Paused', home);
  await world.childPhase('Paused');
  return home;
}

interface Hold {
  readonly make: (world: World, home: string, other: string) => Promise<void>;
  readonly undo: (world: World, home: string, other: string) => Promise<void>;
  readonly message: string;
}

/** What holds a rollback out of ambient, of a namespace that calls another one with sidecars. */
const holds: Readonly<Record<string, Hold>> = {
  'by what is there since': {
    make: async (world, home) => {
      const configPatches = [
        { applyTo: 'HTTP_FILTER', match: { context: 'SIDECAR_INBOUND' }, patch: { operation: 'MERGE' } },
      ];
      await world.create(object('EnvoyFilter', home, 'asks', { configPatches }));
    },
    undo: (world, home) => world.delete(kinds.EnvoyFilter, home, 'asks'),
    message: 'MM040',
  },
  'by others that keep their sidecars': {
    make: async (world, _home, other) => {
      const rules = [{ from: [{ source: { ipBlocks: ['10.244.0.0/16'] } }] }];
      await world.create(object('AuthorizationPolicy', other, 'by-address', { action: 'DENY', rules }));
    },
    undo: (world, _home, other) => world.delete(kinds.AuthorizationPolicy, other, 'by-address'),
    message: 'keep their sidecars',
  },
};

async function isHeld(world: World): Promise<void> {
  await world.pause(30_000);
  const { status } = await world.child();
  expect([status?.phase, status?.message]).toEqual(['RollingBack', expect.stringContaining('MM020')]);
}

/** Its policy is in force, and a rollback works as the first one would have. */
async function staysAndGoesBack(world: World, home: string): Promise<void> {
  await world.childPhase('Migrated');
  await world.pause(120_000);
  expect((await world.child()).status?.phase).toBe('Migrated');
  await world.modesAre({ Sidecar: 1 });
  await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
  await world.command('RollingBack', home);
  await world.childPhase('RolledBack');
  await world.modesAre({ Ambient: 1 });
}

async function run(story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'held', disturbs: true, run: story });
}

describe('a rollback that is held before it has changed anything', () => {
  it('is taken back by a command to go on', async () => {
    await run(async (world) => {
      const home = await rested(world);
      await world.command('RollingBack', home);
      await isHeld(world);
      await world.command('Migrating', home);
      await staysAndGoesBack(world, home);
    });
  });

  it('is taken back with spec.action, of the whole migration', async () => {
    await run(async (world) => {
      const home = await rested(world);
      await world.edit({ action: 'Rollback' });
      await isHeld(world);
      await world.edit({ action: 'Migrate' });
      await staysAndGoesBack(world, home);
    });
  });

  it('is not by a pause of the migration, which stops no rollback', async () => {
    await run(async (world) => {
      const home = await rested(world);
      await world.edit({ action: 'Rollback' });
      await isHeld(world);
      await world.edit({ action: 'Pause' });
      await isHeld(world);
      await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
      await world.modesAre({ Ambient: 1 });
    });
  });

  it('is not while the MeshMigration goes back', async () => {
    await run(async (world) => {
      const home = await rested(world);
      await world.edit({ action: 'Rollback' });
      await isHeld(world);
      await world.command('Migrating', home);
      await world.pause(10_000);
      const { status } = await world.child();
      expect(status?.phase).toBe('RollingBack');
      expect(status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message).toContain(
        'set spec.action to Migrate first',
      );
    });
  });

  it('keeps nobody from finalizing, or from leaving it as it is, once it is taken back', async () => {
    await run(async (world) => {
      const home = await rested(world);
      await world.command('RollingBack', home);
      await isHeld(world);
      await world.edit({ rollback: { onDelete: 'Leave' } });
      await world.client.delete(meshMigrations, undefined, world.name, { signal: world.signal });
      await world.pause(60_000);
      await world.command('Migrating', home);
      await world.eventually('the MeshMigration is gone', async () => {
        const { items } = await world.client.list(meshMigrations, { signal: world.signal });
        return items.length === 0 ? true : undefined;
      });
      await world.modesAre({ Sidecar: 1 });
    });
  });

  it('goes on to its end once a label has changed', async () => {
    await run(async (world) => {
      const home = await rested(world);
      await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
      await world.command('RollingBack', home);
      await world.eventually('the labels are back', async () =>
        (await world.labels(home))['istio.io/dataplane-mode'] === 'ambient' ? true : undefined,
      );
      await world.command('Migrating', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Ambient: 1 });
    });
  });

  it('is taken back half-way out of ambient too, and goes on', async () => {
    await run(async (world) => {
      const home = await pausedHalfWay(world);
      await world.create(byMethod(home));
      await world.command('RollingBack', home);
      await isHeld(world);
      await world.command('Migrating', home);
      await world.childPhase('Migrated');
      await world.modesAre({ Sidecar: 3 });
      await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Ambient: 3 });
    });
  });

  it('leaves paused what a person has paused, when spec.action is set back', async () => {
    await run(async (world) => {
      const home = await pausedHalfWay(world);
      await world.create(byMethod(home));
      await world.edit({ action: 'Rollback' });
      await isHeld(world);
      await world.edit({ action: 'Migrate' });
      await world.pause(60_000);
      expect((await world.child()).status?.phase).toBe('Paused');
      await world.modesAre({ Sidecar: 1, Ambient: 2 });
    });
  });

  it.each(Object.keys(holds))(
    'is taken back from behind a waypoint, before a Service was bound again: %s',
    async (what) => {
      const { make, undo, message } = holds[what] ?? {};
      await run(async (world) => {
        const [home, other] = [world.ns(), world.ns('other')];
        await world.create(namespace(other), deployment(other, 'web'));
        await ambientShop(world, [waypointDeniesDelete(home)]);
        await world.pause(3000);
        const callers = [
          { namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] },
          { namespace: other, from: [{ namespace: home }] },
        ];
        await world.create(await back(world, { callers }));
        await world.childPhase('Migrated');
        const labelsOf = async (): Promise<unknown> =>
          (await world.client.get(kinds.Service, home, 'api', world.signal)).metadata.labels;
        const before = await labelsOf();
        await make?.(world, home, other);
        await world.pause(5000);
        await world.command('RollingBack', home);
        await world.pause(30_000);
        expect((await world.child()).status?.message).toContain(message);
        expect(await labelsOf()).toEqual(before);
        await world.command('Migrating', home);
        await world.childPhase('Migrated');
        await world.pause(60_000);
        expect((await world.child()).status?.phase).toBe('Migrated');
        expect(await labelsOf()).toEqual(before);
        await undo?.(world, home, other);
        await world.command('RollingBack', home);
        await world.childPhase('RolledBack');
      });
    },
  );

  const kills = [1, 2, 3, 4].flatMap((write) => (['before', 'after'] as const).map((when) => ({ write, when })));

  it.each(kills)(
    'stays taken back when the operator dies $when write $write, and once more',
    async ({ write, when }) => {
      let operator: SimOperator | undefined;
      let killed = 0;
      await runOnSimulation(
        {
          name: 'held-killed',
          disturbs: true,
          async run(world) {
            const home = await rested(world);
            await world.command('RollingBack', home);
            await isHeld(world);
            const sent = operator?.writes ?? 0;
            operator?.killAt([
              { write: sent + write, when },
              { write: sent + write + 2, when },
            ]);
            await world.command('Migrating', home);
            await world.pause(60_000);
            await staysAndGoesBack(world, home);
            expect(killed).toBeGreaterThan(0);
          },
        },
        {
          arrange(cluster, incarnations) {
            operator = incarnations;
            incarnations.onKilled = () => {
              killed += 1;
              cluster.clock.timer(500, () => {
                void incarnations.start();
              });
            };
          },
        },
      );
    },
  );
});
