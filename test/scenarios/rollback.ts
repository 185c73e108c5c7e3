import assert from 'node:assert/strict';
import { podBehaviour } from '../support/test-cluster.ts';
import { deployment, meshMigration, namespace, object, strict, workload } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** Migrates, does `command`, and sees everything as it was. */
async function thereAndBack(world: World, command: () => Promise<void>): Promise<void> {
  await smallShop(world);
  const before = await world.snapshot();
  await world.create(meshMigration(world.name, { names: [world.ns()] }));
  await world.phase('Migrated');
  await command();
  await world.childPhase('RolledBack');
  await world.modesAre({ Sidecar: 3 });
  await world.restored(before);
}

const neverWithoutSidecar = { [podBehaviour.neverReady]: 'without-sidecar' };

/** Back to what it was, by command and by itself. */
export const rollbackScenarios: readonly Scenario[] = [
  {
    name: 'rollback-by-action',
    async run(world) {
      await thereAndBack(world, async () => {
        await world.edit({ action: 'Rollback' });
      });
      await world.phase('RolledBack');
    },
  },
  {
    name: 'rollback-by-migration-status',
    async run(world) {
      await thereAndBack(world, async () => {
        await world.command('RollingBack');
      });
      const { status } = await world.phase('RolledBack');
      assert.equal(status?.command?.action, 'Rollback');
      assert.equal(status.command.by, 'scenario');
      await world.command('Migrating');
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    name: 'rollback-by-namespace-status',
    async run(world) {
      await thereAndBack(world, async () => {
        await world.command('RollingBack', world.ns());
      });
      assert.equal((await world.child()).status?.command?.by, 'scenario');
      await world.phase('RolledBack');
      await world.command('Migrating', world.ns());
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    name: 'failing-deployment',
    async run(world) {
      const [bad, good] = [world.ns('bad'), world.ns('good')];
      await smallShop(world, good);
      await world.create(
        namespace(bad),
        strict(bad),
        deployment(bad, 'fine', { replicas: 2 }),
        deployment(bad, 'reviews', {
          replicas: 2,
          behaviour: neverWithoutSidecar,
          spec: { progressDeadlineSeconds: 5 },
        }),
      );
      await world.podsReady(4, bad);
      const before = await world.snapshot(bad);
      await world.create(meshMigration(world.name, { names: [bad, good] }, { failureBudget: { namespaces: 1 } }));
      const { status } = await world.childPhase('RolledBack', bad);
      assert.match(status?.failure?.reason ?? '', /ProgressDeadlineExceeded|WorkloadUnavailable/);
      assert.match(status?.failure?.message ?? '', /Deployment reviews/);
      await world.childPhase('Migrated', good);
      await world.restored(before, bad);
      await world.modesAre({ Sidecar: 4 }, bad);
      await world.phase('Failed');
    },
  },
  {
    name: 'failing-statefulset',
    async run(world) {
      const home = world.ns();
      await world.create(
        namespace(home),
        workload('StatefulSet', home, 'db', { replicas: 2, behaviour: neverWithoutSidecar }),
        deployment(home, 'web'),
      );
      await world.podsReady(3);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '5s' } }));
      await world.childPhase('RolledBack');
      await world.podsReady(3);
      await world.modesAre({ Sidecar: 3 });
      await world.restored(before);
    },
  },
  {
    name: 'not-enrolled',
    podsOutside: true,
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home), deployment(home, 'web', { behaviour: { [podBehaviour.enrol]: 'never' } }));
      await world.podsReady(1);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }, { restart: { enrolmentDeadline: '3s' } }));
      const { status } = await world.childPhase('RolledBack');
      assert.equal(status?.failure?.reason, 'PodNotEnrolled');
      await world.modesAre({ Sidecar: 1 });
      await world.restored(before);
    },
  },
  {
    name: 'not-automatic',
    async run(world) {
      const home = world.ns();
      await world.create(
        namespace(home),
        deployment(home, 'web', { behaviour: neverWithoutSidecar, spec: { progressDeadlineSeconds: 4 } }),
      );
      await world.podsReady(1);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }, { rollback: { automatic: false } }));
      await world.childPhase('Failed');
      assert.equal((await world.labels())['istio.io/dataplane-mode'], 'ambient');
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Sidecar: 1 });
      await world.restored(before);
    },
  },
  {
    name: 'policy-appears-half-way',
    async run(world) {
      const home = world.ns();
      await world.create(
        namespace(home),
        deployment(home, 'web', { behaviour: { [podBehaviour.readyAfterMs]: '4000' } }),
        deployment(home, 'cart'),
      );
      await world.podsReady(2);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.eventually('the flip', async () =>
        (await world.labels())['istio.io/dataplane-mode'] === 'ambient' ? true : undefined,
      );
      await world.create(
        object('AuthorizationPolicy', home, 'no-delete', {
          action: 'DENY',
          rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
        }),
      );
      const { status } = await world.childPhase('RolledBack');
      assert.equal(status?.failure?.reason, 'CriticalFinding');
      assert.match(status.failure.message, /MM020 AuthorizationPolicy .*no-delete/);
      await world.modesAre({ Sidecar: 2 });
      await world.restored(before);
    },
  },
  {
    name: 'rollback-half-way',
    async run(world) {
      const home = world.ns();
      await world.create(
        namespace(home),
        ...['a', 'b', 'c'].map((name) =>
          deployment(home, name, { behaviour: { [podBehaviour.readyAfterMs]: '1500' } }),
        ),
      );
      await world.podsReady(3);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.eventually('one workload restarted', async () =>
        (await world.modes()).Ambient === 1 ? true : undefined,
      );
      await world.command('RollingBack');
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 3 });
      await world.restored(before);
    },
  },
];
