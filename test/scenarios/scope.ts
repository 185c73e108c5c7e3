import assert from 'node:assert/strict';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { deployment, meshMigration, namespace } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const mode = 'istio.io/dataplane-mode';

/** Two namespaces of one team; returns the second. */
async function twoOfATeam(world: World, readyAfterMs = '100'): Promise<string> {
  const homes = [world.ns('a'), world.ns('b')];
  for (const home of homes) {
    await world.create(
      namespace(home, { 'istio-injection': 'enabled', team: world.name }),
      deployment(home, 'web', { behaviour: { [podBehaviour.readyAfterMs]: readyAfterMs } }),
      deployment(home, 'z'),
    );
    await world.podsReady(2, home);
  }
  return world.ns('b');
}

async function scopeLost(world: World, status: string): Promise<void> {
  await world.eventually(`ScopeLost ${status}`, async () =>
    (await world.migration()).status?.conditions?.some(
      (condition) => condition.type === 'ScopeLost' && condition.status === status,
    ) === true
      ? true
      : undefined,
  );
}

/** The scope is law: what is not in it is not started, what leaves it is not gone on with. */
export const scopeScenarios: readonly Scenario[] = [
  {
    name: 'excluded-by-approval',
    async run(world) {
      const b = await twoOfATeam(world);
      await world.create(
        meshMigration(world.name, { selector: { matchLabels: { team: world.name } } }, { action: 'Plan' }),
      );
      await world.phase('Planned');
      await world.edit({ action: 'Migrate', namespaces: { exclude: [b] } });
      await world.phase('Migrated');
      await world.gone(namespaceMigrations, b, world.name);
      assert.equal((await world.labels(b))[mode], undefined);
    },
  },
  {
    name: 'excluded-after-rollback',
    async run(world) {
      const b = await twoOfATeam(world);
      await world.create(meshMigration(world.name, { selector: { matchLabels: { team: world.name } } }));
      await world.phase('Migrated');
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await world.patch('Namespace', undefined, b, { metadata: { labels: { team: null } } });
      await world.gone(namespaceMigrations, b, world.name);
      await world.edit({ action: 'Migrate' });
      await world.phase('Migrated');
      assert.equal((await world.labels(b))[mode], undefined);
    },
  },
  {
    name: 'excluded-half-way',
    async run(world) {
      const b = await twoOfATeam(world, '3000');
      const before = await world.snapshot(b);
      await world.create(meshMigration(world.name, { names: [world.ns('a'), b] }));
      await world.eventually('RestartWorkloads', async () =>
        (await world.child(b)).status?.step === 'RestartWorkloads' ? true : undefined,
      );
      await world.edit({ namespaces: { names: [world.ns('a')] } });
      assert.match(
        (await world.childPhase('Paused', b)).status?.message ?? '',
        /does not select this namespace any more/,
      );
      await scopeLost(world, 'True');
      await world.childPhase('Migrated', world.ns('a'));
      await world.edit({ rollback: { onScopeLost: 'Finish' } });
      await world.childPhase('Migrated', b);
      await scopeLost(world, 'True');
      await world.command('RollingBack', b);
      await world.gone(namespaceMigrations, b, world.name);
      await scopeLost(world, 'False');
      await world.restored(before, b);
    },
  },
  {
    name: 'excluded-for-hbone',
    async run(world) {
      const b = await twoOfATeam(world, '3000');
      const before = await world.snapshot(b);
      await world.create(meshMigration(world.name, { names: [world.ns('a'), b] }));
      await world.eventually('RestartWorkloads', async () =>
        (await world.child(b)).status?.step === 'RestartWorkloads' ? true : undefined,
      );
      await world.edit({ namespaces: { names: [world.ns('a')] }, restart: { hboneNamespaces: { names: [b] } } });
      assert.match(
        (await world.childPhase('Paused', b)).status?.message ?? '',
        /does not select this namespace any more/,
      );
      await scopeLost(world, 'True');
      assert.equal((await world.migration()).status?.namespaces?.total, 2);
      await world.command('RollingBack', b);
      await world.childPhase('RolledBack', b);
      await scopeLost(world, 'False');
      await world.restored(before, b);
      await world.childPhase('Migrated', world.ns('a'));
    },
  },
  {
    name: 'excluded-goes-back',
    async run(world) {
      const b = await twoOfATeam(world, '3000');
      const before = await world.snapshot(b);
      await world.create(
        meshMigration(
          world.name,
          { selector: { matchLabels: { team: world.name } } },
          { rollback: { onScopeLost: 'Rollback' } },
        ),
      );
      await world.eventually('RestartWorkloads', async () =>
        (await world.child(b)).status?.step === 'RestartWorkloads' ? true : undefined,
      );
      await world.edit({
        namespaces: {
          selector: {
            matchLabels: { team: world.name },
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [b] }],
          },
        },
      });
      await world.gone(namespaceMigrations, b, world.name);
      await world.restored(before, b);
      await world.childPhase('Migrated', world.ns('a'));
    },
  },
];
