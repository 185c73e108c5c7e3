import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, kinds, namespace, object } from '../scenarios/manifests.ts';
import { service, waypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';
import { stalled } from '../scenarios/http.ts';
import { start } from './stalled-story.ts';

/** A policy at a waypoint that was attached since the start: sidecars would go past it. */
function atWaypoint(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-delete', {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'mine' }],
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
  });
}

/** Migrated, and behind a waypoint of its own since. */
async function behindWaypoint(world: World): Promise<void> {
  const home = world.ns();
  await world.create(namespace(home), service(home, 'api'), deployment(home, 'api', { replicas: 2 }));
  await world.podsReady(2, home);
  await start(world);
  await world.childPhase('Migrated');
  await world.create(waypoint(home, { name: 'mine' }));
  await world.patch('Service', home, 'api', { metadata: { labels: { 'istio.io/use-waypoint': 'mine' } } });
}

async function heldByPolicy(world: World): Promise<void> {
  const home = world.ns();
  await behindWaypoint(world);
  await world.create(atWaypoint(home));
  await world.pause(60_000);
  await world.command('RollingBack', home);
  assert.match(await stalled(world, 'RollbackStuck', home), /no-delete, which was attached since the start/);
  await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
}

describe('what holds the labels of a rollback and is away for a moment', () => {
  it('has none of them go back', async () => {
    await runOnSimulation({
      name: 'back-moment',
      run: async (world) => {
        const home = world.ns();
        await heldByPolicy(world);
        await world.pause(2000);
        assert.match(
          (await world.child()).status?.message ?? '',
          /^nothing holds the rollback any more; it goes on when that has stayed so for 30s/,
        );
        await world.create(atWaypoint(home));
        await world.pause(60_000);
        await world.patch('Deployment', home, 'api', { spec: { replicas: 4 } });
        await world.pause(30_000);
        assert.deepEqual(await world.modes(home), { Ambient: 4 });
      },
    });
  });

  it('has it go back once it has stayed away', async () => {
    await runOnSimulation({
      name: 'back-calm',
      run: async (world) => {
        await heldByPolicy(world);
        await world.patch('Service', world.ns(), 'api', { metadata: { labels: { 'istio.io/use-waypoint': null } } });
        await world.childPhase('RolledBack', world.ns(), 5 * 60_000);
      },
    });
  });

  it('has nothing restarted either, where it has come since the labels are back', async () => {
    await runOnSimulation({
      name: 'back-restart',
      run: async (world) => {
        const home = world.ns();
        await behindWaypoint(world);
        await world.pause(60_000);
        await world.command('RollingBack', home);
        await world.eventually('the labels are back', async () =>
          (await world.labels(home))['istio-injection'] === 'enabled' ? true : undefined,
        );
        await world.create(atWaypoint(home));
        assert.match(await stalled(world, 'RollbackStuck', home), /no-delete, which was attached since the start/);
        await world.pause(60_000);
        await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
        await world.pause(2000);
        await world.create(atWaypoint(home));
        await world.pause(120_000);
        assert.deepEqual(await world.modes(home), { Ambient: 2 });
      },
    });
  });
});
