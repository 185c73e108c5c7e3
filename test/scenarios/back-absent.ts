import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { journalAnnotation, meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { httpPort } from './http.ts';
import { deployment, kinds, meshMigration, namespace, object } from './manifests.ts';
import { allowNoRecord, allowRecord } from './records-refused.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';
import type { World } from './world.ts';

function readersOf(a: string, b: string): KubeObject {
  const readers = { from: [{ source: { namespaces: [a] } }], to: [{ operation: { methods: ['GET'] } }] };
  return object('AuthorizationPolicy', b, 'readers', { action: 'ALLOW', rules: [readers] });
}

/** `a` calls `b`, which needs a waypoint. */
async function callerAndCalled(world: World, a: string, b: string, policy = readersOf(a, b)): Promise<void> {
  await world.create(namespace(a), deployment(a, 'web'), namespace(b), service(b, 'api', {}, httpPort));
  await world.create(policy, deployment(b, 'api'));
  await world.podsReady(1, a);
  await world.podsReady(1, b);
}

async function stalled(world: World, home: string, reason: string, pattern: RegExp): Promise<void> {
  await world.eventually(`${home} Stalled by ${reason}`, async () =>
    (await world.child(home)).status?.conditions?.some(
      (each) =>
        each.type === 'Stalled' && each.status === 'True' && each.reason === reason && pattern.test(each.message),
    ) === true
      ? true
      : undefined,
  );
}

async function migrationStalled(world: World, pattern: RegExp): Promise<void> {
  await world.eventually('the migration is Stalled', async () =>
    (await world.migration()).status?.conditions?.some(
      ({ type, status, message }) => type === 'Stalled' && status === 'True' && pattern.test(message),
    ) === true
      ? true
      : undefined,
  );
}

async function answered(world: World, home: string, pattern: RegExp): Promise<void> {
  await world.eventually('the answer', async () =>
    (await world.child(home)).status?.conditions?.some(
      ({ type, message }) => type === 'CommandRejected' && pattern.test(message),
    ) === true
      ? true
      : undefined,
  );
}

async function completed(world: World, home: string, step: string): Promise<string> {
  return (await world.child(home)).status?.steps?.find(({ name }) => name === step)?.completedAt ?? '';
}

/** How a namespace comes to be behind a waypoint that nobody takes back. */
interface Sealing {
  readonly name: string;
  /** Its migration is deleted too. */
  readonly isGone?: true;
  /** What its owner does with the policies once they are his. */
  readonly then?: (world: World, home: string, caller: string) => Promise<void>;
}

/** What decides is the copy, and the guard that was made beside it. */
async function withdrawn(world: World, home: string): Promise<void> {
  await world.delete(kinds.AuthorizationPolicy, home, 'readers');
}

/** As it is now, nothing would be made of it. */
async function withoutHttp(world: World, home: string, caller: string): Promise<void> {
  await world.patch('AuthorizationPolicy', home, 'readers', {
    spec: { rules: [{ from: [{ source: { namespaces: [caller] } }] }] },
  });
}

/** The owner writes for the waypoint himself, and takes away what was copied. */
async function rewritten(world: World, home: string, caller: string): Promise<void> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: home, signal: world.signal });
  const replaced = items.filter(
    ({ metadata }) => metadata.name === 'readers' || metadata.labels?.['meshmigration.dev/role'] === 'Copy',
  );
  for (const { metadata } of replaced) await world.delete(kinds.AuthorizationPolicy, home, metadata.name);
  const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }];
  await world.create(
    object('AuthorizationPolicy', home, 'own', {
      targetRefs,
      action: 'ALLOW',
      rules: [{ from: [{ source: { namespaces: [caller] } }] }],
    }),
  );
}

