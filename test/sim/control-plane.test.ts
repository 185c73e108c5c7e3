import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { meshMigration } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { LogMethod } from '../../src/base/log.ts';
import { runOnSimulation } from './run-scenario.ts';

/** A migration that must be blocked by these findings, and change nothing. */
function blockedBy(ids: readonly string[]): Scenario {
  return {
    name: 'control-plane',
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      const { status } = await world.childPhase('Blocked');
      const critical = status?.findings?.filter(({ severity }) => severity === 'Critical').map(({ id }) => id);
      assert.deepEqual(critical, ids);
      await world.restored(before);
    },
  };
}

describe('a control plane that is not fit', () => {
  it('without ambient blocks the migration', async () => {
    await runOnSimulation(blockedBy(['MM010', 'MM012', 'MM013']), { ambient: false });
  });

  it('without the Gateway API blocks the migration', async () => {
    await runOnSimulation(blockedBy(['MM011']), { gatewayApi: false });
  });
});

describe('an API server that cannot be reached at the start', () => {
  it('is reported with its address, and the operator works as soon as it is there', async () => {
    const warnings: string[] = [];
    const warn: LogMethod = (fields, message) => {
      warnings.push(`${message} ${JSON.stringify(fields)}`);
    };
    const quiet: LogMethod = () => {
      /* not looked at */
    };
    const scenario: Scenario = {
      name: 'unreachable',
      async run(world) {
        await smallShop(world);
        await world.create(meshMigration(world.name, { names: [world.ns()] }));
        await world.pause(30_000);
        assert.equal((await world.migration()).status, undefined);
        await world.phase('Migrated');
      },
    };
    await runOnSimulation(scenario, {
      log: { debug: quiet, info: quiet, warn, error: quiet },
      arrange(cluster, _operator, line) {
        line.outage(true);
        cluster.clock.timer(60_000, () => {
          line.outage(false);
        });
      },
    });
    expect(
      warnings.some(
        (warning) =>
          warning.includes('Not ready yet') && warning.includes('"server"') && warning.includes('MeshMigration'),
      ),
    ).toBe(true);
  });
});
