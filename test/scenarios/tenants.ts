import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { allowGet, httpPort, nothingLeft, shop, stalled } from './http.ts';
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
    selector: { matchLabels: { app: 'api' } }, action: 'ALLOW',
    rules: [{
      from: numbers(count, (index) => ({ source: { principals: [`cluster.local/ns/${home}/sa/a${index}`] } })),
      to: numbers(count, (index) => ({ operation: { methods: ['GET'], paths: [`/p${index}`] } })),
    }],
  });
}

/** More callers and paths, rule by rule, than one look may compare. */
function tooMany(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'too-many', {
    selector: { matchLabels: { app: 'api' } }, action: 'ALLOW',
    rules: numbers(3000, (index) => ({ from: [{ source: { principals: [`cluster.local/ns/${home}/sa/a${index}`] } }], to: [{ operation: { paths: [`/p${index}/*`] } }] })),
  });
}

/** A namespace of somebody else, with one Service. */
async function tenant(world: World, policy: KubeObject): Promise<string> {
  const home = world.ns('mallory');
  await world.create(namespace(home), strict(home), service(home, 'api', {}, httpPort), policy, deployment(home, 'api'));
  await world.podsReady(1, home);
  return home;
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
    name: 'tenant-too-large-comes-back',
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }, callersOf(home)));
      await world.childPhase('Migrated');
      await world.create(tooMany(home));
      assert.match(await stalled(world, 'CannotBeMade'), /more steps to work out than one look may take; the largest is AuthorizationPolicy [\w-]+\/too-many/);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Sidecar: 3 });
      await nothingLeft(world);
      await world.delete(kinds.AuthorizationPolicy, home, 'too-many');
      await world.restored(before);
    },
  },
];
