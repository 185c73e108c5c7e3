import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { barePod, deployment, meshMigration, namespace, object, strict } from '../scenarios/manifests.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { IdentityWatch } from './identity-watch.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

function deny(home: string, caller: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-caller', {
    action: 'DENY',
    rules: [{ from: [{ source: { namespaces: [caller] } }] }],
  });
}

/** A mesh with sidecars only and two namespaces, before ambient is enabled. */
async function twoNamespaces(world: World, ...policies: readonly KubeObject[]): Promise<void> {
  for (const home of [world.ns('a'), world.ns('b')]) await world.create(namespace(home), deployment(home, 'web'));
  await world.create(...policies);
  for (const home of [world.ns('a'), world.ns('b')]) await world.podsReady(1, home);
}

/** Runs a story and returns what came out wrong for requests from `a` to `b`. */
async function watched(
  name: string,
  policy: 'Deny' | 'Strict',
  run: (world: World) => Promise<void>,
  more: Pick<SimRun, 'adapter' | 'slots'> = {},
): Promise<readonly string[]> {
  const [a, b] = [`${name}-a`, `${name}-b`];
  let watch: IdentityWatch | undefined;
  const scenario: Scenario = {
    name,
    async prepare(world) {
      await twoNamespaces(world, policy === 'Deny' ? deny(b, a) : strict(b));
    },
    async run(world) {
      await watch?.start();
      await run(world);
    },
  };
  await runOnSimulation(scenario, {
    ...more,
    arrange(cluster) {
      watch = new IdentityWatch(cluster, [{ caller: a, called: b, allowed: policy === 'Strict' }]);
    },
  });
  return watch?.stop() ?? [];
}

async function both(world: World): Promise<void> {
  await world.create(meshMigration(world.name, { names: [world.ns('a'), world.ns('b')] }));
  await world.phase('Migrated');
}

/** Waits for a Stalled reason, and gives the message. */
async function stalled(world: World, home: string, reason: string): Promise<string> {
  return await world.eventually(
    `${home} Stalled by ${reason}`,
    async () =>
      (await world.child(home)).status?.conditions?.find(
        (each) => each.type === 'Stalled' && each.status === 'True' && each.reason === reason,
      )?.message,
  );
}

describe('sidecars that are older than ambient', () => {
  it.each(['Deny', 'Strict'] as const)(
    'are restarted before anybody who may call them moves, whoever is first by name and with one slot only: %s',
    async (policy) => {
      expect(await watched(`order-${policy.toLowerCase()}`, policy, both, { slots: 1 })).toEqual([]);
    },
  );

  it('would be called without an identity otherwise, and the watch sees it', async () => {
    const careless = {
      ...istio,
      itinerary: (...args: Parameters<typeof istio.itinerary>) => {
        const { forward, backward } = istio.itinerary(...args);
        return { backward, forward: forward.map(({ awaits: _awaits, ...step }) => step) };
      },
    };

    expect(await watched('careless', 'Deny', both, { slots: 1, adapter: careless })).toContain(
      'Ambient to Sidecar without HBONE: allowed',
    );
  });

  it('block whoever may call them where they stay, and do not any more as soon as somebody has restarted them', async () => {
    expect(
      await watched('stays', 'Deny', async (world) => {
        const [a, b] = [world.ns('a'), world.ns('b')];
        await world.create(meshMigration(world.name, { names: [a] }));
        const { status } = await world.childPhase('Blocked', a);
        assert.match(
          status?.findings?.find(({ id }) => id === 'MM100')?.message ?? '',
          /web-.*no-caller decides by who calls/,
        );
        assert.equal(status?.findings?.find(({ id }) => id === 'MM100')?.object, `Namespace ${b}`);
        await world.patch('Deployment', b, 'web', {
          spec: { template: { metadata: { annotations: { restarted: 'by hand' } } } },
        });
        await world.phase('Migrated');
      }),
    ).toEqual([]);
  });

  it('that appear on the way hold the next step, which goes on by itself when they are gone', async () => {
    expect(
      await watched('appear', 'Deny', async (world) => {
        const [a, b, old] = [world.ns('a'), world.ns('b'), world.ns('old')];
        await world.create(meshMigration(world.name, { names: [a, b] }, { restart: { podsPerMinute: 6 } }));
        await world.eventually('it waits for the other', async () =>
          (await world.child(a)).status?.message?.startsWith(
            `waits until the sidecars that it may call take HBONE, in ${b}`,
          ) === true
            ? true
            : undefined,
        );
        await world.create(namespace(old, {}), deny(old, a), oldPod(old));
        assert.match(await stalled(world, a, 'WaitsForOthers'), new RegExp(`does not restart them: ${old} \\(left\\)`));
        assert.deepEqual((await world.labels(a))['istio-injection'], 'enabled');
        await world.client.delete(
          { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
          old,
          'left',
          { signal: world.signal },
        );
        await world.phase('Migrated');
      }),
    ).toEqual([]);
  });
});

const http = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };

