import { describe, expect, it } from '@jest/globals';
import { silentLogger, type Logger } from '../../src/base/log.ts';
import { meshMigration } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { plain } from './caller-and-called.ts';
import type { FaultyTransport } from './apiserver/faults.ts';
import { runOnSimulation } from './run-scenario.ts';

/** In ten minutes: 50 ms, 100 ms and so on to a minute, each half as long at least. */
const mostFailures = 32;

/**
 * Counts the looks that failed. One without any pause would never let the virtual clock get on, so that many end the
 * process.
 */
function counting(line: () => FaultyTransport | undefined): { readonly log: Logger; readonly failed: () => number } {
  let count = 0;
  const note = (message: string): void => {
    if (!message.includes('trying again')) return;
    count += 1;
    if (count > 1000) line()?.heal();
  };
  const log: Logger = {
    ...silentLogger,
    error: (_fields, message) => {
      note(message);
    },
    warn: (_fields, message) => {
      note(message);
    },
  };
  return { log, failed: () => count };
}

/**
 * Two namespaces; while one of them is to start or to go back, the API server does not carry out what is written to it.
 */
async function run(
  story: (world: World, breaks: (namespace: string) => void, heal: () => void) => Promise<void>,
): Promise<number> {
  let line: FaultyTransport | undefined;
  const { log, failed } = counting(() => line);
  await runOnSimulation(
    {
      name: 'failing',
      run: async (world) => {
        const breaks = (namespace: string): void => {
          line?.add({
            match: { method: 'PATCH', path: new RegExp(`/namespaces/${namespace}\\?`) },
            times: Infinity,
            fault: { kind: 'Refuse', status: 500 },
          });
        };
        for (const home of [world.ns('a'), world.ns('b')]) await plain(world, home);
        await story(world, breaks, () => {
          line?.heal();
        });
      },
    },
    {
      log,
      arrange(_cluster, _operator, given) {
        line = given;
      },
    },
  );
  return failed();
}

describe('a namespace whose write fails, as it does while a webhook does not answer', () => {
  it.each<['Migrating' | 'RollingBack']>([['Migrating'], ['RollingBack']])(
    'is tried again later and later though it is next in line: %s',
    async (way) => {
      const failures = await run(async (world, breaks, heal) => {
        const [a, b] = [world.ns('a'), world.ns('b')];
        if (way === 'Migrating') breaks(b);
        await world.create(meshMigration(world.name, { names: [a, b] }));
        if (way === 'RollingBack') {
          await world.phase('Migrated');
          breaks(b);
          await world.command('RollingBack');
        }
        await world.childPhase(way === 'Migrating' ? 'Migrated' : 'RolledBack', a);
        await world.pause(600_000);
        heal();
        await world.phase(way === 'Migrating' ? 'Migrated' : 'RolledBack');
      });
      expect(failures).toBeGreaterThan(8);
      expect(failures).toBeLessThan(mostFailures);
    },
  );

  it('is tried at once when a person has changed what is wanted of the migration', async () => {
    await run(async (world, breaks, heal) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      breaks(b);
      await world.command('RollingBack', b);
      await world.pause(600_000);
      heal();
      await world.edit({ action: 'Rollback' });
      // Far less than the delay that it has come to.
      await world.eventually(
        'its labels are back',
        async () => ((await world.modes(b)).Sidecar === 1 ? true : undefined),
        30_000,
      );
      await world.phase('RolledBack');
    });
  });
});
