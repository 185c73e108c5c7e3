import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { noWayBack, stalled } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service, waypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const isTarget = { group: '', kind: 'Service', name: 'api' };
const isGateway = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'mine' };
const rules = [{ to: [{ operation: { methods: ['DELETE'] } }] }];

function deny(home: string, targetRef: Readonly<Record<string, string>>): KubeObject {
  return object('AuthorizationPolicy', home, 'no-delete', { targetRefs: [targetRef], action: 'DENY', rules });
}

/** Moved without a waypoint; then its owner makes one, has a Service go through it, and attaches a policy. */
async function withOwnWaypoint(world: World, policy: (home: string) => KubeObject): Promise<string> {
  const home = world.ns();
  await world.create(namespace(home), service(home, 'api'), deployment(home, 'api'));
  await world.podsReady(1, home);
  await world.create(meshMigration(world.name, { names: [home] }));
  await world.childPhase('Migrated', home);
  // Later than the start, by the whole seconds of the API server.
  await world.pause(2000);
  await world.create(waypoint(home, { name: 'mine' }), policy(home));
  await world.patch('Service', home, 'api', { metadata: { labels: { 'istio.io/use-waypoint': 'mine' } } });
  return home;
}

describe('a policy that people attach to a waypoint at rest', () => {
  it.each([
    ['a Service', 'service', isTarget],
    ['a waypoint', 'gateway', isGateway],
  ])('is told at rest, and holds a rollback, after which nothing would enforce it: to %s', async (_, name, target) => {
    await runOnSimulation({
      name: `passed-by-${name}`,
      async run(world) {
        const home = await withOwnWaypoint(world, (there) => deny(there, target));
        const said = await world.eventually('it is told', () => noWayBack(world, home));
        assert.match(said, /MM124 AuthorizationPolicy \S+\/no-delete/);
        await world.command('RollingBack', home);
        assert.match(await stalled(world, 'RollbackStuck', home), /no-delete, which was attached since the start/);
        await world.modesAre({ Ambient: 1 }, home);
        // What the message says.
        await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
        await world.create(
          object('AuthorizationPolicy', home, 'no-delete', {
            selector: { matchLabels: { app: 'api' } },
            action: 'DENY',
            rules,
          }),
        );
        await world.childPhase('RolledBack', home);
        await world.modesAre({ Sidecar: 1 }, home);
      },
    });
  });

  it('holds a rollback too where pods name the waypoint themselves', async () => {
    await runOnSimulation({
      name: 'passed-by-pods',
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home), service(home, 'api'), deployment(home, 'api'));
        await world.podsReady(1, home);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.childPhase('Migrated', home);
        await world.create(waypoint(home, { name: 'mine', labels: { 'istio.io/waypoint-for': 'workload' } }));
        await world.create(deny(home, isGateway));
        const labels = { 'istio.io/use-waypoint': 'mine' };
        await world.patch('Deployment', home, 'api', { spec: { template: { metadata: { labels } } } });
        await world.podsReady(1, home);
        await world.command('RollingBack', home);
        assert.match(await stalled(world, 'RollbackStuck', home), /no-delete, which was attached since the start/);
        await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
        await world.childPhase('RolledBack', home);
      },
    });
  });

  it('holds nobody where no sidecar is to read it', async () => {
    await runOnSimulation({
      name: 'passed-by-nobody',
      async run(world) {
        const home = await withOwnWaypoint(world, (there) => deny(there, { ...isTarget, name: 'other' }));
        await world.pause(60_000);
        assert.equal(await noWayBack(world, home), undefined);
        await world.command('RollingBack', home);
        await world.childPhase('RolledBack', home);
      },
    });
  });

  it('holds nobody when it stood there before the start, where no sidecar read it either', async () => {
    await runOnSimulation({
      name: 'passed-by-before',
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home), service(home, 'api'), deployment(home, 'api'), deny(home, isGateway));
        await world.podsReady(1, home);
        await world.pause(2000);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.childPhase('Migrated', home);
        await world.create(waypoint(home, { name: 'mine' }));
        await world.patch('Service', home, 'api', { metadata: { labels: { 'istio.io/use-waypoint': 'mine' } } });
        await world.pause(60_000);
        await world.command('RollingBack', home);
        await world.childPhase('RolledBack', home);
      },
    });
  });

  it('holds a rollback when it stood there before, and only its revision has been taken off it since', async () => {
    await runOnSimulation({
      name: 'passed-by-revision',
      async run(world) {
        const home = world.ns();
        const policy = deny(home, isGateway);
        const metadata = { ...policy.metadata, labels: { 'istio.io/rev': 'another' } };
        await world.create(namespace(home), service(home, 'api'), deployment(home, 'api'), { ...policy, metadata });
        await world.podsReady(1, home);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.childPhase('Migrated', home);
        await world.create(waypoint(home, { name: 'mine' }));
        await world.patch('Service', home, 'api', { metadata: { labels: { 'istio.io/use-waypoint': 'mine' } } });
        // From now on it is in force.
        await world.patch('AuthorizationPolicy', home, 'no-delete', { metadata: { labels: { 'istio.io/rev': null } } });
        await world.pause(60_000);
        await world.command('RollingBack', home);
        assert.match(await stalled(world, 'RollbackStuck', home), /no-delete, which was attached since the start/);
        await world.modesAre({ Ambient: 1 }, home);
        await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
        await world.childPhase('RolledBack', home);
      },
    });
  });
});
