import { afterEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../src/base/random.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { deployments, namespaces, pods, replicaSets } from './controllers/kinds.ts';
import type { Pod } from './controllers/pod-types.ts';
import { conditionOf, isActive, isReady } from './controllers/pods.ts';
import { workload } from './controllers/simulation.ts';
import { getByKey, listOf, modify } from './controllers/typed-api.ts';
import { namespaceObject } from './fixtures/istio-system.ts';
import { startSimCluster, type SimCluster } from './sim-cluster.ts';
import { VirtualClock } from './virtual-clock.ts';

const namespace = 'shop';
const redirection = 'ambient.istio.io/redirection';
const sidecar = 'sidecar.istio.io/status';

interface World {
  readonly cluster: SimCluster;
  readonly clock: VirtualClock;
}

const started: SimCluster[] = [];

async function start(
  options: { readonly ambient?: boolean; readonly gatewayApi?: boolean; readonly seed?: number } = {},
): Promise<World> {
  const random = seededRandom(options.seed ?? 1);
  const clock = new VirtualClock({ random });
  const cluster = await clock.run(startSimCluster({ clock, random, ...options }), { maxMs: 60_000 });
  started.push(cluster);
  return { cluster, clock };
}

afterEach(async () => {
  for (const cluster of started.splice(0)) await cluster.stop();
});

function deploy(
  { cluster }: World,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
): void {
  const { metadata, ...rest } = workload('cart', annotations);
  cluster.server.create(namespaces, namespaceObject(namespace, labels), { manager: 'test' });
  cluster.server.create(
    deployments,
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { ...rest, replicas: 2 } },
    { manager: 'test' },
  );
}

function relabel({ cluster }: World, labels: Readonly<Record<string, string>>): void {
  const found = getByKey(cluster.server, namespaces, `/${namespace}`);
  if (found !== undefined)
    modify(cluster.server, namespaces, found, { manager: 'test' }, (current) => ({
      ...current,
      metadata: { ...current.metadata, labels },
    }));
}

function alive({ cluster }: World): readonly Pod[] {
  return listOf(cluster.server, pods, namespace).filter(isActive);
}

function readyPods(world: World): () => boolean {
  return () => alive(world).filter(isReady).length === 2;
}

function claims(world: World): readonly unknown[] {
  return alive(world).map(({ metadata }) => metadata.annotations?.[redirection]);
}

describe('the mesh', () => {
  it('starts without ambient and gets it later', async () => {
    const world = await start({ ambient: false });
    const classOf = () => {
      const resource = world.cluster.server.resourceFor('gateway.networking.k8s.io', 'GatewayClass');
      return resource === undefined ? undefined : world.cluster.server.get(resource, undefined, 'istio-waypoint');
    };
    expect(classOf()).toBeUndefined();
    deploy(world, { 'istio-injection': 'enabled' });
    await world.clock.run(readyPods(world));
    expect(alive(world).map(({ metadata }) => metadata.labels?.['networking.istio.io/tunnel'])).toEqual([
      undefined,
      undefined,
    ]);
    await world.clock.run(world.cluster.enableAmbient());
    expect(classOf()?.['status']).toMatchObject({ conditions: [{ type: 'Accepted', status: 'True' }] });
    for (const { metadata } of alive(world)) world.cluster.server.delete(pods, namespace, metadata.name);
    await world.clock.run(readyPods(world));
    expect(alive(world).map(({ metadata }) => metadata.labels?.['networking.istio.io/tunnel'])).toEqual([
      'http',
      'http',
    ]);
  });

  it('writes nothing once everything has settled, and leaves no timer behind when it is stopped', async () => {
    const world = await start();
    deploy(world, { 'istio-injection': 'enabled' });
    await world.clock.run(readyPods(world));
    await world.clock.advance(60_000);
    const { revision } = world.cluster.server;
    await world.clock.advance(3_600_000);
    expect(world.cluster.server.revision).toBe(revision);
    await world.cluster.stop();
    expect(world.clock.pending).toBe(0);
  });

  it('has no GatewayClass without the Gateway API', async () => {
    const { cluster } = await start({ gatewayApi: false });
    expect(cluster.server.resourceFor('gateway.networking.k8s.io', 'GatewayClass')).toBeUndefined();
  });

  it('runs the same way from the same seed', async () => {
    const history = async (): Promise<readonly string[]> => {
      const world = await start({ seed: 7 });
      const events: string[] = [];
      world.cluster.server.watch(pods, ({ type, object }) => {
        events.push(
          `${String(world.clock.now())} ${type} ${object.metadata.name} ${String(object.metadata.resourceVersion)}`,
        );
      });
      deploy(world, { 'istio-injection': 'enabled' });
      await world.clock.advance(10_000);
      return events;
    };
    const first = await history();
    expect(first.length).toBeGreaterThan(10);
    expect(await history()).toEqual(first);
  });
});

