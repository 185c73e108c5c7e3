import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Labels that were taken away are put back at once where pods have lost what protects them. Where somebody has led the namespace back to its sidecars by hand
 * nothing is urgent: then what would come of the labels is asked as at the start.
 */

const sidecars = { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': null };

function onlyWeb(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'only-web', {
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/x/sa/web'] } }] }],
  });
}

/** Which somebody keeps out of sidecars only. */
function legacy(home: string): KubeObject {
  return deployment(home, 'legacy', { podLabels: { 'sidecar.istio.io/inject': 'false' } });
}

async function relabelled(world: World, home: string): Promise<void> {
  await world.patch('Namespace', undefined, home, { metadata: { labels: sidecars } });
}

async function gone(world: World, home: string): Promise<void> {
  await world.command('Migrating', home);
  await world.pause(30_000);
}

async function run(settle: string, story: (world: World, home: string) => Promise<void>): Promise<void> {
  await runOnSimulation({
    name: 'led-back',
    disturbs: true,
    podsOutside: true,
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home), deployment(home, 'api'), onlyWeb(home));
      await world.podsReady(1, home);
      await world.create(meshMigration(world.name, { names: [home] }, { policies: { settle } }));
      await story(world, home);
    },
  });
}

async function isHeld(world: World, home: string): Promise<void> {
  expect((await world.child()).status?.message).toContain('MM050');
  expect((await world.labels(home))['istio.io/dataplane-mode']).toBeUndefined();
  await world.modesAre({ Sidecar: 1, None: 1 });
}

describe('a namespace whose labels somebody has put back', () => {
  it('is not captured again with what came meanwhile and is kept out, when its pods have sidecars', async () => {
    await run('1s', async (world, home) => {
      await world.childPhase('Migrated');
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
      await world.patch('Deployment', home, 'api', {
        spec: { template: { metadata: { annotations: { release: '2' } } } },
      });
      await world.pause(20_000);
      await relabelled(world, home);
      await world.create(legacy(home));
      await world.podsReady(2, home);
      await gone(world, home);
      await isHeld(world, home);
    });
  });

  it('nor half-way, before anything was restarted', async () => {
    await run('20s', async (world, home) => {
      await world.eventually('its labels are those of ambient', async () =>
        (await world.labels(home))['istio.io/dataplane-mode'] === 'ambient' ? true : undefined,
      );
      await world.command('Paused', home);
      await relabelled(world, home);
      await world.create(legacy(home));
      await world.podsReady(2, home);
      await gone(world, home);
      await isHeld(world, home);
    });
  });

  it('is captured again at once where its pods have lost what protects them', async () => {
    await run('1s', async (world, home) => {
      await world.childPhase('Migrated');
      await relabelled(world, home);
      await world.create(legacy(home));
      await world.podsReady(2, home);
      await gone(world, home);
      expect((await world.labels(home))['istio.io/dataplane-mode']).toBe('ambient');
    });
  });
});
