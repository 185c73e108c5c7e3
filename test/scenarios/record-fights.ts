import assert from 'node:assert/strict';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { bounded, fighter, fightMs, perFight } from './fights.ts';
import { kinds, meshMigration, namespace } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';
import { watchWrites } from './write-watch.ts';

function isGone(error: unknown): false {
  if (error instanceof NotFoundError) return false;
  throw error;
}

/** What the operator writes to objects of its own and does not last is written less and less often too. */
export const recordFightScenarios: readonly Scenario[] = [
  {
    // Somebody takes the finalizer off the migration: it is put back less and less often.
    name: 'fought-finalizer',
    async run(world) {
      await smallShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.childPhase('Migrated');
      const writes = await watchWrites(world, meshMigrations, undefined, ({ metadata }) => metadata.name === world.name);
      const tool = fighter(world, async () => {
        if ((await world.migration()).metadata.finalizers === undefined) return false;
        await world.client.mergePatch(meshMigrations, undefined, world.name, { metadata: { finalizers: null } }, { signal: world.signal });
        return true;
      });
      await bounded(world, writes, tool);
      await tool.leave();
      await writes.stop();
      await world.eventually('the finalizer', async () => ((await world.migration()).metadata.finalizers === undefined ? undefined : true));
    },
  },
  {
    // Somebody deletes the record of a migrated namespace, and makes one where none is to be: both are undone less and less often.
    name: 'fought-records',
    async run(world) {
      await smallShop(world);
      const stray = world.ns('stray');
      await world.create(namespace(stray));
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      const { spec } = await world.childPhase('Migrated');
      const { client, signal, name } = world;
      const deletes = fighter(world, async () => await client.delete(namespaceMigrations, world.ns(), name, { signal }).then(() => true, isGone));
      const makes = fighter(world, async () => {
        if (await client.get(namespaceMigrations, stray, name, signal).then(() => true, isGone)) return false;
        await client.apply(namespaceMigrations, { metadata: { name, namespace: stray }, spec }, { signal });
        return true;
      });
      await world.pause(fightMs);
      assert.ok(deletes.times <= perFight && makes.times <= perFight, `deleted ${deletes.times}, made ${makes.times} times`);
      assert.ok(deletes.times >= 5 && makes.times >= 5, 'neither is given up');
      await Promise.all([deletes.leave(), makes.leave()]);
      await world.childPhase('Migrated', world.ns(), 5 * 60_000);
    },
  },
  {
    // The CRDs are older than the operator: a field of the status is not kept. Nothing is done that would follow from it, and it goes on with the CRDs of now.
    name: 'status-not-kept',
    disturbs: true,
    async run(world) {
      await smallShop(world);
      const definition = 'namespacemigrations.meshmigration.dev';
      const path = '/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/podsObservedAt';
      const { client, signal } = world;
      await client.jsonPatch(kinds.CustomResourceDefinition, undefined, definition, [{ op: 'remove', path }], { signal });
      try {
        await world.pause(2000);
        const before = world.operator.sent?.() ?? 0;
        await world.create(meshMigration(world.name, { names: [world.ns()] }));
        await world.pause(fightMs);
        assert.ok((world.operator.sent?.() ?? 0) - before <= perFight, 'it is tried again, less and less often');
      } finally {
        await client.jsonPatch(kinds.CustomResourceDefinition, undefined, definition, [{ op: 'add', path, value: { type: 'string', format: 'date-time' } }], { signal });
      }
      await world.childPhase('Migrated');
    },
  },
];
