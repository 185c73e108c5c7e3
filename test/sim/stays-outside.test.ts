import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { barePod, deployment, kinds, meshMigration, namespace, workload } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOutside } from './run-scenario.ts';

const leaving = { from: 'IstioSidecar', to: 'None' } as const;
const optedOut = { podLabels: { 'sidecar.istio.io/inject': 'false' } };
const needsSidecar = {
  spec: { progressDeadlineSeconds: 20 },
  behaviour: { [podBehaviour.neverReady]: 'without-sidecar' },
};

type Back = (world: World, home: string) => Promise<void>;

async function atRest(world: World, home: string, pods: number): Promise<void> {
  await world.childPhase('Migrated', home);
  await world.modesAre({ None: pods }, home);
}

async function byCommand(world: World, home: string): Promise<void> {
  await atRest(world, home, 2);
  await world.command('RollingBack', home);
}

async function asAWhole(world: World, home: string): Promise<void> {
  await atRest(world, home, 2);
  await world.edit({ action: 'Rollback' });
}

/** What has opted out gets new pods at rest, as everything does in time. */
async function madeAnew(world: World, home: string): Promise<void> {
  await atRest(world, home, 2);
  for (const { metadata } of await world.pods(home)) await world.delete(kinds.Pod, home, metadata.name);
  await world.podsReady(2, home);
  await world.pause(30_000);
  await world.command('RollingBack', home);
}

async function byItself(): Promise<void> {
  // The workload that needs its sidecar fails without.
}

interface Story {
  readonly api?: object;
  readonly plain: (home: string) => KubeObject;
  readonly back: Back;
}

const plainDeployment = (home: string): KubeObject => deployment(home, 'plain', optedOut);

const stories: Readonly<Record<string, Story>> = {
  'a Deployment, by a command': { plain: plainDeployment, back: byCommand },
  'a Deployment, with the whole migration': { plain: plainDeployment, back: asAWhole },
  'a Deployment, after a failure': { api: needsSidecar, plain: plainDeployment, back: byItself },
  'a Deployment whose pods are new': { plain: plainDeployment, back: madeAnew },
  'a StatefulSet, by a command': { plain: (home) => workload('StatefulSet', home, 'plain', optedOut), back: byCommand },
  'a StatefulSet whose pods are new': {
    plain: (home) => workload('StatefulSet', home, 'plain', optedOut),
    back: madeAnew,
  },
};

async function uidOfPlain(world: World, home: string): Promise<string | undefined> {
  const pods = await world.pods(home);
  return pods.find(({ metadata }) => metadata.labels?.['app'] === 'plain')?.metadata.uid;
}

async function restored(world: World, home: string): Promise<string | undefined> {
  const { status } = await world.childPhase('RolledBack', home);
  const condition = status?.conditions?.find(({ type }) => type === 'Restored');
  return condition?.status === 'True' ? undefined : condition?.message;
}

describe('a workload that has opted out of sidecars, beside others that leave them for no mesh', () => {
  it.each(Object.entries(stories))('is left alone there and back: %s', async (_, { api = {}, plain, back }) => {
    await runOutside('opted-out', async (world, home) => {
      await world.create(namespace(home), deployment(home, 'api', api), plain(home));
      await world.podsReady(2, home);
      await world.pause(3000);
      const first = await uidOfPlain(world, home);
      await world.create(meshMigration(world.name, { names: [home] }, leaving));
      await back(world, home);
      const last = back === madeAnew ? await uidOfPlain(world, home) : first;
      assert.equal(await restored(world, home), undefined);
      await world.modesAre({ Sidecar: 1, None: 1 }, home);
      assert.equal(await uidOfPlain(world, home), last);
    });
  });
});

describe('a workload that opts out of sidecars when it has left them for no mesh', () => {
  it('keeps nothing back, and is named at the end', async () => {
    await runOutside('opts-out', async (world, home) => {
      await world.create(namespace(home), deployment(home, 'api'), deployment(home, 'web'));
      await world.podsReady(2, home);
      await world.create(meshMigration(world.name, { names: [home] }, leaving));
      await atRest(world, home, 2);
      await world.patch('Deployment', home, 'web', {
        spec: { template: { metadata: { labels: optedOut.podLabels } } },
      });
      await world.pause(30_000);
      await world.command('RollingBack', home);
      assert.match((await restored(world, home)) ?? '', /pods in mode None: 1, and 0 before/);
      await world.modesAre({ Sidecar: 1, None: 1 }, home);
    });
  });
});

/** One that was there before its namespace injected, and one that came after. */
async function halfInjected(world: World, home: string): Promise<void> {
  await world.create(namespace(home, {}), deployment(home, 'old'), barePod(home, 'bare'));
  await world.podsReady(2, home);
  await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
  await world.create(deployment(home, 'api'));
  await world.podsReady(3, home);
}

describe('pods that are older than the injection of their namespace', () => {
  it.each([
    ['stay as they are, there and back', 90_000, { Sidecar: 1, None: 2 }, undefined],
    [
      'are named where the way back takes one in, which may be as young as the migration',
      0,
      { Sidecar: 2, None: 1 },
      2,
    ],
  ] as const)('%s', async (_, pauseMs, modes, sidecars) => {
    await runOutside('half-injected', async (world, home) => {
      await halfInjected(world, home);
      await world.pause(pauseMs);
      await world.create(meshMigration(world.name, { names: [home] }, { ...leaving, action: 'Plan' }));
      const { status } = await world.childPhase('Planned', home);
      assert.match(
        status?.findings?.find(({ id }) => id === 'MM114')?.message ?? '',
        /in mode None already; a rollback would put those that are made anew meanwhile into Sidecar/,
      );
      await world.edit({ action: 'Migrate' });
      await atRest(world, home, 3);
      await world.command('RollingBack', home);
      const message = await restored(world, home);
      await world.modesAre(modes, home);
      if (sidecars === undefined) assert.equal(message, undefined);
      else assert.match(message ?? '', /pods in mode Sidecar: 2, and 1 before/);
    });
  });
});
