import { describe, expect, it } from '@jest/globals';
import { runOnSimulation } from './run-scenario.ts';
import type { KillPoint } from './sim-operator.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { backAndThere, thereAndBack, thereAndBackThroughWaypoint } from './there-and-back.ts';

async function runWithKills(scenario: Scenario, points: readonly KillPoint[], seed: number): Promise<number> {
  let kills = 0;
  const operator = await runOnSimulation(scenario, {
    seed,
    arrange(cluster, incarnations) {
      incarnations.killAt(points);
      incarnations.onKilled = () => {
        kills += 1;
        cluster.clock.timer(500, () => { void incarnations.start(); });
      };
    },
  });
  expect(kills).toBe(points.length);
  return operator.writes;
}

describe('an operator that is killed', () => {
  it('finishes the job wherever it was: before and after each single write', async () => {
    const writes = await runWithKills(thereAndBack, [], 1);
    expect(writes).toBeGreaterThan(20);
    for (let write = 1; write <= writes; write += 1) {
      await runWithKills(thereAndBack, [{ write, when: 'before' }], 1);
      await runWithKills(thereAndBack, [{ write, when: 'after' }], 1);
    }
  }, 600_000);

  // Twice as many writes, of which half are like those above: so by turns before one and after the next.
  it('finishes the way through a waypoint wherever it was', async () => {
    const writes = await runWithKills(thereAndBackThroughWaypoint, [], 1);
    expect(writes).toBeGreaterThan(40);
    for (let write = 1; write <= writes; write += 1) await runWithKills(thereAndBackThroughWaypoint, [{ write, when: write % 2 === 0 ? 'before' : 'after' }], 1);
  }, 600_000);

  it('finishes the way from a waypoint to sidecars wherever it was', async () => {
    const writes = await runWithKills(backAndThere, [], 1);
    expect(writes).toBeGreaterThan(40);
    for (let write = 1; write <= writes; write += 1) await runWithKills(backAndThere, [{ write, when: write % 2 === 0 ? 'before' : 'after' }], 1);
  }, 600_000);

  it('finishes the job when it is killed again and again', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const points = [3, 7, 12, 18, 23].map((write, index): KillPoint => ({ write: write + (seed % 3), when: (index + seed) % 2 === 0 ? 'before' : 'after' }));
      await runWithKills(thereAndBack, points, seed);
    }
  }, 600_000);
});