/** `api` may only be read, and only by the namespace `caller`. */
function readableBy(home: string, caller: string): KubeObject {
  return object('AuthorizationPolicy', home, 'readers', {
    action: 'ALLOW',
    rules: [{ from: [{ source: { namespaces: [caller] } }], to: [{ operation: { methods: ['GET'] } }] }],
  });
}

async function create(world: World, home: string, name: string, ...policies: readonly KubeObject[]): Promise<void> {
  await world.create(namespace(home), service(home, name, {}, http), ...policies, deployment(home, name));
  await world.podsReady(1, home);
}

describe('namespaces behind a waypoint', () => {
  it('are bound while their callers have sidecars, wait for them without a slot or a deadline, and go on by themselves: two of them with one slot', async () => {
    await runOnSimulation(
      {
        name: 'bound',
        async run(world) {
          const [caller, ...called] = [world.ns('z'), world.ns('a'), world.ns('b')];
          const slow = { behaviour: { [podBehaviour.readyAfterMs]: '8000' } };
          for (const home of called) await create(world, home, 'api', readableBy(home, caller));
          await world.create(
            namespace(caller),
            ...['web', 'cart', 'blog'].map((name) => deployment(caller, name, slow)),
          );
          await world.podsReady(3, caller);
          await world.create(
            meshMigration(world.name, { names: [...called, caller] }, { restart: { progressDeadline: '15s' } }),
          );
          const { status } = await world
            .child(called[0])
            .catch(async () => await world.childPhase('Migrating', called[0]));
          assert.notEqual(status?.writtenPhase, 'Blocked');
          await world.eventually(
            'all are migrated',
            async () => ((await world.migration()).status?.phase === 'Migrated' ? true : undefined),
            600_000,
          );
          const moved = await world.completedAt('RestartWorkloads', caller);
          for (const home of called) {
            const [bound, flipped] = [
              await world.completedAt('BindWaypoint', home),
              await world.completedAt('Flip', home),
            ];
            assert.ok(
              bound < moved && moved <= flipped,
              `${home}: bound ${bound}, callers moved ${moved}, flipped ${flipped}`,
            );
          }
        },
      },
      { slots: 1 },
    );
  });

  it('that call each other are named before the start, with the circle, and do not wait for themselves', async () => {
    await runOnSimulation({
      name: 'circle',
      async run(world) {
        const [a, b] = [world.ns('a'), world.ns('b')];
        await create(world, a, 'api', readableBy(a, b));
        await create(world, b, 'api', readableBy(b, a));
        await world.create(meshMigration(world.name, { names: [a, b] }));
        const { status } = await world.childPhase('Blocked', a);
        assert.match(
          status?.findings?.find(({ id }) => id === 'MM102')?.message ?? '',
          new RegExp(`${a} calls ${b} calls ${a}`),
        );
        await world.edit({ policies: { bypass: 'FailClosed' } });
        await world.phase('Migrated');
      },
    });
  });
});

/** What an injector without ambient makes. */
function oldPod(home: string): KubeObject {
  const pod = barePod(home, 'left');
  const spec = pod['spec'] as { readonly containers: readonly object[] };
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: { 'sidecar.istio.io/status': '{}' } },
    spec: { ...spec, containers: [...spec.containers, { name: 'istio-proxy', image: 'proxy:1' }] },
  };
}
