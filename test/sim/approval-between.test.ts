import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { called, plain } from './caller-and-called.ts';
import { commandsIn, paste } from './paste.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

describe('a namespace that is approved of, and waits for one that is not', () => {
  it('is no wait without a word: the migration asks for the approval', async () => {
    await runOnSimulation({
      name: 'approved-called',
      run: async (world) => {
        const [a, b] = [world.ns('a'), world.ns('b')];
        await plain(world, a);
        await called(world, b, a);
        await start(world, { approval: { mode: 'Required', plans: [] } }, ['a', 'b']);
        const hash = await world.eventually('its hash', async () => {
          const { status } = await world.child(b);
          return /sha256:[0-9a-f]{64}/.exec(status?.message ?? '')?.[0];
        });
        await world.edit({ approval: { mode: 'Required', plans: [hash] } });
        await world.eventually('b waits for a', async () =>
          (await world.child(b)).status?.message?.includes(`its callers in ${a}`) === true ? true : undefined,
        );
        await world.pause(5 * 60_000);
        const said = stalledBy((await world.child(b)).status?.conditions);
        assert.match(said?.message ?? '', /a waits until somebody approves of its plan/);
        const condition = stalledBy((await world.migration()).status?.conditions);
        assert.equal(condition?.reason, 'ApprovalRequired');
        await paste(world, commandsIn(condition.message).at(-1) ?? '');
        await world.phase('Migrated');
      },
    });
  });
});
