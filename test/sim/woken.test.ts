import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { MeshAdapter } from '../../src/mesh/adapter.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { watched } from '../../src/mesh/istio/settings/resources.ts';
import { cronJob, deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { service } from '../scenarios/waypoint-world.ts';
import { runOnSimulation } from './run-scenario.ts';

/** Lets `home` call the pods of another namespace by a port of the application, so that it is blocked. */
function byPorts(other: string): KubeObject {
  return object('NetworkPolicy', other, 'ports', {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }],
  });
}

/** Blocked by what stands in another namespace, for so long that only what happens there has it looked at. */
async function blocked(world: World, home: string, other: string): Promise<void> {
  await world.create(namespace(home), namespace(other), deployment(home, 'web'), deployment(other, 'ledger'));
  await world.create(byPorts(other));
  await world.podsReady(1, home);
  await world.podsReady(1, other);
  await world.create(meshMigration(world.name, { names: [home] }));
  await world.childPhase('Blocked');
  await world.pause(60_000);
}

/** How something there ends what blocks, or how a policy does that it does. */
const ends: Readonly<Record<string, (world: World, home: string, other: string) => Promise<unknown>>> = {
  'the policy is deleted': (world, _, other) => world.delete(kinds.NetworkPolicy, other, 'ports'),
  'the policy opens it': (world, _, other) => world.patch('NetworkPolicy', other, 'ports', { spec: { ingress: [{}] } }),
  'another policy opens it': (world, _, other) =>
    world.create(object('NetworkPolicy', other, 'open', { podSelector: {}, ingress: [{}] })),
  'what is called is deleted': (world, _, other) => world.delete(kinds.Deployment, other, 'ledger'),
};

describe('what blocks a namespace from elsewhere', () => {
  it.each(Object.entries(ends))('goes on by itself within seconds: %s', async (_, end) => {
    await runOnSimulation({
      name: 'woken',
      podsOutside: true,
      async run(world) {
        const [home, other] = [world.ns(), world.ns('bank')];
        await blocked(world, home, other);
        await end(world, home, other);
        await world.pause(15_000);
        const { status } = await world.child();
        assert.equal(stalledBy(status?.conditions), undefined);
      },
    });
  });
});

/** Namespaces that are looked at, each time. */
function watching(): { readonly adapter: MeshAdapter; readonly looks: string[] } {
  const looks: string[] = [];
  const findings: MeshAdapter['findings'] = (surroundings, when) => {
    looks.push(surroundings.namespace.name);
    return istio.findings(surroundings, when);
  };
  return { adapter: { ...istio, findings }, looks };
}

/** The least that the CRDs ask of a kind. */
const least: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  DestinationRule: { host: 'ledger' },
  Gateway: { gatewayClassName: 'new', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  ServiceEntry: { hosts: ['new.example.com'] },
  TrafficExtension: { lua: { inlineCode: 'return' } },
  WasmPlugin: { url: 'oci://example.com/new:1' },
  WorkloadEntry: { address: '192.0.2.1' },
};

/** One object of each kind that rules look at, in another namespace. */
const made: Readonly<Record<string, (home: string) => KubeObject>> = {
  ...Object.fromEntries(
    watched
      .filter(({ kind, namespace: where, resource }) => where === 'All' && resource.namespaced && kind in kinds)
      .map(({ kind }) => [kind, (home: string) => object(kind as keyof typeof kinds, home, 'new', least[kind] ?? {})]),
  ),
  NetworkPolicy: (home) => object('NetworkPolicy', home, 'new', { podSelector: {} }),
  ResourceQuota: (home) => object('ResourceQuota', home, 'new', { hard: { pods: '50' } }),
  Service: (home) => service(home, 'new'),
  Deployment: (home) => deployment(home, 'new', { replicas: 0 }),
  CronJob: (home) => cronJob(home, 'new'),
};

const own: readonly string[] = watched.filter(({ isOwn }) => isOwn === true).map(({ kind }) => kind);

describe('what is made in one namespace', () => {
  it.each(Object.keys(made))('has those looked at that may depend on it, and nobody else: %s', async (kind) => {
    const { adapter, looks } = watching();
    await runOnSimulation(
      {
        name: 'looked-at',
        podsOutside: true,
        async run(world) {
          const [home, other] = [world.ns(), world.ns('bank')];
          await blocked(world, home, other);
          looks.length = 0;
          const make = made[kind];
          assert.ok(make);
          await world.create(make(other));
          await world.pause(10_000);

          expect(looks.includes(home)).toBe(!own.includes(kind));
        },
      },
      { adapter },
    );
  });

  it('has others looked at by a new label of its namespace', async () => {
    const { adapter, looks } = watching();
    await runOnSimulation(
      {
        name: 'labelled',
        podsOutside: true,
        async run(world) {
          const [home, other] = [world.ns(), world.ns('bank')];
          await blocked(world, home, other);
          looks.length = 0;
          await world.patch('Namespace', undefined, other, { metadata: { labels: { team: 'bank' } } });
          await world.pause(10_000);

          expect(looks).toContain(home);
        },
      },
      { adapter },
    );
  });
});
