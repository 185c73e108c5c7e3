import assert from 'node:assert/strict';
import { meshMigrations } from '../../src/api/resources.ts';
import { at } from './apiserver/json.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { KillPoint } from './sim-operator.ts';

/** Of the way there, and of the way back: what is counted there begins again at 1 when the migration is told to go back. */
export interface Ways<T> {
  readonly there: T;
  readonly back: T;
}

/** Calls when a migration is told to go back, before anybody else hears of it. */
export function whenToldBack(cluster: SimCluster, call: () => void): void {
  const stop = cluster.server.watch(meshMigrations, ({ object }) => {
    if (at(object, 'status', 'phase') !== 'RollingBack') return;
    stop();
    call();
  });
}

/** Runs a scenario there and back in which the operator is killed at each of the points, and started again; returns how many writes it took. */
export async function runWithKills(scenario: Scenario, { there, back }: Ways<readonly KillPoint[]>, seed: number): Promise<Ways<number>> {
  let kills = 0;
  let turn = 0;
  const operator = await runOnSimulation(scenario, {
    seed,
    arrange(cluster, incarnations) {
      incarnations.killAt(there);
      incarnations.onKilled = () => {
        kills += 1;
        cluster.clock.timer(500, () => { void incarnations.start(); });
      };
      whenToldBack(cluster, () => {
        turn = incarnations.writes;
        assert.equal(kills, there.length);
        incarnations.killAt(back.map(({ write, when }) => ({ write: turn + write, when })));
      });
    },
  });
  assert.equal(kills, there.length + back.length);
  return { there: turn, back: operator.writes - turn };
}

/** Before one write and after the next: for ways of which half is like another one. */
export function byTurns(write: number): KillPoint['when'] {
  return write % 2 === 0 ? 'before' : 'after';
}

/**
 * Kills at each single write of a scenario there and back. One run has a kill on each of the two ways, and the scenario looks in between:
 * what is left of the first must be as it is without one.
 */
export async function killAtEach(scenario: Scenario, whenOf: (write: number) => KillPoint['when']): Promise<Ways<number>> {
  const writes = await runWithKills(scenario, { there: [], back: [] }, 1);
  const points = (write: number, last: number): readonly KillPoint[] => (write <= last ? [{ write, when: whenOf(write) }] : []);
  for (let write = 1; write <= Math.max(writes.there, writes.back); write += 1) {
    await runWithKills(scenario, { there: points(write, writes.there), back: points(write, writes.back) }, 1);
  }
  return writes;
}
