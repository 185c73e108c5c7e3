import assert from 'node:assert/strict';
import { deployment, meshMigration, namespace } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { uncalled } from './waypoint-world.ts';

/** The other pairs of data planes, from the same table of steps. */
export const routeScenarios: readonly Scenario[] = [
  {
    name: 'none-to-ambient-and-back',
    podsOutside: true,
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home, {}), deployment(home, 'web', { replicas: 2 }));
      await world.podsReady(2);
      const before = await world.snapshot();
      const names = (await world.pods()).map(({ metadata }) => metadata.name);
      await world.create(meshMigration(world.name, { names: [home] }, { from: 'None' }));
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 2 });
      assert.deepEqual(
        (await world.pods()).map(({ metadata }) => metadata.name),
        names,
        'pods were restarted',
      );
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await world.modesAre({ None: 2 });
      await world.restored(before);
    },
  },
  {
    name: 'ambient-to-sidecar-and-back',
    async run(world) {
      const home = world.ns();
      await world.create(
        namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
        deployment(home, 'web', { replicas: 2 }),
      );
      await world.podsReady(2);
      await world.modesAre({ Ambient: 2 });
      const before = await world.snapshot();
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { from: 'IstioAmbient', to: 'IstioSidecar', callers: await uncalled(world) },
        ),
      );
      await world.phase('Migrated');
      await world.modesAre({ Sidecar: 2 });
      assert.equal((await world.labels())['istio.io/dataplane-mode'], undefined);
      await world.command('RollingBack');
      await world.phase('RolledBack');
      await world.modesAre({ Ambient: 2 });
      await world.restored(before);
    },
  },
  {
    name: 'none-to-sidecar-and-back',
    podsOutside: true,
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home, {}), deployment(home, 'web', { replicas: 2 }));
      await world.podsReady(2);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }, { from: 'None', to: 'IstioSidecar' }));
      await world.phase('Migrated');
      await world.modesAre({ Sidecar: 2 });
      await world.command('RollingBack');
      await world.phase('RolledBack');
      await world.modesAre({ None: 2 });
      await world.restored(before);
    },
  },
  {
    name: 'sidecar-to-none-and-back',
    podsOutside: true,
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home), deployment(home, 'web', { replicas: 2 }));
      await world.podsReady(2);
      const before = await world.snapshot();
      // STRICT anywhere in the mesh would block this (MM026): other scenarios use it, so only the plan is looked at
      // there.
      await world.create(meshMigration(world.name, { names: [home] }, { to: 'None' }));
      const phase = await world.eventually('an answer', async () => {
        const { status } = await world.child();
        return status?.writtenPhase === 'Migrated' || status?.writtenPhase === 'Blocked'
          ? status.writtenPhase
          : undefined;
      });
      if (phase === 'Migrated') {
        await world.modesAre({ None: 2 });
        await world.command('RollingBack');
        await world.phase('RolledBack');
      } else {
        assert.ok((await world.child()).status?.findings?.some(({ id }) => id === 'MM026'));
      }
      await world.modesAre({ Sidecar: 2 });
      await world.restored(before);
    },
  },
];
