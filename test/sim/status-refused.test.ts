import { describe, expect, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { journalAnnotation } from '../../src/api/resources.ts';
import { meshMigration } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { plain } from './caller-and-called.ts';
import type { FaultyTransport } from './apiserver/faults.ts';
import { runOnSimulation } from './run-scenario.ts';

const minuteMs = 60_000;
/** In ten minutes. */
const leaseWrites = 300;

interface Cluster {
  readonly line: FaultyTransport;
  /** From now on the API server refuses the status of the MeshMigration, where `body` matches what is to be written. */
  readonly refuse: (status: 403 | 422 | 500, body?: RegExp) => void;
}

/** One namespace, migrated. */
async function run(story: (world: World, cluster: Cluster) => Promise<void>): Promise<void> {
  let line: FaultyTransport | undefined;
  await runOnSimulation(
    {
      name: 'noted',
      async run(world) {
        await plain(world, world.ns());
        await world.create(meshMigration(world.name, { names: [world.ns()] }));
        await world.phase('Migrated');
        const there = line;
        if (there === undefined) throw new Error('no line');
        const refuse: Cluster['refuse'] = (status, body) => {
          there.add({
            match: { method: 'PATCH', path: /\/meshmigrations\/[^/]+\/status/, ...(body && { body }) },
            times: Infinity,
            fault: { kind: 'Refuse', status },
          });
        };
        await story(world, { line: there, refuse });
      },
    },
    {
      arrange(_cluster, _operator, given) {
        line = given;
      },
    },
  );
}

async function stalled(world: World, words: RegExp): Promise<string> {
  return await world.eventually(
    String(words),
    async () => {
      const found = stalledBy((await world.child()).status?.conditions);
      return found?.reason === 'RecordRefused' && words.test(found.message) ? found.message : undefined;
    },
    10 * minuteMs,
  );
}

describe('a MeshMigration whose status is refused', () => {
  it.each<[403 | 422 | 500]>([[403], [422], [500]])(
    'is told by a namespace that waits until it has noted its way back, and that goes on by itself: %s',
    async (status) => {
      await run(async (world, { line, refuse }) => {
        refuse(status);
        await world.command('RollingBack', world.ns());
        const message = await stalled(
          world,
          /^everything is back; waiting until the MeshMigration has noted .* but its status cannot be written: PATCH .*meshmigrations\/noted\/status/,
        );
        expect(message).toMatch(/it is tried again by itself, each minute at the latest$/);
        await world.modesAre({ Sidecar: 1 });
        const before = line.writes;
        await world.pause(10 * minuteMs);
        expect(line.writes - before).toBeLessThan(leaseWrites + 20);
        line.heal();
        await world.childPhase('RolledBack', world.ns(), 2 * minuteMs);
        expect(stalledBy((await world.child()).status?.conditions)?.reason).toBe('RolledBack');
      });
    },
  );

  it('is told by a namespace that is to start again', async () => {
    await run(async (world, { line, refuse }) => {
      await world.command('RollingBack', world.ns());
      await world.childPhase('RolledBack');
      refuse(403);
      await world.command('Migrating', world.ns());
      await stalled(
        world,
        /^waiting until the MeshMigration has noted that it is to start again, but its status cannot be written: /,
      );
      line.heal();
      await world.phase('Migrated');
    });
  });

  it('has what the rest of its status says stored where the schema refuses one entry only', async () => {
    await run(async (world, { line, refuse }) => {
      await world.operator.kill();
      await world.patch('Namespace', undefined, world.ns(), {
        metadata: { annotations: { [journalAnnotation]: null } },
      });
      refuse(422, /"attempt":0/);
      await world.operator.start();
      await world.phase('Blocked');
      expect((await world.migration()).status?.returned).toBeUndefined();
      const before = line.writes;
      await world.pause(10 * minuteMs);
      expect(line.writes - before).toBeLessThan(leaseWrites + 20);
      line.heal();
      await world.eventually(
        'noted',
        async () => ((await world.migration()).status?.returned?.[0]?.reason === 'JournalLost' ? true : undefined),
        2 * minuteMs,
      );
    });
  });
});
