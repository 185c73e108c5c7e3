import assert from 'node:assert/strict';
import { stalledBy } from '../../src/api/common.ts';
import { journalAnnotation, meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { bounded, fighter, fightMs, perFight } from './fights.ts';
import { kinds, meshMigration, namespace } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';
import { watchWrites } from './write-watch.ts';
import type { World } from './world.ts';

function isGone(error: unknown): false {
  if (error instanceof NotFoundError) return false;
  throw error;
}

/** The migration says what is the matter with an object of the operator's own. */
async function told(world: World, words: RegExp): Promise<void> {
  await world.eventually(`RecordRefused ${words.source}`, async () => {
    const found = stalledBy((await world.migration()).status?.conditions);
    return found?.reason === 'RecordRefused' && words.test(found.message) ? true : undefined;
  });
}

/** What the operator writes to objects of its own and does not last is written less and less often too. */
export const recordFightScenarios: readonly Scenario[] = [
  {
    // Somebody takes the finalizer off the migration: it is put back less and less often.
    name: 'fought-finalizer',
    simulationOnly: true,
    async run(world) {
      await smallShop(world);
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.childPhase('Migrated');
      const writes = await watchWrites(
        world,
        meshMigrations,
        undefined,
        ({ metadata }) => metadata.name === world.name,
      );
      const tool = fighter(world, async () => {
        if ((await world.migration()).metadata.finalizers === undefined) return false;
        await world.client.mergePatch(
          meshMigrations,
          undefined,
          world.name,
          { metadata: { finalizers: null } },
          { signal: world.signal },
        );
        return true;
      });
      await told(world, /its finalizer is taken off again and again: the MeshMigration is also written by scenario/);
      await bounded(world, writes, tool);
      await told(world, /its finalizer is taken off again and again/);
      await tool.leave();
      await writes.stop();
      await world.eventually('nothing is the matter', async () =>
        stalledBy((await world.migration()).status?.conditions) === undefined ? true : undefined,
      );
      await world.eventually('the finalizer', async () =>
        (await world.migration()).metadata.finalizers === undefined ? undefined : true,
      );
    },
  },
  {
    // Somebody deletes the record of a migrated namespace, and makes one where none is to be: both are undone less and
    // less often.
    name: 'fought-records',
    simulationOnly: true,
    async run(world) {
      await smallShop(world);
      const stray = world.ns('stray');
      await world.create(namespace(stray));
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      const { spec } = await world.childPhase('Migrated');
      const { client, signal, name } = world;
      const deletes = fighter(
        world,
        async () => await client.delete(namespaceMigrations, world.ns(), name, { signal }).then(() => true, isGone),
      );
      const makes = fighter(world, async () => {
        if (await client.get(namespaceMigrations, stray, name, signal).then(() => true, isGone)) return false;
        await client.apply(namespaceMigrations, { metadata: { name, namespace: stray }, spec }, { signal });
        return true;
      });
      await told(world, /fought-records: its NamespaceMigration fought-records is deleted again and again/);
      await world.pause(fightMs);
      assert.ok(
        deletes.times <= perFight && makes.times <= perFight,
        `deleted ${deletes.times}, made ${makes.times} times`,
      );
      assert.ok(deletes.times >= 5 && makes.times >= 5, 'neither is given up');
      await Promise.all([deletes.leave(), makes.leave()]);
      await world.childPhase('Migrated', world.ns(), 5 * 60_000);
    },
  },
  notKept('status-not-kept', 'namespacemigrations.meshmigration.dev', 'itinerary', { type: 'string' }),
  notKept('summary-not-kept', 'meshmigrations.meshmigration.dev', 'needAttention', {
    type: 'integer',
    format: 'int32',
  }),
];

/**
 * The CRDs are older than the operator: a field of a status is not kept. Nothing is done that would follow from it, and
 * it goes on with the CRDs of now.
 */
function notKept(name: string, definition: string, field: string, schema: object): Scenario {
  return {
    name,
    disturbs: true,
    simulationOnly: true,
    async run(world) {
      await smallShop(world);
      const path = `/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/${field}`;
      const { client, signal } = world;
      await client.jsonPatch(kinds.CustomResourceDefinition, undefined, definition, [{ op: 'remove', path }], {
        signal,
      });
      try {
        await world.pause(2000);
        const before = world.operator.sent?.() ?? 0;
        await world.create(meshMigration(world.name, { names: [world.ns()] }));
        if (name === 'status-not-kept')
          await told(
            world,
            /cannot be written: the API server does not keep itinerary: install the CRDs of this version/,
          );
        await world.pause(fightMs);
        assert.equal((await world.snapshot()).annotations[journalAnnotation], undefined, 'nothing is begun');
        assert.ok((world.operator.sent?.() ?? 0) - before <= perFight, 'it is tried again, less and less often');
      } finally {
        await client.jsonPatch(
          kinds.CustomResourceDefinition,
          undefined,
          definition,
          [{ op: 'add', path, value: schema }],
          { signal },
        );
      }
      await world.childPhase('Migrated');
    },
  };
}
