import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { appliedAnnotation } from '../../src/api/resources.ts';
import { parametersName } from '../../src/mesh/istio/vocabulary/gateway.ts';
import { sealOf } from '../../src/mesh/seal.ts';
import { allowGet, denyDelete, made, nothingLeft, shop } from './http.ts';
import { kinds, meshMigration, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';
import { watchWrites } from './write-watch.ts';

const copyOf = 'meshmigration.dev/copy-of';

/** As long as names of policies may be: of that much no name of a copy has room. */
function long(end: string): string {
  return `${'deny-'.padEnd(60, 'x')}${end}`;
}

/**
 * What their copies' names are hashed from gives `fa2a0f68…` for both in the namespace `names-alike`: such a pair is
 * found in half a second.
 */
const alike = [
  [long('zwt'), 'DELETE'],
  [long('1z8v'), 'PUT'],
] as const;

function deny(home: string, name: string, method: string): KubeObject {
  return object('AuthorizationPolicy', home, name, {
    selector: { matchLabels: { app: 'api' } },
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: [method] } }] }],
  });
}

async function policiesOfOurs(world: World): Promise<readonly KubeObject[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return items.filter(({ metadata }) => metadata.annotations?.[appliedAnnotation] !== undefined);
}

/** What is made besides, under the same names as ever. */
const waypoint = [
  ['Gateway', 'waypoint'],
  ['ConfigMap', parametersName],
] as const;

/** Gives everything that was made the names and seals that earlier versions gave: eight and sixteen digits. */
async function renamed(world: World): Promise<void> {
  for (const {
    metadata: { name: now, labels = {}, annotations = {} },
    spec,
  } of await policiesOfOurs(world)) {
    const [name, namespace] = [now.slice(0, now.lastIndexOf('-') + 9), world.ns()];
    const seal = sealOf({ kind: 'AuthorizationPolicy', namespace, name, labels, annotations, spec }).slice(0, 16);
    await world.create({
      kind: 'AuthorizationPolicy',
      metadata: { name, namespace, labels, annotations: { ...annotations, [appliedAnnotation]: seal } },
      spec,
    });
    await world.delete(kinds.AuthorizationPolicy, namespace, now);
  }
  for (const [kind, name] of waypoint) {
    const {
      metadata: { annotations = {} },
    } = await world.client.get(kinds[kind], world.ns(), name, world.signal);
    await world.patch(kind, world.ns(), name, {
      metadata: { annotations: { [appliedAnnotation]: annotations[appliedAnnotation]?.slice(0, 16) } },
    });
  }
}

/** By original: how many copies there are. */
async function copies(world: World): Promise<readonly string[]> {
  return (await policiesOfOurs(world)).flatMap(({ metadata }) => metadata.annotations?.[copyOf] ?? []).toSorted();
}

/** Migrated by an operator of before, and looked after by one of now. */
function upgraded(name: string, wayBack: boolean): Scenario {
  return {
    name,
    disturbs: true,
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home), denyDelete(home));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated');
      const [names, originals] = [await made(world), await copies(world)];
      await world.operator.kill();
      await renamed(world);
      assert.notDeepEqual(await made(world), names);
      if (!wayBack) {
        await world.operator.start();
        await world.eventually('the names of now, and none of before', async () => {
          const there = await copies(world);
          assert.deepEqual([...new Set(there)], originals, 'no rule is in neither');
          return JSON.stringify(await made(world)) === JSON.stringify(names) ? true : undefined;
        });
        assert.deepEqual(await copies(world), originals);
        await world.eventually('Ready', async () =>
          (await world.child()).status?.conditions?.some(
            ({ type, status }) => type === 'Ready' && status === 'True',
          ) === true
            ? true
            : undefined,
        );
      }
      await world.command('RollingBack', home);
      if (wayBack) await world.operator.start();
      await world.childPhase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
    },
  };
}

/** Names that look alike where they are cut, and names that earlier versions gave. */
export const alikeNameScenarios: readonly Scenario[] = [
  {
    name: 'names-alike',
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home), ...alike.map(([name, method]) => deny(home, name, method)));
      const before = await world.snapshot();
      const writes = await watchWrites(
        world,
        kinds.AuthorizationPolicy,
        home,
        ({ metadata }) => metadata.annotations?.[copyOf]?.includes('/deny-') === true,
      );
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated');
      assert.deepEqual(
        await copies(world),
        [...alike.map(([name]) => name), 'readers'].map((name) => `AuthorizationPolicy/${home}/${name}`).toSorted(),
      );
      assert.ok(writes.count <= 10, `${writes.count} writes of two copies and their statuses`);
      await writes.stop();
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  upgraded('names-of-before', false),
  upgraded('names-of-before-back', true),
];