/** `b` is sealed behind its waypoint by a migration of its own, before `a` goes back. */
function sealed({ name, isGone, then }: Sealing): Scenario {
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
      if (isGone === true) {
        await world.delete(meshMigrations, undefined, other);
        await world.gone(meshMigrations, undefined, other);
      }
      await then?.(world, b, a);
      await world.pause(3000);
      await world.command('RollingBack', a);
      await answered(world, a, new RegExp(`calls to ${b} would be refused for as long as these stay as they are`));
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

/** `b` has lost its journal, so nothing there follows its policies any more. */
function lost({ name, then }: Sealing): Scenario {
  return {
    name,
    disturbs: true,
    ...(then !== undefined && { simulationOnly: true }),
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await callerAndCalled(world, a, b);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      await world.operator.kill();
      await world.patch('Namespace', undefined, b, { metadata: { annotations: { [journalAnnotation]: null } } });
      await world.operator.start();
      await world.childPhase('Blocked', b);
      await then?.(world, b, a);
      await world.pause(3000);
      await world.command('RollingBack', a);
      await answered(world, a, new RegExp(`calls to ${b} would be refused for as long as these stay as they are`));
      await world.edit({ action: 'Rollback' });
      await stalled(
        world,
        a,
        'WouldBeRefused',
        new RegExp(`calls from here to ${b} would be refused.* without a journal`),
      );
      await world.modesAre({ Ambient: 1 }, a);
      await world.edit({ policies: { bypass: 'FailClosed' } });
      await world.childPhase('RolledBack', a);
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
      await stalled(
        world,
        a,
        'RollbackStuck',
        new RegExp(
          `pods of ${b} would refuse sidecars from here.* ${b} does not go on: its NamespaceMigration ${world.name} cannot be created`,
        ),
      );
      await world.modesAre({ Ambient: 1 }, a);
      await allowRecord(world, b);
      await world.phase('RolledBack');
      assert.ok(
        (await completed(world, b, 'RestoreWorkloads')) <= (await completed(world, a, 'RestoreWorkloads')),
        'whoever is called was to have its sidecars back first',
      );
      await world.restored(before[0], a);
      await world.restored(before[1], b);
    },
  },
  lost({ name: 'back-past-lost-journal' }),
  lost({ name: 'back-past-lost-journal-edited', then: withoutHttp }),
  sealed({ name: 'back-past-finalized' }),
  sealed({ name: 'back-past-finalized-and-gone', isGone: true }),
  sealed({ name: 'back-past-withdrawn', then: withdrawn }),
  sealed({ name: 'back-past-withdrawn-and-gone', isGone: true, then: withdrawn }),
  sealed({ name: 'back-past-edited', then: withoutHttp }),
  sealed({ name: 'back-past-rewritten', isGone: true, then: rewritten }),
  {
    name: 'back-past-declared-elsewhere',
    simulationOnly: true,
    async run(world) {
      const [a, b, other] = [world.ns('a'), world.ns('b'), world.ns('other')];
      await callerAndCalled(
        world,
        a,
        b,
        object('AuthorizationPolicy', b, 'no-delete', {
          action: 'DENY',
          rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
        }),
      );
      await world.create(meshMigration(world.name, { names: [a] }));
      await world.phase('Migrated');
      await world.create(
        meshMigration(other, { names: [b] }, { callers: [{ namespace: b, from: [{ namespace: a }] }] }),
      );
      await world.phase('Migrated', other);
      await world.command('RollingBack', a);
      await answered(world, a, new RegExp(`calls to ${b} would be refused for as long as these stay as they are`));
      await world.modesAre({ Ambient: 1 }, a);
    },
  },
  {
    name: 'called-of-unrecorded',
    simulationOnly: true,
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await callerAndCalled(world, a, b);
      await allowNoRecord(world, a);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await stalled(
        world,
        b,
        'WaitsForOthers',
        new RegExp(
          `its callers in ${a} .*, but ${a} stands still: its NamespaceMigration ${world.name} cannot be created`,
        ),
      );
      await migrationStalled(world, new RegExp(`its NamespaceMigration ${world.name} cannot be created|${b}: `));
      await world.modesAre({ Sidecar: 1 }, b);
      await allowRecord(world, a);
      await world.phase('Migrated');
    },
  },
];
