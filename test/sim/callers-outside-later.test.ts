import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { httpPort } from '../scenarios/http.ts';
import { cronJob, deployment, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const apart = { 'sidecar.istio.io/inject': 'false' };

const callers: Readonly<Record<string, (home: string) => KubeObject>> = {
  'a Deployment that runs': (home) => deployment(home, 'web', { podLabels: apart }),
  'a Deployment at zero': (home) => deployment(home, 'web', { podLabels: apart, replicas: 0 }),
  'a CronJob between two runs': (home) => cronJob(home, 'web', { app: 'web', ...apart }),
};

/** `a`, which anybody may read and which is said to be called by `b`, where this is outside the mesh until it moves. */
async function run(
  made: (home: string) => KubeObject,
  story: (world: World, a: string) => Promise<void>,
): Promise<void> {
  await runOnSimulation({
    name: 'outside-later',
    podsOutside: true,
    run: async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      const readers = { action: 'ALLOW', rules: [{ to: [{ operation: { methods: ['GET'] } }] }] };
      await world.create(namespace(b), made(b), namespace(a), service(a, 'api', {}, httpPort));
      await world.create(object('AuthorizationPolicy', a, 'readers', readers), deployment(a, 'api'));
      await world.podsReady(1, a);
      const waves = [{ name: 'first', namespaces: { names: [a] }, soak: '1s' }];
      await start(world, { callers: [{ namespace: a, from: [{ namespace: b }] }], waves } as never, ['a', 'b']);
      await story(world, a);
    },
  });
}

describe('declared callers outside the mesh, in a namespace that moves', () => {
  it.each(Object.entries(callers))('hold whom they call while it has yet to: %s', async (_what, made) => {
    await run(made, async (world, a) => {
      await world.pause(10 * 60_000);
      const { status } = await world.child(a);
      assert.notEqual(status?.phase, 'Migrated');
      const said = (status?.findings ?? []).map(({ id, message }) => `${id} ${message}`).join('\n');
      assert.match(said, /^MM(083|101|162) .*outside-later-b/m);
    });
  });
});
