import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { modeOf } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

type Way = 'there' | 'back';

const [stepOf, endOf] = [
  { there: 'RestartWorkloads', back: 'RestoreWorkloads' },
  { there: 'Migrated', back: 'RolledBack' },
] as const;
const growsEveryMs = { there: 5000, back: 9 * 60_000 };

function isSpoiled({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[podBehaviour.neverReady] !== undefined;
}

/** On the way back one of the new pods is never Ready, and no more; on the way there all of them are, one by one. */
async function spoilOne(world: World, home: string): Promise<void> {
  const back = (await world.pods(home)).filter((pod) => modeOf(projectPod(pod)) === 'Sidecar');
  const [first] = back;
  if (first === undefined || back.some(isSpoiled)) return;
  await world.patch('Pod', home, first.metadata.name, {
    metadata: { annotations: { [podBehaviour.neverReady]: 'always' } },
  });
}

async function begin(world: World, homes: string[], way: Way): Promise<void> {
  for (const home of homes) {
    const behaviour = { [podBehaviour.readyAfterMs]: '8000' };
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await world.create(namespace(home), deployment(home, 'web', { replicas: 3, spec: { strategy }, behaviour }));
    await world.podsReady(3, home);
  }
  await world.create(meshMigration(world.name, { names: homes }, { failureBudget: { namespaces: 10 } }));
  if (way === 'there') return;
  await world.phase('Migrated');
  await world.edit({ action: 'Rollback' });
}

/**
 * Adds replicas in `grown` until `other` is at its end, or for half an hour. Returns what was said of `grown` meanwhile,
 * undefined where the other one never came to its end.
 */
async function growUntil(world: World, way: Way, grown: string, other: string): Promise<string | undefined> {
  const said = new Set<string>();
  let replicas = 3;
  let next = 0;
  const began = world.clock.monotonic();
  for (;;) {
    const passed = world.clock.monotonic() - began;
    said.add((await world.child(grown)).status?.message ?? '');
    if ((await world.child(other)).status?.phase === endOf[way]) return [...said].join('\n');
    if (passed > 30 * 60_000) return undefined;
    if (way === 'back') await spoilOne(world, grown);
    if (passed >= next) {
      replicas += 1;
      next += growsEveryMs[way];
      await world.patch('Deployment', grown, 'web', { spec: { replicas } });
    }
    await world.pause(5000);
  }
}

describe('whoever adds replicas for ever while his workload is restarted', () => {
  it.each<[Way]>([['there'], ['back']])('keeps nobody else waiting for his slot: %s', async (way) => {
    await runOnSimulation(
      {
        name: `growth-${way}`,
        podsOutside: true,
        async run(world) {
          const [grown, other] = [world.ns('a'), world.ns('b')];
          await begin(world, [grown, other], way);
          await world.eventually('it is restarted', async () =>
            (await world.child(grown)).status?.step === stepOf[way] ? true : undefined,
          );
          const said = await growUntil(world, way, grown, other);
          assert.match(said ?? 'the other one never came to its end', /because more are wanted or come/);
          assert.notEqual((await world.child(grown)).status?.phase, endOf[way]);
        },
      },
      { slots: 1 },
    );
  });
});
