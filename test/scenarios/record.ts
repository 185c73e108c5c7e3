import assert from 'node:assert/strict';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { allowGet, nothingLeft, shop } from './http.ts';
import { deployment, meshMigration, namespace } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const at = '2030-01-01T00:00:00Z';

/** What somebody writes into the status of a NamespaceMigration who may do that in one namespace and nothing else. */
async function forge(world: World, status: Readonly<Record<string, unknown>> | null, home = world.ns()): Promise<void> {
  await world.forge(status, home);
}

async function step(world: World, name: string): Promise<void> {
  await world.eventually(`step ${name}`, async () => ((await world.child()).status?.step === name ? true : undefined));
}

async function bound(world: World): Promise<void> {
  await world.eventually('BindWaypoint', async () =>
    (await world.child()).status?.steps?.some(
      ({ name, completedAt }) => name === 'BindWaypoint' && completedAt !== undefined,
    ) === true
      ? true
      : undefined,
  );
}

/**
 * The status of a NamespaceMigration is display but for the command: what is written there by others changes nothing.
 */
export const recordScenarios: readonly Scenario[] = [
  {
    name: 'forged-while-planned',
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }, { action: 'Plan' }));
      await world.childPhase('Planned');
      const labels = [
        { key: 'istio-injection', value: 'disabled' },
        { key: 'istio.io/rev', value: 'evil' },
        { key: 'istio.io/dataplane-mode' },
      ];
      for (const direction of ['Backward', 'Forward']) {
        await forge(world, {
          direction,
          phase: 'Migrated',
          writtenPhase: 'Migrated',
          original: { namespaceUid: 'x', capturedAt: at, labels },
          labels,
          steps: [{ name: 'Flip', startedAt: at, completedAt: at }],
        });
        await world.pause(3000);
        await world.restored(before);
        assert.equal((await world.child()).status?.writtenPhase, 'Planned');
      }
    },
  },
  {
    name: 'forged-failure',
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      for (const home of [a, b])
        await world.create(
          namespace(home, { 'istio-injection': 'enabled' }),
          deployment(home, 'web', { behaviour: { [podBehaviour.readyAfterMs]: '1000' } }),
        );
      await world.podsReady(1, a);
      await world.podsReady(1, b);
      await world.create(meshMigration(world.name, { names: [a, b] }, { action: 'Plan' }));
      await world.phase('Planned');
      await forge(
        world,
        {
          failure: { reason: 'PodNotEnrolled', message: 'forged', at },
          phase: 'RolledBack',
          writtenPhase: 'RolledBack',
        },
        a,
      );
      await world.edit({ action: 'Migrate' });
      await world.phase('Migrated');
    },
  },
  {
    name: 'forged-original',
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.childPhase('Migrated');
      await forge(world, {
        original: { namespaceUid: 'x', capturedAt: at, labels: [{ key: 'istio.io/rev', value: 'evil' }] },
        phase: 'RollingBack',
      });
      await world.childPhase('RolledBack');
      await world.restored(before);
    },
  },
  {
    name: 'wiped-between-steps',
    async run(world) {
      await shop(world, allowGet(world.ns()));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }, { policies: { settle: '5s' } }));
      await bound(world);
      await forge(world, null);
      await world.childPhase('Migrated');
      await world.delete(namespaceMigrations, world.ns(), world.name);
      await world.childPhase('Migrated');
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  {
    name: 'rolled-back-before-flip',
    async run(world) {
      await shop(world, allowGet(world.ns()));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }, { policies: { settle: '5s' } }));
      await bound(world);
      await world.delete(namespaceMigrations, world.ns(), world.name);
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  {
    name: 'record-deleted-going-back',
    async run(world) {
      await world.create(
        namespace(world.ns()),
        ...['a', 'b'].map((name) =>
          deployment(world.ns(), name, { behaviour: { [podBehaviour.readyAfterMs]: '1500' } }),
        ),
      );
      await world.podsReady(2);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.childPhase('Migrated');
      await world.command('RollingBack', world.ns());
      await step(world, 'RestoreWorkloads');
      await world.delete(namespaceMigrations, world.ns(), world.name);
      await world.childPhase('RolledBack');
      await world.restored(before);
      const [entry] = (await world.migration()).status?.returned ?? [];
      assert.equal(entry?.by, 'scenario');
      await world.delete(namespaceMigrations, world.ns(), world.name);
      await world.pause(5000);
      assert.equal((await world.childPhase('RolledBack')).status?.direction, undefined);
      await world.restored(before);
      await world.command('Migrating', world.ns());
      await world.childPhase('Migrated');
      assert.deepEqual((await world.migration()).status?.returned ?? [], []);
    },
  },
];
