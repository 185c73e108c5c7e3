import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { kinds } from '../scenarios/manifests.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { meshMigrations } from '../../src/api/resources.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

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
});
