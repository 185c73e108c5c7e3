import assert from 'node:assert/strict';
import { journalAnnotation, meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { meshMigration } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';
import { journalBecomes } from './taken-journal.ts';
import type { World } from './world.ts';

/** Without the operator, which would roll back; `meanwhile` is done before it is there again. */
async function deleteByForce(world: World, meanwhile?: () => Promise<void>): Promise<void> {
  await world.operator.kill();
  await world.delete(meshMigrations, undefined, world.name);
  await world.client.mergePatch(
    meshMigrations,
    undefined,
    world.name,
    { metadata: { finalizers: null } },
    { signal: world.signal },
  );
  await meanwhile?.();
  await world.operator.start();
}

/**
 * What the operator believes outlives its own objects: a status from another time, or a MeshMigration that was deleted
 * by force.
 */
export const beliefScenarios: readonly Scenario[] = [
  {
    name: 'status-from-old-copy',
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      const copy = await world.eventually('it has begun', async () => {
        const { status } = await world.child();
        return status?.direction === undefined ? undefined : status;
      });
      await world.childPhase('Migrated');
      await world.forge(copy, world.ns());
      await world.childPhase('Migrated');
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await world.restored(before);
    },
  },
  {
    name: 'adopted-after-force',
    disturbs: true,
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await deleteByForce(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await world.restored(before);
    },
  },
  {
    name: 'turned-round-after-force',
    disturbs: true,
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await deleteByForce(world);
      await world.create(
        meshMigration(world.name, { names: [world.ns()] }, { from: 'IstioAmbient', to: 'IstioSidecar' }),
      );
      const { spec, status } = await world.childPhase('Blocked');
      assert.equal(spec.to, 'IstioSidecar');
      assert.match(
        status?.findings?.find(({ id }) => id === 'MM006')?.fix ?? '',
        /^Delete this MeshMigration .* and create it again with that name, from and to/,
      );
      await world.phase('Blocked');
      await world.delete(meshMigrations, undefined, world.name);
      await world.gone(meshMigrations, undefined, world.name);
      await world.modesAre({ Ambient: 3 });
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await world.restored(before);
    },
  },
  {
    name: 'turned-round-without-journal',
    disturbs: true,
    async run(world) {
      await smallShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.phase('Migrated');
      await deleteByForce(world, async () => {
        await world.patch('Namespace', undefined, world.ns(), {
          metadata: { annotations: { [journalAnnotation]: null } },
        });
      });
      await world.create(
        meshMigration(world.name, { names: [world.ns()] }, { from: 'IstioAmbient', to: 'IstioSidecar' }),
      );
      assert.match(
        (await world.phase('Blocked')).status?.attention?.[0]?.message ?? '',
        /or keep it as it is: kubectl delete nsm/,
      );
      await world.pause(5000);
      assert.equal((await world.child()).spec.to, 'IstioAmbient', 'what alone told the labels was deleted');
      await world.modesAre({ Ambient: 3 });
      await world.delete(namespaceMigrations, world.ns(), world.name);
      await world.phase('Migrated');
      await world.modesAre({ Sidecar: 3 });
    },
  },
  {
    name: 'journal-taken-away',
    disturbs: true,
    async run(world) {
      await smallShop(world);
      const home = world.ns();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      await journalBecomes(world, null);
      await world.childPhase('Blocked');
      await world.command('RollingBack');
      const { status } = await world.phase('Incomplete');
      assert.match(
        status?.conditions?.find(({ type }) => type === 'Stalled')?.message ?? '',
        new RegExp(`0 of 1 namespace back; the journal of ${home} was taken away or spoilt`),
      );
      // Deleted, it still stays, because only the record tells what the labels were; a person puts them back and
      // deletes the record.
      await world.delete(meshMigrations, undefined, world.name);
      await world.pause(5000);
      const fix = (await world.child()).status?.findings?.[0]?.fix ?? '';
      const labels =
        /label namespace \S+ --overwrite istio-injection=enabled; wait a minute; restart the workloads .*; kubectl label namespace \S+ --overwrite istio.io\/dataplane-mode-; or keep/;
      assert.match(fix, labels);
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
      for (const name of ['web', 'cart'])
        await world.patch('Deployment', home, name, {
          spec: { template: { metadata: { annotations: { restarted: 'by hand' } } } },
        });
      await world.modesAre({ Sidecar: 3 });
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/dataplane-mode': null } } });
      await world.delete(namespaceMigrations, home, world.name);
      await world.gone(meshMigrations, undefined, world.name);
    },
  },
  {
    name: 'journal-spoilt',
    disturbs: true,
    // Told apart by a parser: the real API server has nothing to add to the scenario before it.
    simulationOnly: true,
    async run(world) {
      await smallShop(world);
      const home = world.ns();
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      const journal = (await world.snapshot()).annotations[journalAnnotation];
      await world.operator.kill();
      await world.patch('Namespace', undefined, home, { metadata: { annotations: { [journalAnnotation]: '{}' } } });
      await world.operator.start();
      const { status } = await world.childPhase('Blocked');
      assert.match(
        status?.message ?? '',
        /^MM007 Namespace \S+: annotation meshmigration.dev\/journal was spoilt half-way/,
      );
      await world.delete(meshMigrations, undefined, world.name);
      await world.phase('Incomplete');
      await world.patch('Namespace', undefined, home, {
        metadata: { annotations: { [journalAnnotation]: journal ?? '' } },
      });
      await world.gone(meshMigrations, undefined, world.name);
      await world.restored(before);
    },
  },
];
