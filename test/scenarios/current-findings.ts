import assert from 'node:assert/strict';
import type { Finding } from '../../src/api/common.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { shopReadBy } from './http.ts';
import { deployment, kinds, meshMigration, namespace, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const events: Resource = { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };

/** Longer than a list of findings that alone has changed is kept back. */
const soon = 60_000;

async function findingsOf(world: World, home: string): Promise<readonly Finding[]> {
  return (await world.child(home)).status?.findings ?? [];
}

async function isTold(world: World, home: string, id: string, told: boolean): Promise<void> {
  await world.eventually(
    `${id} ${told ? 'told' : 'told no longer'}`,
    async () => ((await findingsOf(world, home)).some((each) => each.id === id) === told ? true : undefined),
    soon,
  );
}

async function eventsOf(world: World, home: string, reason: string): Promise<number> {
  const { items } = await world.client.list<KubeObject & { readonly reason?: string }>(events, {
    namespace: home,
    signal: world.signal,
  });
  return items.filter((event) => event.reason === reason).length;
}

async function startAnew(world: World): Promise<void> {
  await world.operator.kill();
  await world.operator.start();
}

const noAddresses = (home: string): KubeObject =>
  object('AuthorizationPolicy', home, 'no-addresses', {
    action: 'DENY',
    rules: [{ from: [{ source: { ipBlocks: ['10.244.0.0/16'] } }] }],
  });

/** `status.findings` says what is so now, not what was so at the start. */
export const currentFindingScenarios: readonly Scenario[] = [
  {
    name: 'warning-at-rest',
    disturbs: true, // Whoever is in ambient may call there.
    async run(world) {
      const [home, other] = [world.ns(), world.ns('other')];
      await world.create(namespace(home), deployment(home, 'web'), namespace(other), deployment(other, 'api'));
      await world.podsReady(1, home);
      await world.podsReady(1, other);
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      assert.deepEqual(
        (await findingsOf(world, home)).map(({ id }) => id).filter((id) => ['MM056', 'MM061'].includes(id)),
        [],
        'what restarts do is over with them',
      );
      await world.create(noAddresses(other));
      // What others change has nobody at rest looked at before his turn: a new process looks at all.
      await startAnew(world);
      await isTold(world, home, 'MM123', true);
      const { status } = await world.child(home);
      assert.equal(status?.findings?.find(({ id }) => id === 'MM123')?.severity, 'Warning');
      assert.equal(status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
      await world.eventually('an event', async () => ((await eventsOf(world, home, 'MM123')) === 1 ? true : undefined));
      await startAnew(world);
      assert.equal(await eventsOf(world, home, 'MM123'), 1);
      await world.delete(kinds.AuthorizationPolicy, other, 'no-addresses');
      await startAnew(world);
      await isTold(world, home, 'MM123', false);
      assert.equal(await eventsOf(world, home, 'MM123'), 1);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack', home);
      await world.eventually('nothing more to be found', async () =>
        (await findingsOf(world, home)).length === 0 ? true : undefined,
      );
    },
  },
  {
    name: 'wait-over',
    async run(world) {
      const [home, blog] = await shopReadBy(world, 'blog');
      await world.create(meshMigration(world.name, { names: [home, blog] }, { action: 'Plan' }));
      await world.phase('Planned');
      assert.ok((await findingsOf(world, home)).some(({ id }) => id === 'MM101'));
      await world.edit({ action: 'Migrate' });
      await world.eventually('the labels of the called', async () =>
        (await world.child(home)).status?.step === 'RestartWorkloads' ? true : undefined,
      );
      assert.ok((await findingsOf(world, home)).every(({ id }) => id !== 'MM101'));
      await world.phase('Migrated');
      assert.ok(
        (await findingsOf(world, home)).some(({ id }) => id === 'MM071'),
        'why it has a waypoint is true still',
      );
    },
  },
];
