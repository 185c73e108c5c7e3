import assert from 'node:assert/strict';
import { podBehaviour } from '../support/test-cluster.ts';
import {
  allowIdentity,
  barePod,
  deployment,
  job,
  kinds,
  meshMigration,
  namespace,
  object,
  strict,
  workload,
} from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** Two Deployments under STRICT and an identity policy, all Ready with sidecars. */
export async function smallShop(world: World, home = world.ns()): Promise<void> {
  await world.create(
    namespace(home),
    strict(home),
    allowIdentity(home),
    deployment(home, 'web', { replicas: 2 }),
    deployment(home, 'cart'),
  );
  await world.podsReady(3, home);
}

/** From sidecars to ambient, as it should go. */
export const migrateScenarios: readonly Scenario[] = [
  {
    name: 'forward',
    async run(world) {
      await smallShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 3 });
      const labels = await world.labels();
      assert.equal(labels['istio-injection'], 'disabled');
      assert.equal(labels['istio.io/dataplane-mode'], 'ambient');
      const { status } = await world.child();
      assert.deepEqual(
        status?.steps?.map(({ name }) => name),
        ['Preflight', 'Snapshot', 'Baseline', 'RestartForHbone', 'Flip', 'RestartWorkloads', 'Verify'],
      );
      assert.ok(status.steps.every(({ completedAt }) => completedAt !== undefined));
      assert.deepEqual(status.before, { sidecar: 3, ambient: 0, none: 0, transitional: 0 });
    },
  },
  {
    name: 'plan-changes-nothing',
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }, { action: 'Plan' }));
      await world.phase('Planned');
      const { status } = await world.child();
      assert.equal(status?.writtenPhase, 'Planned');
      assert.ok((status.plan ?? []).every(({ why }) => why.length > 0));
      await world.restored(before);
      assert.deepEqual(await world.modes(), { Sidecar: 3 });
    },
  },
  {
    name: 'mixed-workloads',
    async run(world) {
      const home = world.ns();
      await world.create(
        namespace(home),
        deployment(home, 'web', { replicas: 3 }),
        deployment(home, 'recreate', { spec: { strategy: { type: 'Recreate' } } }),
        deployment(home, 'paused', { spec: {} }),
        workload('StatefulSet', home, 'db', { replicas: 3 }),
        workload('StatefulSet', home, 'manual', { replicas: 2, spec: { updateStrategy: { type: 'OnDelete' } } }),
        workload('StatefulSet', home, 'canary', {
          replicas: 2,
          spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
        }),
        workload('DaemonSet', home, 'agent'),
        workload('DaemonSet', home, 'host', { hostNetwork: true }),
        barePod(home, 'bare'),
        job(home, 'report'),
      );
      await world.podsReady(20);
      await world.patch('Deployment', home, 'paused', { spec: { paused: true } });
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Incomplete');
      await world.modesAre({ Ambient: 14, None: 3, Sidecar: 3 });
      assert.match(
        status?.message ?? '',
        /3 pods of the old data plane left: .*pod bare has no controller.*Deployment paused, which is paused/,
      );
      const findings = (await world.child()).status?.findings ?? [];
      const left = findings.filter(({ id }) => id === 'MM053').map(({ object: name }) => name);
      assert.equal(left.length, 3, JSON.stringify(left));
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Sidecar: 17, None: 3 });
      await world.restored(before);
    },
  },
  {
    name: 'slow-pods',
    async run(world) {
      const home = world.ns();
      const behaviour = { [podBehaviour.readyAfterMs]: '3000' };
      await world.create(
        namespace(home),
        strict(home),
        deployment(home, 'web', { replicas: 2, behaviour }),
        workload('StatefulSet', home, 'db', { behaviour }),
      );
      await world.podsReady(3);
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    name: 'hbone-restart',
    async prepare(world) {
      await smallShop(world);
    },
    async run(world) {
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      const records = (await world.child()).status?.workloads ?? [];
      assert.equal(records.length, 2);
      // Two template changes for each workload: one for HBONE while the namespace still injected, one for the move.
      for (const { kind, name } of records) {
        const { metadata } = await world.client.get(kinds[kind], world.ns(), name, world.signal);
        assert.ok((metadata.generation ?? 0) >= 3, `${name} was not restarted for HBONE`);
      }
      await world.command('RollingBack');
      await world.phase('RolledBack');
      await world.restored(before);
      await world.modesAre({ Sidecar: 3 });
    },
  },
  {
    name: 'joins-later',
    async run(world) {
      const [first, second] = [world.ns('a'), world.ns('b')];
      await smallShop(world, first);
      await smallShop(world, second);
      await world.patch('Namespace', undefined, first, { metadata: { labels: { wave: world.name } } });
      await world.create(meshMigration(world.name, { selector: { matchLabels: { wave: world.name } } }));
      await world.phase('Migrated');
      assert.deepEqual(await world.modes(second), { Sidecar: 3 });
      await world.patch('Namespace', undefined, second, { metadata: { labels: { wave: world.name } } });
      await world.childPhase('Migrated', second);
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 3 }, second);
    },
  },
  {
    name: 'pod-budget',
    async run(world) {
      const home = world.ns();
      await world.create(
        namespace(home),
        workload('StatefulSet', home, 'db', { replicas: 3 }),
        object('PodDisruptionBudget', home, 'db', { minAvailable: 2, selector: { matchLabels: { app: 'db' } } }),
      );
      await world.podsReady(3);
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    name: 'quiet-afterwards',
    disturbs: true,
    async run(world) {
      await smallShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      const versions = async (): Promise<unknown> => [
        (await world.migration()).metadata.resourceVersion,
        (await world.child()).metadata.resourceVersion,
        (await world.client.get(kinds.Namespace, undefined, world.ns(), world.signal)).metadata.resourceVersion,
      ];
      const settled = await versions();
      await world.operator.kill();
      await world.operator.start();
      await world.eventually('the restarted operator leads', async () => {
        await world.patch('Namespace', undefined, world.ns(), { metadata: { labels: { poke: 'true' } } });
        return true;
      });
      // A look at the namespace after the restart must come to the same result and so write nothing.
      const poked = (await world.client.get(kinds.Namespace, undefined, world.ns(), world.signal)).metadata
        .resourceVersion;
      await world.pause(25_000);
      const [migration, child, home] = (await versions()) as readonly unknown[];
      assert.deepEqual([migration, child, home], [(settled as unknown[])[0], (settled as unknown[])[1], poked]);
    },
  },
];
