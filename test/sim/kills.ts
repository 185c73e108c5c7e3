import assert from 'node:assert/strict';
import type { Scenario } from '../scenarios/scenario.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { KillPoint } from './sim-operator.ts';

/** Runs a scenario in which the operator is killed at each of the points, and started again; returns how many writes it took. */
export async function runWithKills(scenario: Scenario, points: readonly KillPoint[], seed: number): Promise<number> {
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
  assert.equal(kills, points.length);
  return operator.writes;
}

/** Kills at each single write of a scenario, by turns before one and after the next: for ways of which half is like another one. */
export async function killAtEach(scenario: Scenario): Promise<number> {
  const writes = await runWithKills(scenario, [], 1);
  for (let write = 1; write <= writes; write += 1) await runWithKills(scenario, [{ write, when: write % 2 === 0 ? 'before' : 'after' }], 1);
  return writes;
}
