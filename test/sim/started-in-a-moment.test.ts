import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { barePod, deployment, kinds, meshMigration, namespace, object, strict } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const minuteMs = 60_000;

/** What ztunnel reads otherwise than a sidecar does. */
const rules = [{ from: [{ source: { namespaces: ['team-*-x'] } }] }];

interface Containers {
  readonly containers: readonly object[];
}

function withPort({ containers }: Containers): Containers {
  return { containers: containers.map((each) => ({ ...each, ports: [{ containerPort: 5432 }] })) };
}

/** As an operator for databases makes it: its owner has no template that anybody knows. */
function instance(home: string): KubeObject {
  const pod = barePod(home, 'db');
  const spec = pod['spec'] as Containers;
  const owner = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'db', uid: 'u-1', controller: true };
  return {
    ...pod,
    metadata: { ...pod.metadata, ownerReferences: [owner] },
    spec: { ...spec, ...withPort(spec) },
  };
}

function database(home: string): KubeObject {
  const made = deployment(home, 'db');
  const spec = made['spec'] as { readonly template: { readonly spec: Containers } };
  const { template } = spec;
  return {
    ...made,
    spec: { ...spec, template: { ...template, spec: { ...template.spec, ...withPort(template.spec) } } },
  };
}

/** Both ways out of a data plane, and what blocks on each. */
const ways = {
  'to ambient': { id: 'MM086', labels: { 'istio-injection': 'enabled' }, action: 'DENY', way: {} },
  'to sidecars': {
    id: 'MM090',
    labels: { 'istio.io/dataplane-mode': 'ambient' },
    action: 'ALLOW',
    way: { from: 'IstioAmbient', to: 'IstioSidecar' },
  },
} as const;

/** A namespace that is blocked because of the database in it. */
async function blocked(world: World, way: keyof typeof ways, db: KubeObject): Promise<void> {
  const home = world.ns();
  const { id, labels, action, way: spec } = ways[way];
  const policy = object('AuthorizationPolicy', home, 'p', { selector: { matchLabels: { app: 'db' } }, action, rules });
  await world.create(namespace(home, labels), strict(home), policy, db, deployment(home, 'web'));
  await world.podsReady(2, home);
  await world.create(meshMigration(world.name, { names: [home] }, spec));
  await world.pause(minuteMs);
  assert.match((await world.child()).status?.message ?? '', new RegExp(id));
}

/** As kubectl replace --force does, or an operator with its pods. */
async function replaceDatabase(world: World, kind: 'Deployment' | 'Pod', db: KubeObject): Promise<void> {
  await world.delete(kinds[kind], world.ns(), 'db');
  await world.eventually('its pods are gone', async () =>
    (await world.pods(world.ns())).some(({ metadata }) => metadata.name.startsWith('db')) ? undefined : true,
  );
  await world.pause(3000);
  await world.create(db);
}

async function isNotStarted(world: World): Promise<void> {
  await world.pause(5 * minuteMs);
  const { status } = await world.child();
  assert.equal(status?.writtenPhase, 'Blocked', status?.message);
}

async function withPolicy(world: World): Promise<KubeObject> {
  const home = world.ns();
  const policy = object('AuthorizationPolicy', home, 'p', { action: 'DENY', rules });
  await world.create(namespace(home), strict(home), policy, deployment(home, 'web'));
  await world.podsReady(1, home);
  await start(world);
  await world.pause(minuteMs);
  return policy;
}

describe('what blocks a namespace and is away for a moment', () => {
  it.each([
    ['to ambient', 'Deployment', database],
    ['to ambient', 'Pod', instance],
    ['to sidecars', 'Deployment', database],
    ['to sidecars', 'Pod', instance],
  ] as const)('has nothing started: %s, because of a %s that is replaced', async (way, kind, databaseIn) => {
    await runOnSimulation({
      name: 'moment-away',
      podsOutside: true,
      disturbs: true,
      run: async (world) => {
        const db = databaseIn(world.ns());
        await blocked(world, way, db);
        await replaceDatabase(world, kind, db);
        await isNotStarted(world);
      },
    });
  });

  it.each([
    ['the same operator looks on', () => Promise.resolve()],
    [
      'another operator takes over meanwhile',
      async (world: World) => {
        await world.operator.kill();
        await world.operator.start();
        await world.pause(15_000); // Until it leads, and has looked once.
      },
    ],
  ] as const)('has nothing started, because of a policy that is replaced: %s', async (_who, meanwhile) => {
    await runOnSimulation({
      name: 'moment-policy',
      disturbs: true,
      run: async (world) => {
        const policy = await withPolicy(world);
        await world.delete(kinds.AuthorizationPolicy, world.ns(), 'p');
        await meanwhile(world);
        await world.pause(2000);
        await world.create(policy);
        await isNotStarted(world);
      },
    });
  });

  it('has it started once it has stayed away, and the message says until when it waits', async () => {
    await runOnSimulation({
      name: 'moment-over',
      run: async (world) => {
        await withPolicy(world);
        await world.delete(kinds.AuthorizationPolicy, world.ns(), 'p');
        await world.pause(5000);
        assert.match(
          (await world.child()).status?.message ?? '',
          /^nothing critical is found any more; it is started when that has stayed so for 30s: until \d{4}-/,
        );
        await world.childPhase('Migrated');
      },
    });
  });

  it('has it started between two moments in which a component of the mesh loses a pod', async () => {
    await runOnSimulation({
      name: 'moment-mesh',
      disturbs: true,
      run: async (world) => {
        await withPolicy(world);
        await world.delete(kinds.AuthorizationPolicy, world.ns(), 'p');
        for (let n = 0; n < 8; n += 1) {
          await world.pause(25_000);
          const pods = await world.pods('istio-system');
          const { name = '' } = pods.find(({ metadata }) => metadata.name.startsWith('ztunnel'))?.metadata ?? {};
          await world.delete(kinds.Pod, 'istio-system', name);
        }
        assert.equal((await world.child()).status?.phase, 'Migrated', (await world.child()).status?.message);
      },
    });
  });
});
