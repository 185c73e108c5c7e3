import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { deployment, meshMigration, namespace, object, workload } from '../scenarios/manifests.ts';
import { neverOutside } from '../scenarios/migrate.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { KillPoint } from './sim-operator.ts';

const behaviour = { [podBehaviour.readyAfterMs]: '700' };

/** There and back, with workloads of all kinds; the end must be exact whatever happens to the operator on the way. */
const thereAndBack: Scenario = {
  name: 'crash',
  async run(world) {
    const home = world.ns();
    await world.create(namespace(home),
      deployment(home, 'web', { replicas: 2, behaviour }), workload('StatefulSet', home, 'db', { replicas: 2 }),
      workload('StatefulSet', home, 'manual', { replicas: 2, spec: { updateStrategy: { type: 'OnDelete' } } }),
      workload('DaemonSet', home, 'agent'),
      object('PodDisruptionBudget', home, 'web', { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } }));
    await world.podsReady(9);
    const before = await world.snapshot();
    await neverOutside(world, [home], async () => {
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated');
      await world.modesAre({ Ambient: 9 });
      const { status } = await world.child();
      assert.ok(status?.workloads?.every(({ patches }) => patches <= 1), 'a template was patched more than once (I11)');
      await world.command('RollingBack');
      await world.childPhase('RolledBack');
    });
    await world.modesAre({ Sidecar: 9 });
    await world.restored(before);
  },
};

async function runWithKills(points: readonly KillPoint[], seed: number): Promise<number> {
  let kills = 0;
  const operator = await runOnSimulation(thereAndBack, {
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
    const writes = await runWithKills([], 1);
    expect(writes).toBeGreaterThan(20);
    for (let write = 1; write <= writes; write += 1) {
      await runWithKills([{ write, when: 'before' }], 1);
      await runWithKills([{ write, when: 'after' }], 1);
    }
  }, 240_000);

  it('finishes the job when it is killed again and again', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const points = [3, 7, 12, 18, 23].map((write, index): KillPoint => ({ write: write + (seed % 3), when: (index + seed) % 2 === 0 ? 'before' : 'after' }));
      await runWithKills(points, seed);
    }
  }, 240_000);
});
