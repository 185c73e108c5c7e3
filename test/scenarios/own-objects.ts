import assert from 'node:assert/strict';
import { managedBy, managedByLabel, migrationLabel } from '../../src/api/resources.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { parametersName } from '../../src/mesh/istio/vocabulary/gateway.ts';
import { allowGet, denyDelete, made, shop } from './http.ts';
import { kinds, meshMigration } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

async function policies(world: World): Promise<readonly KubeObject[]> {
  return (await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal })).items;
}

/** What is the operator's and what only looks like it. */
export const ownObjectScenarios: readonly Scenario[] = [
  {
    // A name that we need is the user's: his object is neither merged into nor deleted, also where nobody watches its
    // kind.
    name: 'parameters-taken',
    async run(world) {
      const home = world.ns();
      const theirs = { service: '{"spec":{"type":"ClusterIP"}}' };
      await shop(world, allowGet(home), {
        kind: 'ConfigMap',
        metadata: { name: parametersName, namespace: home },
        data: theirs,
      });
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('RolledBack');
      assert.equal(status?.failure?.reason, 'NameTaken', status?.message);
      assert.match(status.failure.message, /ConfigMap .* is there already and is not the operator's/);
      await world.pause(100_000);
      assert.deepEqual((await world.client.get(kinds.ConfigMap, home, parametersName, world.signal))['data'], theirs);
      assert.deepEqual(await made(world), {});
    },
  },
  {
    // A label is copied with the object: it must not take a policy out of the checks, nor make it one that is deleted.
    name: 'labelled-policy',
    async run(world) {
      const home = world.ns();
      const deny = denyDelete(home);
      await shop(world, {
        ...deny,
        metadata: {
          ...deny.metadata,
          labels: {
            [managedByLabel]: managedBy,
            'meshmigration.dev/step': 'CopyPolicies',
            'meshmigration.dev/role': 'Copy',
          },
        },
      });
      await world.create(meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } }));
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.itinerary, 'L7', 'what it denies needs HTTP');
      assert.ok(
        status.findings?.some(
          ({ id, object: about }) => id === 'MM110' && about === `AuthorizationPolicy ${home}/no-delete`,
        ),
        JSON.stringify(status.findings),
      );
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      assert.deepEqual(
        (await policies(world)).map(({ metadata }) => metadata.name),
        ['no-delete'],
        "the user's policy is still there, and nothing else",
      );
    },
  },
  {
    // An exported copy that is applied again under another name is the user's.
    name: 'exported-copy',
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home));
      await world.create(meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } }));
      await world.childPhase('Migrated');
      const guard = (await policies(world)).find(
        ({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'Guard',
      );
      assert.ok(guard);
      const { labels, annotations } = guard.metadata;
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      assert.deepEqual(await made(world), {});
      await world.create({
        kind: 'AuthorizationPolicy',
        metadata: { name: 'from-git', namespace: home, ...(labels && { labels }), ...(annotations && { annotations }) },
        spec: guard['spec'],
      });
      await world.command('Migrating', home);
      await world.eventually("it counts as the user's", async () =>
        (await world.child()).status?.findings?.some(
          ({ id, object: about }) => id === 'MM110' && about === `AuthorizationPolicy ${home}/from-git`,
        ) === true
          ? true
          : undefined,
      );
      await world.delete(kinds.AuthorizationPolicy, home, 'from-git');
      await world.childPhase('Migrated');
    },
  },
  {
    // istiod reads annotations of a Gateway: whoever sets one has changed the waypoint, and taking it back is enough.
    name: 'annotated-waypoint',
    async run(world) {
      const home = world.ns();
      const key = 'networking.istio.io/service-type';
      await shop(world, allowGet(home));
      await world.create(meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } }));
      await world.childPhase('Migrated');
      await world.patch('Gateway', home, 'waypoint', { metadata: { annotations: { [key]: 'NodePort' } } });
      await world.eventually('it is said', async () =>
        /Gateway .* was changed by someone else/.test((await world.child()).status?.message ?? '') ? true : undefined,
      );
      await world.patch('Gateway', home, 'waypoint', { metadata: { annotations: { [key]: null } } });
      await world.eventually('it is settled', async () =>
        (await world.child()).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
        true
          ? true
          : undefined,
      );
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      assert.deepEqual(await made(world), {});
    },
  },
  {
    // What another migration has made and finalized stays, however much it is like ours: also where nobody watches its
    // kind.
    name: 'parameters-of-another',
    simulationOnly: true,
    async run(world) {
      const home = world.ns();
      const parameters = async (): Promise<KubeObject> =>
        await world.client.get(kinds.ConfigMap, home, parametersName, world.signal);
      await shop(world, allowGet(home));
      await world.create(meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } }));
      await world.childPhase('Migrated');
      await world.patch('ConfigMap', home, parametersName, { metadata: { labels: { [migrationLabel]: 'another' } } });
      const { uid } = (await parameters()).metadata;
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.pause(100_000);
      assert.equal((await parameters()).metadata.uid, uid);
    },
  },
];
