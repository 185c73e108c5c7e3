import { describe, expect, it } from '@jest/globals';
import {
  journalAnnotation,
  meshMigrations,
  namespaceMigrations,
  originalLabelsAnnotation,
} from '../../src/api/resources.ts';
import { allowGet, denyDelete, made, shop } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, strict } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { journalBecomes } from '../scenarios/taken-journal.ts';
import type { World } from '../scenarios/world.ts';
import { OpeningWatch } from './opening-watch.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

async function run(story: (world: World, home: string) => Promise<void>, options: SimRun = {}): Promise<void> {
  await runOnSimulation(
    {
      name: 'lost-back',
      podsOutside: true,
      run: async (world) => {
        await story(world, world.ns());
      },
    },
    options,
  );
}

async function halfWayBack(world: World): Promise<void> {
  await world.eventually('half-way back', async () =>
    (await world.child()).status?.step === 'RestoreWorkloads' ? true : undefined,
  );
  await world.pause(1000);
}

async function isHeld(world: World): Promise<void> {
  const { status } = await world.childPhase('Blocked');
  expect(status?.findings?.map(({ id }) => id)).toEqual(['MM007']);
  expect((await world.migration()).status?.phase).not.toBe('RolledBack');
}

describe('a journal that is taken away on the way back', () => {
  it('holds a namespace that was commanded back alone: nothing that protects pods in ambient goes', async () => {
    let watch: OpeningWatch | undefined;
    await run(
      async (world, home) => {
        await shop(world, allowGet(home), denyDelete(home));
        await watch?.start();
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.childPhase('Migrated');
        await world.patch('Deployment', home, 'api', { spec: { paused: true } });
        await world.command('RollingBack', home);
        await halfWayBack(world);
        await world.eventually('noted', async () =>
          (await world.migration()).status?.returned === undefined ? undefined : true,
        );
        const before = await made(world);
        await journalBecomes(world, null);
        await isHeld(world);
        await world.pause(5 * 60_000);
        await isHeld(world);
        expect(await made(world)).toEqual(before);
        expect(watch?.stop()).toEqual([]);
      },
      {
        arrange(cluster) {
          watch = new OpeningWatch(cluster, 'lost-back', ['web', 'api']);
        },
      },
    );
  });

  it('holds one whose labels are back before its pods are', async () => {
    await run(async (world, home) => {
      await world.create(
        namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
        strict(home),
        deployment(home, 'web', { replicas: 2 }),
        deployment(home, 'cart'),
      );
      await world.podsReady(3);
      await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
      await world.phase('Migrated');
      await world.patch('Deployment', home, 'cart', { spec: { paused: true } });
      await world.edit({ action: 'Rollback' });
      await halfWayBack(world);
      await journalBecomes(world, null);
      await isHeld(world);
    });
  });

  it('holds one whose labels a person has put back as long as a pod is still captured', async () => {
    await run(async (world, home) => {
      await world.create(namespace(home, {}), deployment(home, 'web', { replicas: 2 }));
      await world.podsReady(2);
      await world.create(meshMigration(world.name, { names: [home] }, { from: 'None' }));
      await world.phase('Migrated');
      await journalBecomes(world, null);
      await world.childPhase('Blocked');
      await world.edit({ action: 'Rollback' });
      await world.delete(kinds.DaemonSet, 'istio-system', 'istio-cni-node');
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/dataplane-mode': null } } });
      await world.pause(60_000);
      await isHeld(world);
      expect((await world.child()).status?.findings?.[0]?.fix).toContain('wait until pod web-');
      for (const { metadata } of await world.pods()) await world.delete(kinds.Pod, home, metadata.name);
      await world.childPhase('RolledBack');
      await world.modesAre({ None: 2 });
    });
  });

  it('leaves the record that alone tells the labels, also when another migration starts the namespace', async () => {
    await run(async (world, home) => {
      await smallShop(world);
      await smallShop(world, world.ns('other'));
      await world.create(meshMigration(world.name, { names: [home, world.ns('other')] }));
      await world.phase('Migrated');
      await journalBecomes(world, null);
      await world.childPhase('Blocked');
      await world.edit({ namespaces: { names: [world.ns('other')] } });
      await world.create(meshMigration('back', { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
      await world.pause(2 * 60_000);
      await world.edit({ action: 'Rollback' });
      await world.pause(60_000);
      const { status } = await world.child();
      expect(status?.original?.labels).toContainEqual({ key: 'istio-injection', value: 'enabled' });
      expect((await world.migration()).status?.phase).not.toBe('RolledBack');
    });
  });
});

describe('what a person has put back', () => {
  it('is not what a journal says that was seen before, when a MeshMigration of the same name comes', async () => {
    await run(async (world, home) => {
      await smallShop(world);
      const { labels } = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      await world.edit({ action: 'Pause' });
      await world.pause(3000);
      await world.delete(meshMigrations, undefined, world.name);
      await world.client.mergePatch(
        meshMigrations,
        undefined,
        world.name,
        { metadata: { finalizers: null } },
        { signal: world.signal },
      );
      await world.gone(meshMigrations, undefined, world.name);
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
      for (const name of ['web', 'cart'])
        await world.patch('Deployment', home, name, {
          spec: { template: { metadata: { annotations: { restarted: 'by hand' } } } },
        });
      await world.modesAre({ Sidecar: 3 });
      await world.patch('Namespace', undefined, home, {
        metadata: { labels: { 'istio.io/dataplane-mode': null }, annotations: { [journalAnnotation]: null } },
      });
      await world.delete(namespaceMigrations, home, world.name);
      await world.pause(10 * 60_000);
      await world.create(meshMigration(world.name, { names: [home] }, { action: 'Plan' }));
      await world.childPhase('Planned');
      await world.pause(60_000);
      const after = await world.snapshot();
      expect(after.labels).toEqual(labels);
      expect(after.annotations[journalAnnotation]).toBeUndefined();
    });
  });

  it('stays when it is a backup that is restored long after a rollback: it came from no late write', async () => {
    await run(async (world, home) => {
      await shop(world, allowGet(home), denyDelete(home));
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated');
      const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: home, signal: world.signal });
      const backup = items.filter(({ metadata: { labels } }) => labels?.['meshmigration.dev/managed-by'] !== undefined);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.pause(5 * 60_000);
      for (const each of backup) {
        const { name, labels, annotations } = each.metadata;
        await world.create({
          ...each,
          kind: 'AuthorizationPolicy',
          apiVersion: 'security.istio.io/v1',
          metadata: { name, namespace: home, ...(labels && { labels }), ...(annotations && { annotations }) },
        });
      }
      await world.pause(60_000);
      expect(Object.values(await made(world)).flat().length).toBeGreaterThan(0);
    });
  });
});

describe('what somebody writes into the record of a Service', () => {
  it('gets into no command that an administrator is told to paste', async () => {
    await run(async (world, home) => {
      await shop(world, allowGet(home));
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated');
      await world.operator.kill();
      const labels = JSON.stringify({
        'istio.io/use-waypoint': '$(kubectl create clusterrolebinding me --clusterrole=cluster-admin --user=mallory)',
      });
      await world.patch('Service', home, 'api', { metadata: { annotations: { [originalLabelsAnnotation]: labels } } });
      await journalBecomes(world, null);
      const { status } = await world.childPhase('Blocked');
      expect(JSON.stringify(status)).not.toContain('mallory');
    });
  });
});
