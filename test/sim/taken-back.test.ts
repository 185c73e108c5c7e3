import { describe, expect, it } from '@jest/globals';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { seededRandom } from '../../src/base/random.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { parametersName } from '../../src/mesh/istio/vocabulary/gateway.ts';
import { kinds, meshMigration } from '../scenarios/manifests.ts';
import { oneIn } from '../support/sample.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { SimOperator } from './sim-operator.ts';
import {
  backToSidecars,
  takenBackThroughWaypoint,
  takenBackToWaypoint,
  thereThroughWaypoint,
} from './there-and-back.ts';

/**
 * The operator dies right after its write number `write`; before it is back, somebody asks for a rollback, and perhaps
 * loses its record.
 */
async function takenBackAt(scenario: Scenario, write: number, recordLost: boolean): Promise<void> {
  const { name } = scenario;
  let taken = 0;
  await runOnSimulation(scenario, {
    arrange(cluster, incarnations) {
      const client = new KubeClient({
        transport: cluster.admin,
        clock: cluster.clock,
        random: seededRandom(1),
        fieldManager: 'kubectl',
      });
      const { signal } = new AbortController();
      async function takeBack(): Promise<void> {
        // Between the ConfigMap and its Gateway only the record tells that there is something: then it must not be lost
        // as well.
        const {
          items: [gateway],
        } = await client.list(kinds.Gateway, { namespace: name, signal });
        const { items: configMaps } = await client.list(kinds.ConfigMap, { namespace: name, signal });
        const onlyHidden = gateway === undefined && configMaps.some(({ metadata }) => metadata.name === parametersName);
        if (recordLost && !onlyHidden) {
          await client.delete(namespaceMigrations, name, name, { signal }).catch((error: unknown) => {
            if (!(error instanceof NotFoundError)) throw error;
          });
        }
        await client.mergePatch(meshMigrations, undefined, name, { spec: { action: 'Rollback' } }, { signal });
        taken += 1;
        await incarnations.start();
      }
      incarnations.killAt([{ write, when: 'after' }]);
      incarnations.onKilled = () => {
        cluster.clock.timer(500, () => {
          void takeBack();
        });
      };
    },
  });
  expect(taken).toBe(1);
}

/**
 * The operator dies right before its `nth` write since the migration is to be finalized; before it is back, somebody
 * thinks better of it. Returns how it ends.
 */
async function takenBackFromGood(nth: number): Promise<string> {
  let ended = '';
  let operator: SimOperator | undefined;
  await runOnSimulation(
    {
      name: 'taken-back-from-good',
      async run(world) {
        await smallShop(world);
        const before = await world.snapshot();
        await world.create(meshMigration(world.name, { names: [world.ns()] }));
        await world.phase('Migrated');
        await world.pause(5000);
        const killed = new Promise<void>((resolve) => {
          if (operator !== undefined) operator.onKilled = resolve;
        });
        operator?.killAt([{ write: operator.writes + nth, when: 'before' }]);
        await world.edit({ action: 'Finalize' });
        await killed;
        await world.edit({ action: 'Rollback' });
        await world.operator.start();
        const child = await world.eventually('it has ended', async () =>
          [await world.child()].find(({ status }) => ['RolledBack', 'Finalized'].includes(status?.writtenPhase ?? '')),
        );
        ended = child.status?.writtenPhase ?? '';
        await world.phase(ended);
        if (ended === 'RolledBack') await world.restored(before);
        else await world.modesAre({ Ambient: 3 });
      },
    },
    {
      arrange(_cluster, incarnations) {
        operator = incarnations;
      },
    },
  );
  return ended;
}

/** The writes to be killed after, counted from 1; a sample takes others with the record than without. */
function writesOf(writes: number, recordLost: boolean): readonly number[] {
  return oneIn(
    12,
    Array.from({ length: writes }, (_, index) => index + 1),
    recordLost ? 2 : 0,
  );
}

describe('a migration through a waypoint that is taken back', () => {
  it.each([
    ['with its record', false],
    ['without its record, which was lost', true],
  ])(
    'leaves nothing, after whichever write, %s',
    async (_title, recordLost) => {
      const { writes } = await runOnSimulation(thereThroughWaypoint, {});
      expect(writes).toBeGreaterThan(20);
      for (const write of writesOf(writes, recordLost)) await takenBackAt(takenBackThroughWaypoint, write, recordLost);
    },
    600_000,
  );

  it.each([
    ['with its record', false],
    ['without its record, which was lost', true],
  ])(
    'leaves nothing on the way from a waypoint to sidecars either, %s',
    async (_title, recordLost) => {
      const { writes } = await runOnSimulation(backToSidecars, {});
      expect(writes).toBeGreaterThan(20);
      for (const write of writesOf(writes, recordLost)) await takenBackAt(takenBackToWaypoint, write, recordLost);
    },
    600_000,
  );
});

describe('a migration that is being finalized', () => {
  it('is finalized once the journal is removed, and back before, whatever is wanted by the next process', async () => {
    const ends: string[] = [];
    for (let nth = 1; ends.at(-1) !== 'Finalized'; nth += 1) ends.push(await takenBackFromGood(nth));

    expect(ends.join(' ')).toMatch(/^(RolledBack )+Finalized$/);
  });
});
