import assert from 'node:assert/strict';
import { allowGet, shop, shopReadBy } from './http.ts';
import { meshMigration } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

async function label(world: World, labels: Readonly<Record<string, string | null>>): Promise<void> {
  await world.patch('Namespace', undefined, world.ns(), { metadata: { labels } });
}

async function begins(world: World): Promise<void> {
  await shop(world, allowGet(world.ns()));
  await world.create(meshMigration(world.name, { names: [world.ns()] }, { policies: { settle: '8s' } }));
}

async function until(world: World, pattern: RegExp): Promise<void> {
  await world.eventually(String(pattern), async () => {
    const { status } = await world.child();
    return pattern.test(`${status?.step ?? ''}: ${status?.message ?? ''}`) ? true : undefined;
  });
}

async function goesOn(world: World): Promise<void> {
  await world.childPhase('Paused');
  await world.command('Migrating', world.ns());
  await world.childPhase('Migrating');
}

/** What somebody else makes of the labels of a namespace. */
export const foreignLabelScenarios: readonly Scenario[] = [
  {
    name: 'labels-flipped-by-others',
    async run(world) {
      await begins(world);
      const before = await world.snapshot();
      await until(world, /before Flip relies/);
      await label(world, { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'ambient' });
      const { status } = await world.childPhase('Paused');
      assert.match(status?.message ?? '', /istio-injection is disabled instead of enabled \(set by scenario\)/);
      await world.pause(20_000);
      await world.modesAre({ Sidecar: 3 });
      // Put back by whoever did it, it goes on by itself.
      await label(world, { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': null });
      await world.childPhase('Migrated');
      await world.command('RollingBack', world.ns());
      await world.childPhase('RolledBack');
      assert.deepEqual(await world.labels(), before.labels);
    },
  },
  {
    // Whoever takes the labels back half-way leaves pods outside; the operator says so and waits for a person.
    name: 'labels-changed-twice',
    simulationOnly: true,
    podsOutside: true,
    async run(world) {
      await begins(world);
      const before = await world.snapshot();
      await until(world, /^RestartWorkloads: /);
      await label(world, { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': null });
      await goesOn(world);
      await until(world, /before Flip relies/);
      await label(world, { 'istio-injection': 'disabled' });
      await goesOn(world);
      await world.command('RollingBack', world.ns());
      await world.childPhase('RolledBack');
      assert.deepEqual(await world.labels(), before.labels);
      await world.restored(before);
      await world.modesAre({ Sidecar: 3 });
    },
  },
  {
    // Whoever sets the labels himself does not set aside what has to come before the first restart.
    name: 'labels-set-before-its-callers',
    async run(world) {
      const [home, blog] = await shopReadBy(world, 'blog');
      await world.create(
        meshMigration(world.name, { names: [home, blog] }, { action: 'Plan', policies: { settle: '8s' } }),
      );
      await world.childPhase('Planned', blog);
      await world.command('Paused', blog);
      await world.edit({ action: 'Migrate' });
      await world.childPhase('Paused', blog);
      await until(world, /^Flip: its callers in /);
      const before = await world.labels();
      const modes = await world.modes();
      await label(world, { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'ambient' });
      await goesOn(world);
      await until(world, /its callers in .*say already.*kubectl label namespace/);
      await world.pause(60_000);
      assert.deepEqual(await world.modes(), modes, 'nothing was restarted');
      // As they were again, it goes on like any other.
      await label(world, { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': null });
      await goesOn(world);
      await until(world, /^Flip: its callers in (?!.*say already)/);
      await world.command('Migrating', blog);
      await world.childPhase('Migrated');
      await world.command('RollingBack');
      await world.childPhase('RolledBack');
      assert.deepEqual(await world.labels(), before);
    },
  },
];
