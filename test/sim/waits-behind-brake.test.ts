import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { called, plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { fails, impatient, start } from './stalled-story.ts';

const minuteMs = 60_000;

describe('a namespace whose callers are not started because too many others need a person', () => {
  it('says so, and so does the migration: it does not go on by itself', async () => {
    await runOnSimulation(
      {
        name: 'behind-brake',
        run: async (world) => {
          const [b, s, t, z] = [world.ns('b'), world.ns('s'), world.ns('t'), world.ns('z')];
          await plain(world, z);
          await called(world, b, z);
          for (const home of [s, t]) await fails(world, home);
          const patient = { rollback: { automatic: false }, failureBudget: { namespaces: 10 } };
          await start(world, { ...impatient, ...patient }, ['b', 's', 't', 'z']);
          for (const home of [s, t]) await world.childPhase('Failed', home);
          await world.pause(2 * minuteMs);
          const said = stalledBy((await world.child(b)).status?.conditions);
          assert.match(said?.message ?? '', /z is not started: 2 namespaces are under way and Stalled/);
          assert.equal(stalledBy((await world.migration()).status?.conditions)?.reason, 'NamespaceStalled');
        },
      },
      { slots: 1 },
    );
  });
});
