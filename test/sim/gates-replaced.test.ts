import { describe, expect, it } from '@jest/globals';
import { deployment, kinds } from '../scenarios/manifests.ts';
import { gate, GatedTraffic, says, startGated } from './gated-world.ts';
import { runOnSimulation } from './run-scenario.ts';

const minuteMs = 60_000;

describe('a gate of a namespace whose only workload is made anew while it is asked', () => {
  it('goes on being asked, and takes the namespace back when it fails', async () => {
    const traffic = new GatedTraffic();
    await runOnSimulation(
      {
        name: 'gates-replaced',
        disturbs: true,
        run: async (world) => {
          const home = world.ns('bad');
          await startGated(world, [gate({ soak: '10m', deadline: '40m' })], 'bad');
          await says(world, /NoData/, home);
          await world.delete(kinds.Deployment, home, 'web');
          await world.pause(20_000);
          expect((await world.child(home)).status?.phase).toBe('Migrating');
          await world.create(deployment(home, 'web', { replicas: 1 }));
          await world.podsReady(1, home);
          traffic.since = { edge: { total: 1000, bad: 300 } };
          traffic.flipsAt = world.clock.now();
          const { status } = await world.childPhase('RolledBack', home, 30 * minuteMs);
          expect(status?.failure?.reason).toBe('GateFailed');
        },
      },
      { prometheus: () => traffic.options },
    );
  });
});
