import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { cronJob, deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { called, plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';

const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const back = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

function deny(home: string, source: Readonly<Record<string, unknown>>): KubeObject {
  return object('AuthorizationPolicy', home, 'no', { action: 'DENY', rules: [{ from: [{ source }] }] });
}

const addresses = { ipBlocks: ['10.244.0.0/16'] };

/** What makes pods in a namespace in which none runs. */
const sleepers: Readonly<Record<string, (home: string) => KubeObject>> = {
  'a workload at zero': (home) => deployment(home, 'api', { replicas: 0 }),
  'a CronJob between two runs': (home) => cronJob(home, 'api'),
  'a workload that asks for a sidecar itself': (home) =>
    deployment(home, 'api', { replicas: 0, podLabels: { 'sidecar.istio.io/inject': 'true' } }),
};

function calls(callee: string, caller: string): Pick<MeshMigrationSpec, 'callers'> {
  return { callers: [{ namespace: callee, from: [{ namespace: caller }] }] };
}

async function run(name: string, story: (world: World, a: string, b: string) => Promise<void>): Promise<void> {
  await runOnSimulation({
    name,
    run: async (world) => {
      await story(world, world.ns('a'), world.ns('b'));
    },
  });
}

async function critical(world: World, home: string): Promise<string> {
  const { status } = await world.childPhase('Blocked', home);
  return (
    status?.findings
      ?.filter(({ severity }) => severity === 'Critical')
      .map(({ id, object: it, message }) => `${id} ${it}: ${message}`)
      .join('\n') ?? ''
  );
}

describe('a namespace in which nothing runs', () => {
  it.each(Object.keys(sleepers))('is called like any other from ambient, by address (%s)', async (who) => {
    await run('address', async (world, a, b) => {
      const sleeper = sleepers[who]?.(b) ?? namespace(b);
      const asksItself = who.includes('itself');
      await world.create(namespace(b, asksItself ? {} : undefined), deny(b, addresses), sleeper);
      await plain(world, a);
      await world.create(meshMigration(world.name, { names: [a] }, calls(b, a)));
      assert.match(await critical(world, a), new RegExp(`^MM123 AuthorizationPolicy ${b}/no: .*${b} \\(.* api\\)`));
      await world.delete(kinds.AuthorizationPolicy, b, 'no');
      await world.phase('Migrated');
    });
  });

  it('is called like any other from sidecars, by identity', async () => {
    await run('identity', async (world, a, b) => {
      await world.create(namespace(b, ambient), deny(b, { namespaces: [a] }), deployment(b, 'api', { replicas: 0 }));
      await world.create(namespace(a, ambient), deployment(a, 'web'));
      await world.podsReady(1, a);
      await world.create(meshMigration(world.name, { names: [a] }, { ...back, ...calls(b, a) }));
      assert.match(await critical(world, a), new RegExp(`^MM136 AuthorizationPolicy ${b}/no: .*Deployment api`));
    });
  });

  it('is none that an empty one is', async () => {
    await run('empty', async (world, a, b) => {
      await world.create(namespace(b), deny(b, addresses));
      await plain(world, a);
      await world.create(meshMigration(world.name, { names: [a] }, calls(b, a)));
      await world.phase('Migrated');
    });
  });

  it('calls from ambient when it wakes, and did so before the start', async () => {
    await run('caller', async (world, a, b) => {
      await world.create(namespace(b, ambient), deployment(b, 'web', { replicas: 0 }));
      await plain(world, a);
      await world.create(deny(a, addresses), meshMigration(world.name, { names: [a] }, calls(a, b)));
      await world.phase('Migrated');
      await world.patch('Deployment', b, 'web', { spec: { replicas: 1 } });
      await world.podsReady(1, b);
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
    });
  });

  it('behind a waypoint refuses whoever goes back without it, when it wakes: that is said before', async () => {
    await run('guard', async (world, a, b) => {
      await plain(world, a);
      await called(world, b, a);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      await world.patch('Deployment', b, 'api', { spec: { replicas: 0 } });
      await world.eventually('it sleeps', async () =>
        (await world.pods(b)).every(({ metadata }) => metadata.labels?.['app'] !== 'api') ? true : undefined,
      );
      await world.command('RollingBack', a);
      await world.eventually('it is said', async () =>
        (await world.child(a)).status?.conditions?.some(
          ({ type, status, message }) =>
            type === 'CommandRejected' && status === 'True' && message.includes(`${b} would refuse calls from here`),
        ) === true
          ? true
          : undefined,
      );
    });
  });
});
