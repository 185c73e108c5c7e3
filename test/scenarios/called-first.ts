import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** Only `caller` gets through to the pods of `home`, so nobody else counts as one who may call them. */
function onlyFrom(home: string, caller: string): KubeObject {
  return object('AuthorizationPolicy', home, 'caller', {
    action: 'ALLOW',
    rules: [{ from: [{ source: { namespaces: [caller] } }] }],
  });
}

/** `a` calls `b`, and both have sidecars that are older than ambient. */
async function callerAndCalled(world: World): Promise<void> {
  const [a, b] = [world.ns('a'), world.ns('b')];
  await world.create(
    namespace(a),
    deployment(a, 'web'),
    namespace(b),
    onlyFrom(b, a),
    deployment(b, 'api', { replicas: 2 }),
  );
  await world.podsReady(1, a);
  await world.podsReady(2, b);
}

async function completed(world: World, home: string, step: string): Promise<string> {
  return (await world.child(home)).status?.steps?.find(({ name }) => name === step)?.completedAt ?? '';
}

/** Sidecars are restarted before anybody calls them from ambient. */
export const calledFirstScenarios: readonly Scenario[] = [
  {
    name: 'called-first',
    prepare: callerAndCalled,
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      const [restarted, flipped] = [await completed(world, b, 'RestartForHbone'), await completed(world, a, 'Flip')];
      assert.ok(
        restarted !== '' && restarted <= flipped,
        `${b} was to be restarted (${restarted}) before ${a} changed (${flipped})`,
      );
    },
  },
  {
    name: 'called-stays',
    prepare: callerAndCalled,
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await world.create(meshMigration(world.name, { names: [a] }));
      const { status } = await world.childPhase('Blocked', a);
      assert.deepEqual(
        status?.findings?.filter(({ severity }) => severity === 'Critical').map(({ id, object: it }) => [id, it]),
        [['MM100', `Namespace ${b}`]],
      );
      await world.edit({ restart: { hboneNamespaces: { names: [b] } } });
      await world.childPhase('Migrated', a);
      await world.modesAre({ Sidecar: 2 }, b);
      const { labels, templates } = await world.snapshot(b);
      assert.equal(labels['istio-injection'], 'enabled');
      await world.command('RollingBack');
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 1 }, a);
      const after = await world.snapshot(b);
      assert.deepEqual(after.annotations, {});
      assert.deepEqual(after.templates, templates, 'what was restarted for HBONE was restarted again');
    },
  },
  {
    name: 'called-moves-later',
    prepare: callerAndCalled,
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await world.create(meshMigration(world.name, { names: [a] }, { restart: { hboneNamespaces: { names: [b] } } }));
      await world.phase('Migrated');
      const { conditions } = (await world.childPhase('Migrated', b)).status ?? {};
      assert.match(conditions?.[0]?.message ?? '', /take HBONE; it stays as it is/);
      assert.deepEqual(
        (await world.migration()).status?.conditions?.filter(
          ({ type, status }) => type === 'ScopeLost' && status === 'True',
        ),
        [],
      );
      const { labels, templates } = await world.snapshot(b);
      await world.edit({ namespaces: { names: [a, b] } });
      const { status } = await world.phase('Migrated');
      assert.deepEqual([status?.namespaces?.total, status?.namespaces?.migrated], [2, 2]);
      assert.deepEqual(await world.modes(b), { Ambient: 2 });
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 2 }, b);
      const back = await world.snapshot(b);
      assert.deepEqual([back.labels, back.templates, back.annotations], [labels, templates, {}]);
    },
  },
];
