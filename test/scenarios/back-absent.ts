import assert from 'node:assert/strict';
import { journalAnnotation, meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { httpPort } from './http.ts';
import { deployment, meshMigration, namespace, object } from './manifests.ts';
import { allowNoRecord, allowRecord } from './records-refused.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';
import type { World } from './world.ts';

/** `a` calls `b`, which needs a waypoint. */
async function callerAndCalled(world: World, a: string, b: string): Promise<void> {
  const readers = { from: [{ source: { namespaces: [a] } }], to: [{ operation: { methods: ['GET'] } }] };
  await world.create(namespace(a), deployment(a, 'web'), namespace(b), service(b, 'api', {}, httpPort));
  await world.create(object('AuthorizationPolicy', b, 'readers', { action: 'ALLOW', rules: [readers] }), deployment(b, 'api'));
  await world.podsReady(1, a);
  await world.podsReady(1, b);
}

async function stalled(world: World, home: string, reason: string, pattern: RegExp): Promise<void> {
  await world.eventually(`${home} Stalled by ${reason}`, async () =>
    ((await world.child(home)).status?.conditions?.some((each) => each.type === 'Stalled' && each.status === 'True' && each.reason === reason && pattern.test(each.message)) === true ? true : undefined));
}

async function migrationStalled(world: World, pattern: RegExp): Promise<void> {
  await world.eventually('the migration is Stalled', async () =>
    ((await world.migration()).status?.conditions?.some(({ type, status, message }) => type === 'Stalled' && status === 'True' && pattern.test(message)) === true ? true : undefined));
}

async function answered(world: World, home: string, pattern: RegExp): Promise<void> {
  await world.eventually('the answer', async () =>
    ((await world.child(home)).status?.conditions?.some(({ type, message }) => type === 'CommandRejected' && pattern.test(message)) === true ? true : undefined));
}

async function completed(world: World, home: string, step: string): Promise<string> {
  return (await world.child(home)).status?.steps?.find(({ name }) => name === step)?.completedAt ?? '';
}

/** `b` is sealed behind its waypoint by a migration of its own, before `a` goes back. */
function sealed(name: string, isGone: boolean): Scenario {
  return {
    name,
    simulationOnly: true,
    async run(world) {
      const [a, b, other] = [world.ns('a'), world.ns('b'), world.ns('other')];
      await callerAndCalled(world, a, b);
      await world.create(meshMigration(world.name, { names: [a] }));
      await world.phase('Migrated');
      await world.create(meshMigration(other, { names: [b] }));
      await world.phase('Migrated', other);
      await world.edit({ action: 'Finalize' }, other);
      await world.phase('Finalized', other);
      if (isGone) {
        await world.delete(meshMigrations, undefined, other);
        await world.gone(meshMigrations, undefined, other);
      }
      await world.command('RollingBack', a);
      await answered(world, a, new RegExp(`calls to ${b} would be refused for as long as these stay behind their waypoints`));
      await world.edit({ action: 'Rollback' });
      await stalled(world, a, 'WouldBeRefused', new RegExp(`calls from here to ${b} would be refused`));
      await world.modesAre({ Ambient: 1 }, a);
      await world.edit({ policies: { bypass: 'FailClosed' } });
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 1 }, a);
      await world.modesAre({ Ambient: 1 }, b);
    },
  };
}

/** Whoever goes back is held at the guard of whom it calls, also where nothing but the guard tells of that one. */
export const backAbsentScenarios: readonly Scenario[] = [
  {
    name: 'back-past-unrecorded',
    simulationOnly: true,
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await callerAndCalled(world, a, b);
      const before = [await world.snapshot(a), await world.snapshot(b)] as const;
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      await allowNoRecord(world, b);
      await world.delete(namespaceMigrations, b, world.name);
      await migrationStalled(world, new RegExp(`^${b}: its NamespaceMigration ${world.name} cannot be created`));
      await world.edit({ action: 'Rollback' });
      await stalled(world, a, 'RollbackStuck', new RegExp(`pods of ${b} would refuse sidecars from here.* ${b} does not go on: its NamespaceMigration ${world.name} cannot be created`));
      await world.modesAre({ Ambient: 1 }, a);
      await allowRecord(world, b);
      await world.phase('RolledBack');
      assert.ok(await completed(world, b, 'RestoreWorkloads') <= await completed(world, a, 'RestoreWorkloads'), 'whoever is called was to have its sidecars back first');
      await world.restored(before[0], a);
      await world.restored(before[1], b);
    },
  },
  {
    name: 'back-past-lost-journal',
    disturbs: true,
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await callerAndCalled(world, a, b);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      await world.operator.kill();
      await world.patch('Namespace', undefined, b, { metadata: { annotations: { [journalAnnotation]: null } } });
      await world.operator.start();
      await world.childPhase('Blocked', b);
      await world.command('RollingBack', a);
      await answered(world, a, new RegExp(`calls to ${b} would be refused for as long as these stay behind their waypoints`));
      await world.edit({ action: 'Rollback' });
      await stalled(world, a, 'WouldBeRefused', new RegExp(`calls from here to ${b} would be refused.* without a journal`));
      await world.modesAre({ Ambient: 1 }, a);
      await world.edit({ policies: { bypass: 'FailClosed' } });
      await world.childPhase('RolledBack', a);
      await world.modesAre({ Sidecar: 1 }, a);
      await world.modesAre({ Ambient: 1 }, b);
    },
  },
  sealed('back-past-finalized', false),
  sealed('back-past-finalized-and-gone', true),
  {
    name: 'called-of-unrecorded',
    simulationOnly: true,
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await callerAndCalled(world, a, b);
      await allowNoRecord(world, a);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await stalled(world, b, 'WaitsForOthers', new RegExp(`its callers in ${a} .*, but ${a} stands still: its NamespaceMigration ${world.name} cannot be created`));
      await migrationStalled(world, new RegExp(`its NamespaceMigration ${world.name} cannot be created|${b}: `));
      await world.modesAre({ Sidecar: 1 }, b);
      await allowRecord(world, a);
      await world.phase('Migrated');
    },
  },
];
