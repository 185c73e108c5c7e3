import { freezeAnnotation } from '../../src/api/resources.ts';
import { barePod, deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { halfWay, slowShop } from '../scenarios/lifecycle.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { allowNoRecord, allowRecord } from '../scenarios/records-refused.ts';
import type { World } from '../scenarios/world.ts';
import { plain } from './caller-and-called.ts';
import {
  blockedByPolicy,
  denyMethod,
  fails,
  impatient,
  loseJournal,
  start,
  works,
  type Story,
} from './stalled-story.ts';

async function migratedShop(world: World): Promise<void> {
  await smallShop(world);
  await start(world);
  await world.phase('Migrated');
}

/** Half-way, with a name in the selection that does not exist: that is said too. */
async function misspelt(world: World): Promise<void> {
  await slowShop(world);
  await start(world, {}, ['', 'misspelt']);
  await halfWay(world);
}

async function leftover(world: World): Promise<void> {
  const home = world.ns();
  await world.create(namespace(home), deployment(home, 'web'), barePod(home, 'bare'));
  await world.podsReady(2);
  await start(world);
  await world.childPhase('Incomplete');
}

/** Where a migration as a whole needs a person. */
export const stalledMigrations: readonly Story[] = [
  {
    reason: 'ApprovalRequired',
    when: 'nobody has approved of the plan',
    of: 'Migration',
    async enter(world) {
      await plain(world, world.ns('a'));
      await start(world, { approval: { mode: 'Required', plans: [] } }, ['a']);
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'FailureBudgetExceeded',
    when: 'one has failed and others have not begun',
    of: 'Migration',
    run: { slots: 1 },
    async enter(world) {
      await fails(world, world.ns('a'));
      await plain(world, world.ns('b'));
      await start(world, impatient, ['a', 'b']);
    },
    async mend(world) {
      await works(world, world.ns('a'));
      await world.command('Migrating', world.ns('a'));
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'NamespaceStalled',
    when: 'all that is under way is paused',
    of: 'Migration',
    async enter(world) {
      await misspelt(world);
      await world.command('Paused', world.ns());
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'NamespacesBlocked',
    when: 'a policy needs HTTP and nobody knows the callers',
    of: 'Migration',
    ...blockedByPolicy,
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'WaveHeld',
    when: 'one of the first wave is blocked',
    of: 'Migration',
    async enter(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      for (const home of [a, b]) await plain(world, home);
      await world.create(denyMethod(a));
      await start(world, { waves: [{ name: 'canary', namespaces: { names: [a] }, soak: '0s', maxFailures: 0 }] }, [
        'a',
        'b',
      ]);
    },
    async mend(world) {
      await world.delete(kinds.AuthorizationPolicy, world.ns('a'), 'no-delete');
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'Frozen',
    when: 'the migration is',
    of: 'Migration',
    async enter(world) {
      await smallShop(world);
      const names = { names: [world.ns()] };
      const migration = meshMigration(world.name, names);
      const { metadata } = migration;
      await world.create({ ...migration, metadata: { ...metadata, annotations: { [freezeAnnotation]: 'year-end' } } });
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'NamespacesFailed',
    when: 'the only one has',
    of: 'Migration',
    async enter(world) {
      await fails(world);
      await start(world, impatient);
    },
    async mend(world) {
      await works(world);
      await world.command('Migrating', world.ns());
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'NamespacesRolledBack',
    when: 'one was brought back by a command of its own',
    of: 'Migration',
    async enter(world) {
      await migratedShop(world);
      await world.command('RollingBack', world.ns());
    },
    mend: (world) => world.command('Migrating', world.ns()),
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'NoWayBack',
    when: 'finalized',
    of: 'Migration',
    async enter(world) {
      await migratedShop(world);
      await world.edit({ action: 'Finalize' });
      await world.phase('Finalized');
      await world.edit({ action: 'Rollback' });
    },
    command: 'Last',
    then: 'Finalized',
  },
  {
    reason: 'Paused',
    when: 'by a command',
    of: 'Migration',
    async enter(world) {
      await slowShop(world);
      await start(world);
      await halfWay(world);
      await world.command('Paused');
    },
    command: 'Last',
    then: 'Migrated',
  },
  ...(['Pause', 'Plan'] as const).map((action): Story => ({
    reason: 'Paused',
    when: `spec.action is ${action}, and a name is misspelt`,
    of: 'Migration',
    async enter(world) {
      await misspelt(world);
      await world.edit({ action });
    },
    command: 'Last',
    then: 'Migrated',
  })),
  {
    reason: 'PodsLeft',
    when: 'a bare pod is left',
    of: 'Migration',
    enter: leftover,
    mend: (world) => world.delete(kinds.Pod, world.ns(), 'bare'),
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'PodsLeft',
    when: 'a bare pod is left and it is to be finalized',
    of: 'Migration',
    async enter(world) {
      await leftover(world);
      await world.edit({ action: 'Finalize' });
    },
    mend: (world) => world.delete(kinds.Pod, world.ns(), 'bare'),
    command: 'Last',
    then: 'Finalized',
  },
  {
    reason: 'RecordRefused',
    when: 'a quota admits no record',
    of: 'Migration',
    async enter(world) {
      await smallShop(world);
      await allowNoRecord(world, world.ns());
      await start(world);
    },
    mend: (world) => allowRecord(world, world.ns()),
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'RolledBack',
    when: 'by a command',
    of: 'Migration',
    async enter(world) {
      await migratedShop(world);
      await world.command('RollingBack');
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'RolledBack',
    when: 'by a command while spec.action is Pause',
    of: 'Migration',
    async enter(world) {
      await migratedShop(world);
      await world.edit({ action: 'Pause' });
      await world.phase('Paused');
      await world.command('RollingBack');
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'MMnnn',
    id: 'MM004',
    when: 'nothing is selected',
    of: 'Migration',
    enter: async (world) => {
      await start(world);
    },
    async mend(world) {
      await smallShop(world, world.ns('other'));
      await world.edit({ namespaces: { names: [world.ns('other')] } });
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'MMnnn',
    id: 'MM007',
    when: 'a journal was taken away and all are to go back',
    of: 'Migration',
    async enter(world) {
      await migratedShop(world);
      await loseJournal(world);
      await world.edit({ action: 'Rollback' });
    },
    // As the message of the namespace says.
    async mend(world) {
      const home = world.ns();
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
      for (const name of ['web', 'cart'])
        await world.patch('Deployment', home, name, {
          spec: { template: { metadata: { annotations: { restarted: 'by hand' } } } },
        });
      await world.modesAre({ Sidecar: 3 });
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/dataplane-mode': null } } });
    },
    command: 'Last',
    then: 'RolledBack',
  },
  {
    reason: 'NothingToFinalize',
    when: 'nothing was started',
    of: 'Migration',
    async enter(world) {
      await smallShop(world);
      await start(world, { action: 'Finalize' });
    },
    command: 'Last',
    then: 'Migrated',
  },
];
