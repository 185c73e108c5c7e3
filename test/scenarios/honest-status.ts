import assert from 'node:assert/strict';
import { journalAnnotation } from '../../src/api/resources.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { barePod, deployment, kinds, meshMigration, namespace } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const events: Resource = { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };

/** Waits until the MeshMigration is Stalled for this reason, and returns the message. */
async function stalled(world: World, reason: string): Promise<string> {
  return await world.eventually(`Stalled ${reason}`, async () => {
    const { metadata, status } = await world.migration();
    const condition = status?.conditions?.find(({ type }) => type === 'Stalled');
    const current =
      condition?.observedGeneration === metadata.generation &&
      condition?.status === 'True' &&
      condition.reason === reason;
    return current ? condition.message : undefined;
  });
}

async function reasons(world: World, home: string): Promise<readonly string[]> {
  const { items } = await world.client.list<
    KubeObject & { readonly reason?: string; readonly regarding?: { readonly kind?: string } }
  >(events, { namespace: home, signal: world.signal });
  return items.filter(({ regarding }) => regarding?.kind === 'NamespaceMigration').map(({ reason = '' }) => reason);
}

/** What the status says when things are not as one would like to hear. */
export const honestStatusScenarios: readonly Scenario[] = [
  {
    name: 'pods-left',
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home), deployment(home, 'web'), barePod(home, 'bare'));
      await world.podsReady(2);
      await world.create(meshMigration(world.name, { names: [home, `${home}-misspelt`] }));
      const { status } = await world.childPhase('Incomplete');
      assert.match(
        status?.message ?? '',
        /1 pod of the old data plane left: pod bare has no controller .*kubectl get pods -n/,
      );
      const message = await stalled(world, 'PodsLeft');
      assert.match(message, /0 of 1 namespace migrated, 1 incomplete/);
      assert.match(message, new RegExp(`MM003 Namespace ${home}-misspelt`));
      assert.deepEqual(
        (await world.migration()).status?.attention?.map(({ phase }) => phase),
        ['Incomplete'],
      );

      await world.edit({ action: 'Finalize' });
      assert.match(await stalled(world, 'PodsLeft'), new RegExp(`not finalized, .*${home}`));
      assert.notEqual((await world.snapshot()).annotations[journalAnnotation], undefined);
      await world.delete(kinds.Pod, home, 'bare');
      await world.phase('Finalized');

      await world.edit({ action: 'Rollback' });
      assert.match(await stalled(world, 'NoWayBack'), new RegExp(`no way back for 1 finalized namespace: ${home}`));
      assert.equal((await world.migration()).status?.phase, 'Finalized');
      await world.modesAre({ Ambient: 1 });
    },
  },
  {
    name: 'told-again',
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home), deployment(home, 'web'));
      await world.podsReady(1);
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      await world.command('RollingBack', home);
      const { status } = await world.childPhase('RolledBack');
      assert.match(
        status?.message ?? '',
        new RegExp(`rolled back by scenario at .*kubectl patch nsm ${world.name} -n ${home}`),
      );
      await world.command('Migrating', home);
      await world.phase('Migrated');
      const told = await world.eventually('events of the second attempt', async () => {
        const all = await reasons(world, home);
        return all.filter((reason) => reason === 'Migrated').length === 2 ? all : undefined;
      });
      assert.equal(told.filter((reason) => reason === 'Flip').length, 2);
    },
  },
];
