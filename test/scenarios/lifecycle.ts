import assert from 'node:assert/strict';
import { meshMigrations, namespaceMigrations, journalAnnotation } from '../../src/api/resources.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { deployment, kinds, meshMigration, namespace } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const slow = { [podBehaviour.readyAfterMs]: '1500' };

/** Three slow Deployments, so that there is a half-way. */
export async function slowShop(world: World): Promise<void> {
  const home = world.ns();
  await world.create(namespace(home), ...['a', 'b', 'c'].map((name) => deployment(home, name, { behaviour: slow })));
  await world.podsReady(3);
}

/** One of the three is over. */
export async function halfWay(world: World): Promise<void> {
  await world.eventually('one workload restarted', async () =>
    (await world.modes()).Ambient === 1 ? true : undefined,
  );
}

/** Pausing, deleting, losing things on the way. */
export const lifecycleScenarios: readonly Scenario[] = [
  {
    name: 'pause-and-resume',
    async run(world) {
      await slowShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await halfWay(world);
      await world.command('Paused');
      await world.phase('Paused');
      await world.childPhase('Paused');
      await world.pause(5000);
      assert.ok(((await world.modes()).Sidecar ?? 0) >= 1, 'it went on while paused');
      await world.command('Migrating');
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    name: 'senseless-edit',
    async run(world) {
      await smallShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await world.command('Exploded');
      const { status } = await world.eventually('the phase is put back', async () => {
        const migration = await world.migration();
        return migration.status?.phase === 'Migrated' &&
          migration.status.conditions?.some(({ type }) => type === 'CommandRejected') === true
          ? migration
          : undefined;
      });
      assert.match(status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message ?? '', /"Exploded"/);
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    name: 'foreign-change',
    async run(world) {
      await slowShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await halfWay(world);
      await world.patch('Namespace', undefined, world.ns(), { metadata: { labels: { 'istio-injection': 'enabled' } } });
      const { status } = await world.childPhase('Paused');
      assert.match(status?.message ?? '', /istio-injection is enabled instead of disabled \(set by scenario\)/);
      assert.equal((await world.labels())['istio-injection'], 'enabled');
      await world.command('Migrating', world.ns());
      await world.childPhase('Migrated');
      assert.equal((await world.labels())['istio-injection'], 'disabled');
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    name: 'delete-half-way',
    async run(world) {
      await slowShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await halfWay(world);
      await world.delete(meshMigrations, undefined, world.name);
      await world.gone(meshMigrations, undefined, world.name);
      await world.gone(namespaceMigrations, world.ns(), world.name);
      await world.modesAre({ Sidecar: 3 });
      await world.restored(before);
    },
  },
  {
    name: 'delete-and-leave',
    async run(world) {
      await smallShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }, { rollback: { onDelete: 'Leave' } }));
      await world.phase('Migrated');
      await world.delete(meshMigrations, undefined, world.name);
      await world.gone(meshMigrations, undefined, world.name);
      assert.equal((await world.labels())['istio.io/dataplane-mode'], 'ambient');
      assert.equal((await world.snapshot()).annotations[journalAnnotation], undefined);
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    name: 'finalize',
    async run(world) {
      await smallShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await world.edit({ action: 'Finalize' });
      await world.phase('Finalized');
      assert.equal((await world.snapshot()).annotations[journalAnnotation], undefined);
      await world.command('RollingBack');
      await world.eventually('the answer', async () => {
        const { status } = await world.migration();
        return status?.phase === 'Finalized' &&
          status.conditions?.some(({ type }) => type === 'CommandRejected') === true
          ? true
          : undefined;
      });
      await world.delete(meshMigrations, undefined, world.name);
      await world.gone(meshMigrations, undefined, world.name);
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    name: 'namespace-deleted-half-way',
    async run(world) {
      await slowShop(world);
      await smallShop(world, world.ns('stays'));
      await world.create(meshMigration(world.name, { names: [world.ns(), world.ns('stays')] }));
      await halfWay(world);
      await world.delete(kinds.Namespace, undefined, world.ns());
      await world.gone(kinds.Namespace, undefined, world.ns());
      const { status } = await world.phase('Migrated');
      assert.equal(status?.namespaces?.total, 1);
      await world.eventually('MM003', async () =>
        (await world.migration()).status?.findings?.some(({ id }) => id === 'MM003') === true ? true : undefined,
      );
    },
  },
  {
    name: 'record-deleted-half-way',
    async run(world) {
      await slowShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await halfWay(world);
      await world.delete(namespaceMigrations, world.ns(), world.name);
      await world.phase('Migrated');
      await world.command('RollingBack');
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 3 });
      await world.restored(before);
    },
  },
  {
    name: 'killed-half-way',
    disturbs: true,
    async run(world) {
      await slowShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await halfWay(world);
      await world.operator.kill();
      await world.operator.start();
      await world.phase('Migrated');
      await world.command('RollingBack');
      await world.eventually('it is going back', async () => ((await world.modes()).Sidecar === 1 ? true : undefined));
      await world.operator.kill();
      await world.operator.start();
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 3 });
      await world.restored(before);
    },
  },
];
