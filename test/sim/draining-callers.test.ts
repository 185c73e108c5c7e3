import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { modeOf } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { allowGet, httpPort } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const drainsMs = 40_000;

/** A worker that goes on with what it has begun after SIGTERM, and calls `api` for that. */
function worker(home: string): KubeObject {
  const made = deployment(home, 'web', {
    serviceAccount: 'web',
    behaviour: { [podBehaviour.drainsForMs]: String(drainsMs) },
  }) as KubeObject & { readonly spec: { readonly template: { readonly spec: object } } };
  const { spec } = made;
  const template = { ...spec.template, spec: { ...spec.template.spec, terminationGracePeriodSeconds: 120 } };
  return { ...made, spec: { ...spec, template } };
}

/** Everybody in the namespace of the workers may GET. */
function admits(home: string, caller: string): KubeObject {
  return caller === home
    ? allowGet(home)
    : object('AuthorizationPolicy', home, 'readers', {
        selector: { matchLabels: { app: 'api' } },
        rules: [
          {
            from: [{ source: { principals: [`cluster.local/ns/${caller}/sa/web`] } }],
            to: [{ operation: { methods: ['GET'] } }],
          },
        ],
      });
}

async function made(world: World, home: string, caller: string): Promise<void> {
  for (const name of new Set([home, caller])) await world.create(namespace(name));
  await world.create(
    { kind: 'ServiceAccount', metadata: { name: 'web', namespace: caller } },
    service(home, 'api', {}, httpPort),
    admits(home, caller),
    deployment(home, 'api', { replicas: 2 }),
    worker(caller),
  );
  await world.podsReady(home === caller ? 3 : 1, caller);
}

async function modes(world: World, home: string, app: string): Promise<readonly string[]> {
  const { items } = await world.client.list(kinds.Pod, { namespace: home, signal: world.signal });
  return items
    .filter(({ metadata }) => metadata.labels?.['app'] === app)
    .map(projectPod)
    .filter(({ finished, ready, terminating }) => !finished && (ready || !terminating))
    .map(modeOf);
}

interface Seen {
  readonly refused: number;
  readonly stalled: readonly string[];
  readonly drained: number;
}

/** Looks ten times a second until the called is migrated. */
async function watch(world: World, home: string, caller: string): Promise<Seen> {
  let [refused, drained] = [0, 0];
  const stalled = new Set<string>();
  for (let look = 0; look < 3000; look += 1) {
    const [web, api] = [await modes(world, caller, 'web'), await modes(world, home, 'api')];
    if (web.includes('Sidecar') && api.includes('Ambient')) refused += 1;
    if (web.includes('Sidecar') && web.includes('Ambient')) drained += 1;
    const { status } = await world.child(home).catch(() => ({ status: undefined }));
    const [why] = (status?.conditions ?? []).filter((each) => each.type === 'Stalled' && each.status === 'True');
    if (why !== undefined && status?.step === 'RestartWorkloads') stalled.add(why.reason);
    if (status?.phase === 'Migrated') return { refused, drained, stalled: [...stalled] };
    await world.pause(100);
  }
  throw new Error(`not migrated: ${(await world.child(home)).status?.message ?? ''}`);
}

describe('a caller that goes on for a while when it is told to stop', () => {
  it.each([false, true])('is waited for before the called is restarted, elsewhere: %s', async (elsewhere) => {
    await runOnSimulation({
      name: 'draining',
      async run(world) {
        const [home, caller] = elsewhere ? [world.ns('api'), world.ns('web')] : [world.ns(), world.ns()];
        await made(world, home, caller);
        await world.create(meshMigration(world.name, { names: [...new Set([home, caller])] }));
        const seen = await watch(world, home, caller);
        expect(seen).toMatchObject({ refused: 0, stalled: [] });
        expect(seen.drained).toBeGreaterThan((drainsMs - 5000) / 100);
      },
    });
  });

  it('holds nobody once it has ended, whatever keeps the object', async () => {
    await runOnSimulation({
      name: 'kept',
      async run(world) {
        const home = world.ns();
        await made(world, home, home);
        for (const { metadata } of await world.pods(home))
          if (metadata.labels?.['app'] === 'web')
            await world.patch('Pod', home, metadata.name, { metadata: { finalizers: ['example.com/kept'] } });
        await world.create(meshMigration(world.name, { names: [home] }));
        await watch(world, home, home);
        const { items } = await world.client.list(kinds.Pod, { namespace: home, signal: world.signal });
        const kept = items.filter(({ metadata }) => metadata.finalizers !== undefined);
        expect(kept).toHaveLength(1);
        for (const { metadata } of kept)
          await world.patch('Pod', home, metadata.name, { metadata: { finalizers: null } });
      },
    });
  });
});
