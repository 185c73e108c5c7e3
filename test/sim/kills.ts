import assert from 'node:assert/strict';
import { meshMigrations } from '../../src/api/resources.ts';
import { at } from './apiserver/json.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { oneIn } from '../support/sample.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { KillPoint } from './sim-operator.ts';

/**
 * Of the way there, and of the way back: what is counted there begins again at 1 when the migration is told to go back.
 */
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

type Kills = Ways<readonly KillPoint[]>;

/** What came of a run: how many writes it took, and how many of its kills there were. */
interface Course {
  readonly writes: Ways<number>;
  readonly kills: Ways<number>;
}

/**
 * Runs a scenario there and back in which the operator is killed at each of the points that it comes to, and started
 * again.
 */
async function course(scenario: Scenario, { there, back }: Kills, seed: number): Promise<Course> {
  let kills = 0;
  let killsThere = 0;
  let turn = 0;
  const operator = await runOnSimulation(scenario, {
    seed,
    arrange(cluster, incarnations) {
      incarnations.killAt(there);
      incarnations.onKilled = () => {
        kills += 1;
        cluster.clock.timer(500, () => {
          void incarnations.start();
        });
      };
      whenToldBack(cluster, () => {
        turn = incarnations.writes;
        killsThere = kills;
        incarnations.killAt(back.map(({ write, when }) => ({ write: turn + write, when })));
      });
    },
  });
  return {
    writes: { there: turn, back: operator.writes - turn },
    kills: { there: killsThere, back: kills - killsThere },
  };
}

/** The same at points all of which there have to be; returns how many writes it took. */
export async function runWithKills(scenario: Scenario, points: Kills, seed: number): Promise<Ways<number>> {
  const { writes, kills } = await course(scenario, points, seed);
  assert.deepEqual(kills, { there: points.there.length, back: points.back.length });
  return writes;
}

/** Before one write and after the next: for ways of which half is like another one. */
export function byTurns(write: number): KillPoint['when'] {
  return write % 2 === 0 ? 'before' : 'after';
}

/** Kills of one run are so many writes apart: what the one left behind is long done when the next one comes. */
const apart = 12;

type When = (write: number) => KillPoint['when'];

/** At every twelfth write of a way. One that is killed before it is sent is sent again, and counts twice. */
function pointsFrom(first: number, last: number, whenOf: When): readonly KillPoint[] {
  const points: KillPoint[] = [];
  for (let write = first; write <= last; write += apart) {
    points.push({ write: write + points.filter(({ when }) => when === 'before').length, when: whenOf(write) });
  }
  return points;
}

/**
 * Kills at each single write of a scenario there and back, some on each of the two ways in one run. The scenario looks
 * in between: what is left of those on the way there must be as it is without any. A process that starts anew may write
 * less than its predecessor would have; kills that a run thereby never comes to have a run of their own.
 */
export async function killAtEach(scenario: Scenario, whenOf: When): Promise<Ways<number>> {
  const writes = await runWithKills(scenario, { there: [], back: [] }, 1);
  for (const first of oneIn(
    12,
    Array.from({ length: apart }, (_, index) => index + 1),
  )) {
    const [there, back] = [pointsFrom(first, writes.there, whenOf), pointsFrom(first, writes.back, whenOf)];
    const { kills } = await course(scenario, { there, back }, 1);
    for (const { write, when } of there.slice(kills.there))
      await runWithKills(scenario, { there: [{ write: Math.min(write, writes.there), when }], back: [] }, 1);
    for (const { write, when } of back.slice(kills.back))
      await runWithKills(scenario, { there: [], back: [{ write: Math.min(write, writes.back), when }] }, 1);
  }
  return writes;
}
