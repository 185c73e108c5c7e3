import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { allowGet, httpPort, nothingLeft, shop, stalled } from './http.ts';
import { atStep } from './late-findings.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';
import type { World } from './world.ts';

function numbers<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** One rule with so many callers, each of which may GET each of as many paths. */
function manyCallers(home: string, count: number): KubeObject {
  return object('AuthorizationPolicy', home, 'many', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [
      {
        from: numbers(count, (index) => ({ source: { principals: [`cluster.local/ns/${home}/sa/a${index}`] } })),
        to: numbers(count, (index) => ({ operation: { methods: ['GET'], paths: [`/p${index}`] } })),
      },
    ],
  });
}

/** More callers and paths, rule by rule, than one look may compare. */
function tooMany(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'too-many', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    // A CRD of Istio has room for 512 rules.
    rules: numbers(500, (index) => ({
      from: [{ source: { principals: numbers(6, (each) => `cluster.local/ns/${home}/sa/a${index}-${each}`) } }],
      to: [{ operation: { paths: numbers(6, (each) => `/p${index}-${each}/*`) } }],
    })),
  });
}

/** A namespace of somebody else, with one Service. */
async function tenant(
  world: World,
  policy: KubeObject,
  behaviour: Readonly<Record<string, string>> = {},
): Promise<string> {
  const home = world.ns('mallory');
  await world.create(
    namespace(home),
    strict(home),
    service(home, 'api', {}, httpPort),
    policy,
    deployment(home, 'api', { replicas: 2, behaviour }),
  );
  await world.podsReady(2, home);
  return home;
}

/** Long enough that something can come while one of them starts. */
const slow = { [podBehaviour.readyAfterMs]: '8000' };

/** Shorter than what is too large stays so. */
const hasty = { progressDeadline: '45s' };

/**
 * What comes for one namespace while it is on its way and cannot be proven keeps it where it is, for as long as it
 * takes, and takes it nowhere. Others go on as ever.
 */
function tooLargeAt(
  step: string,
  name: string,
  policy: (mallory: string) => KubeObject,
  flags: Pick<Scenario, 'disturbs' | 'simulationOnly'> = {},
): Scenario {
  const isOfTenant = flags.disturbs !== true;
  return {
    name,
    ...flags,
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home));
      const mallory = await tenant(world, allowGet(world.ns('mallory')), slow);
      const large = policy(mallory);
      const said = new RegExp(`MM119 .*${large.metadata.name}`);
      await world.create(
        meshMigration(world.name, { names: [home, mallory] }, { ...callersOf(home, mallory), restart: hasty }),
      );
      await atStep(world, step, mallory);
      await world.create(large);
      try {
        assert.match(await stalled(world, 'HeldByFinding', mallory), said);
        if (isOfTenant) await world.childPhase('Migrated');
        await world.pause(60_000);
        assert.match(await stalled(world, 'HeldByFinding', mallory), said);
        const { status } = await world.child(mallory);
        assert.equal(status?.phase, 'Migrating');
        assert.ok(
          status.findings?.some(({ id, severity }) => id === 'MM119' && severity === 'Critical'),
          'it is named',
        );
      } finally {
        await world.delete(kinds.AuthorizationPolicy, large.metadata.namespace ?? '', large.metadata.name);
      }
      await world.childPhase('Migrated');
      const { status } = await world.childPhase('Migrated', mallory);
      assert.equal(status?.failure, undefined);
      assert.equal(status?.attempt, 1);
      assert.ok(status.findings?.every(({ id }) => id !== 'MM119') ?? true, 'it is over');
      assert.equal((await world.migration()).status?.namespaces?.failed, 0);
    },
  };
}

function callersOf(...homes: readonly string[]): Parameters<typeof meshMigration>[2] {
  return { callers: homes.map((home) => ({ namespace: home, from: [] })) };
}

/** What a tenant writes costs the operator no more than it may, and others nothing. */
export const tenantScenarios: readonly Scenario[] = [
  {
    name: 'tenant-many-callers',
    async run(world) {
      const home = world.ns();
      const mallory = await tenant(world, manyCallers(world.ns('mallory'), 75));
      await shop(world, allowGet(home));
      await world.create(meshMigration(world.name, { names: [home, mallory] }, callersOf(home, mallory)));
      await world.childPhase('Migrated');
      await world.childPhase('Migrated', mallory);
    },
  },
  {
    name: 'tenant-too-large',
    async run(world) {
      const home = world.ns();
      const mallory = await tenant(world, tooMany(world.ns('mallory')));
      await shop(world, allowGet(home));
      await world.create(meshMigration(world.name, { names: [home, mallory] }, callersOf(home, mallory)));
      await world.childPhase('Migrated');
      const { status } = await world.childPhase('Blocked', mallory);
      const found = status?.findings?.find(({ id }) => id === 'MM119');
      assert.equal(found?.object, `AuthorizationPolicy ${mallory}/too-many`);
    },
  },
  {
    // It is proven meanwhile, for everybody in his usual time.
    name: 'tenant-many-callers-late',
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home));
      const mallory = await tenant(world, allowGet(world.ns('mallory')), slow);
      await world.create(meshMigration(world.name, { names: [home, mallory] }, callersOf(home, mallory)));
      await atStep(world, 'RestartWorkloads', mallory);
      await world.create(manyCallers(mallory, 75));
      for (const each of [home, mallory]) assert.equal((await world.childPhase('Migrated', each)).status?.attempt, 1);
    },
  },
  tooLargeAt('RestartWorkloads', 'tenant-too-large-late', tooMany),
  tooLargeAt('EnsureWaypoint', 'tenant-too-large-early', tooMany, { simulationOnly: true }),
  tooLargeAt('RestartWorkloads', 'mesh-too-large-late', () => tooMany('istio-system'), {
    disturbs: true,
    simulationOnly: true,
  }),
  {
    name: 'tenant-too-large-comes-back',
    simulationOnly: true,
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }, callersOf(home)));
      await world.childPhase('Migrated');
      await world.create(tooMany(home));
      assert.match(
        await stalled(world, 'CannotBeMade'),
        /more steps to work out than one look may take; the largest is AuthorizationPolicy [\w-]+\/too-many/,
      );
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Sidecar: 3 });
      await nothingLeft(world);
      await world.delete(kinds.AuthorizationPolicy, home, 'too-many');
      await world.restored(before);
    },
  },
];