describe('the node agent', () => {
  it('captures running pods when the namespace becomes ambient and lets them go afterwards, without a restart', async () => {
    const world = await start();
    deploy(world, {});
    await world.clock.run(readyPods(world));
    const uids = alive(world).map(({ metadata }) => metadata.uid);
    expect(claims(world)).toEqual([undefined, undefined]);
    relabel(world, { 'istio.io/dataplane-mode': 'ambient' });
    await world.clock.run(() => claims(world).every((claim) => claim === 'enabled'));
    relabel(world, {});
    await world.clock.run(() => claims(world).every((claim) => claim === undefined));
    expect(alive(world).map(({ metadata }) => metadata.uid)).toEqual(uids);
  });

  it('leaves pods with a sidecar alone', async () => {
    const world = await start();
    deploy(world, { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': 'ambient' });
    await world.clock.run(readyPods(world));
    await world.clock.advance(10_000);
    expect(claims(world)).toEqual([undefined, undefined]);
    expect(alive(world).every(({ metadata }) => metadata.annotations?.[sidecar] !== undefined)).toBe(true);
  });

  it.each([
    ['pending', 'pending'],
    ['never', undefined],
  ])('enrols as podBehaviour says: %s', async (enrol, claim) => {
    const world = await start();
    deploy(world, { 'istio.io/dataplane-mode': 'ambient' }, { [podBehaviour.enrol]: enrol });
    await world.clock.run(readyPods(world));
    await world.clock.advance(10_000);
    expect(claims(world)).toEqual([claim, claim]);
  });

  it('does nothing in a mesh without ambient', async () => {
    const world = await start({ ambient: false });
    deploy(world, { 'istio.io/dataplane-mode': 'ambient' });
    await world.clock.run(readyPods(world));
    await world.clock.advance(10_000);
    expect(claims(world)).toEqual([undefined, undefined]);
  });
});

describe('the injector', () => {
  it('stops the creation of pods it would inject while it is down, and only those', async () => {
    const world = await start();
    world.cluster.injector.reachable = false;
    deploy(world, { 'istio-injection': 'enabled' });
    await world.clock.advance(60_000);
    expect(alive(world)).toEqual([]);
    const [set] = listOf(world.cluster.server, replicaSets, namespace);
    const failure = conditionOf(set?.status?.conditions, 'ReplicaFailure');
    expect(failure?.message).toContain('failed calling webhook "namespace.sidecar-injector.istio.io"');
    const deployment = getByKey(world.cluster.server, deployments, `${namespace}/cart`);
    expect(conditionOf(deployment?.status?.conditions, 'ReplicaFailure')?.status).toBe('True');
    world.cluster.injector.reachable = true;
    await world.clock.run(readyPods(world));
    await world.clock.run(
      () =>
        conditionOf(
          getByKey(world.cluster.server, deployments, `${namespace}/cart`)?.status?.conditions,
          'ReplicaFailure',
        ) === undefined,
    );
  });

  it('makes a pod ready only with its sidecar when the pod needs one', async () => {
    const world = await start();
    deploy(world, {}, { [podBehaviour.neverReady]: 'without-sidecar' });
    await world.clock.advance(10_000);
    expect(alive(world).filter(isReady)).toEqual([]);
    relabel(world, { 'istio-injection': 'enabled' });
    for (const { metadata } of alive(world)) world.cluster.server.delete(pods, namespace, metadata.name);
    await world.clock.run(readyPods(world));
  });
});
