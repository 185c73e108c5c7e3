import { describe, expect, it } from '@jest/globals';
import { denyDelete, rolesOf, shop } from '../scenarios/http.ts';
import { barePod, kinds, meshMigration } from '../scenarios/manifests.ts';
import { service, waypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Back to sidecars nobody goes through the waypoint any more, and no pod is without a sidecar, before the copies and the guard go. Proxies are given time to learn
 * of the first, and in that time either may change.
 */

async function unbound(world: World): Promise<void> {
  const home = world.ns();
  await shop(world, denyDelete(home));
  await world.create(waypoint(home, { name: 'mine' }));
  await world.pause(15_000);
  const callers = [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
  const adopting = { waypoint: { adopt: 'mine' }, policies: { settle: '15s' }, callers };
  await world.create(meshMigration(world.name, { names: [home] }, adopting));
  await world.childPhase('Migrated');
  await world.command('RollingBack', home);
  await world.eventually('unbound', async () => {
    const { status } = await world.child();
    return status?.steps?.some(({ name, completedAt }) => name === 'DisallowWaypoint' && completedAt !== undefined) ===
      true
      ? true
      : undefined;
  });
}

interface Change {
  readonly make: (world: World) => Promise<void>;
  readonly says: string;
  readonly undo: (world: World) => Promise<void>;
}

const changes: Readonly<Record<string, Change>> = {
  'somebody binds a Service of his': {
    make: (world) =>
      world.create(service(world.ns(), 'other', { 'istio.io/use-waypoint': 'mine' }, { selector: { app: 'api' } })),
    says: 'Service bound-again/other still goes through its waypoint',
    undo: (world) =>
      world.patch('Service', world.ns(), 'other', { metadata: { labels: { 'istio.io/use-waypoint': null } } }),
  },
  'a pod comes without a sidecar': {
    make: async (world) => {
      const { metadata, ...pod } = barePod(world.ns(), 'bare');
      const labels = { app: 'api', 'sidecar.istio.io/inject': 'false' };
      await world.create({ ...pod, metadata: { ...metadata, labels } });
    },
    says: 'pod bare would be without its policies',
    undo: (world) => world.delete(kinds.Pod, world.ns(), 'bare'),
  },
};

describe('a rollback to sidecars', () => {
  it.each(Object.entries(changes))('keeps the copies and the guard when %s', async (_what, { make, says, undo }) => {
    await runOnSimulation({
      name: 'bound-again',
      run: async (world) => {
        await unbound(world);
        const kept = await rolesOf(world);
        await make(world);
        await world.pause(60_000);
        const { status } = await world.child();
        expect([status?.phase, status?.message]).toEqual(['RollingBack', expect.stringContaining(says)]);
        expect(await rolesOf(world)).toEqual(kept);
        await undo(world);
        await world.childPhase('RolledBack');
        expect(await rolesOf(world)).toEqual({});
      },
    });
  });
});
