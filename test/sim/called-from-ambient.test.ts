import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { lacksHbone } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { called as behind, plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';

const slow = { behaviour: { [podBehaviour.readyAfterMs]: '4000' } };
const minuteMs = 60_000;

/** Refuses callers by their address. */
function deny(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-addresses', {
    action: 'DENY',
    rules: [{ from: [{ source: { ipBlocks: ['10.244.0.0/16'] } }] }],
  });
}

/** Says who calls a namespace. */
function calledBy(home: string, ...callers: readonly string[]): Pick<MeshMigrationSpec, 'callers'> {
  return { callers: [{ namespace: home, from: callers.map((each) => ({ namespace: each })) }] };
}

async function called(world: World, home: string): Promise<void> {
  await world.create(namespace(home), deployment(home, 'api', slow));
  await world.podsReady(1, home);
}

async function inAmbient(world: World, home: string): Promise<void> {
  await world.create(namespace(home, { 'istio.io/dataplane-mode': 'ambient' }), deployment(home, 'web', slow));
  await world.podsReady(1, home);
}

async function areOld(world: World, home: string): Promise<boolean> {
  return (await world.pods(home)).map(projectPod).every(lacksHbone);
}

async function critical(world: World, home: string): Promise<string> {
  const { status } = await world.childPhase('Blocked', home);
  return (
    status?.findings
      ?.filter(({ severity }) => severity === 'Critical')
      .map(({ id, object: it, message }) => `${id} ${it}: ${message}`)
      .join() ?? ''
  );
}

/**
 * `b` has sidecars from before ambient was enabled, and `c` is in ambient since before; it reaches them in plaintext,
 * which shows where it comes from.
 */
async function old(
  name: string,
  story: (world: World, a: string, b: string, c: string) => Promise<void>,
): Promise<void> {
  await runOnSimulation({
    name,
    async prepare(world) {
      await called(world, world.ns('b'));
      await world.create(deployment(world.ns('b'), 'later', slow));
      await world.podsReady(2, world.ns('b'));
    },
    async run(world) {
      const [a, b, c] = [world.ns('a'), world.ns('b'), world.ns('c')];
      await inAmbient(world, c);
      await story(world, a, b, c);
    },
  });
}

describe('sidecars that see the addresses of callers in ambient, because they take no HBONE', () => {
  it('are not restarted in a namespace that moves, until its policy leaves that alone', async () => {
    await old('blinded-mover', async (world, _a, b, c) => {
      await world.create(deny(b), meshMigration(world.name, { names: [b] }, calledBy(b, c)));
      assert.match(
        await critical(world, b),
        new RegExp(
          `^MM123 AuthorizationPolicy ${b}/no-addresses: .*may get through at api-.* as soon as they are restarted.*${c}`,
        ),
      );
      assert.ok(await areOld(world, b));
      await world.patch('AuthorizationPolicy', b, 'no-addresses', {
        spec: { rules: [{ from: [{ source: { namespaces: ['elsewhere'] } }] }] },
      });
      await world.phase('Migrated');
    });
  });

  it('are not restarted in a namespace that stays, until their owner has done it himself', async () => {
    await old('blinded-stays', async (world, a, b, c) => {
      await called(world, a);
      await world.create(
        deny(b),
        meshMigration(world.name, { names: [a] }, { restart: { hboneNamespaces: { names: [b] } }, ...calledBy(b, c) }),
      );
      assert.match(await critical(world, b), new RegExp(`^MM123 AuthorizationPolicy ${b}/no-addresses`));
      assert.ok(await areOld(world, b));
      for (const name of ['api', 'later'])
        await world.patch('Deployment', b, name, {
          spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } },
        });
      await world.phase('Migrated');
      assert.equal((await world.child(b)).status?.findings?.some(({ id }) => id === 'MM123') ?? false, false);
    });
  });

  it('are held where the policy comes when the namespace is under way', async () => {
    await old('blinded-late', async (world, _a, b, c) => {
      await world.create(
        meshMigration(world.name, { names: [b] }, { ...calledBy(b, c), restart: { podsPerMinute: 1 } }),
      );
      await world.eventually('the first is restarted', async () =>
        (await world.child(b)).status?.workloads?.some(({ step }) => step === 'RestartForHbone') === true
          ? true
          : undefined,
      );
      await world.create(deny(b));
      await world.eventually(
        'it is held',
        async () =>
          (await world.child(b)).status?.conditions?.some(
            ({ type, status, message }) =>
              type === 'Stalled' && status === 'True' && message.includes(`${b}/no-addresses`),
          ) === true
            ? true
            : undefined,
        5 * minuteMs,
      );
      assert.equal((await world.labels(b))['istio-injection'], 'enabled');
    });
  });
});

describe('namespaces that wait for each other on the way back', () => {
  async function message(world: World, home: string, pattern: RegExp): Promise<void> {
    await world.eventually(`${home} says ${pattern.source}`, async () =>
      pattern.test((await world.child(home)).status?.message ?? '') ? true : undefined,
    );
  }

  it('go, the caller first, where one would be refused and the other would let something through', async () => {
    await runOnSimulation({
      name: 'mixed-circle',
      async run(world) {
        const [a, b] = [world.ns('a'), world.ns('b')];
        const before = [
          await plain(world, a).then(() => world.snapshot(a)),
          await behind(world, b, a).then(() => world.snapshot(b)),
        ] as const;
        await world.create(meshMigration(world.name, { names: [a, b] }));
        await world.phase('Migrated');
        await world.create(deny(b));
        await world.edit({ action: 'Rollback' });
        await message(
          world,
          b,
          new RegExp(`${a} get their sidecars back first; from then on until this follows it refuses what ${a} call`),
        );
        await world.phase('RolledBack');
        const [back, restored] = [
          await world.completedAt('RestoreWorkloads', a),
          await world.completedAt('RestoreLabels', b),
        ];
        assert.ok(back !== '' && back <= restored);
        await world.delete(kinds.AuthorizationPolicy, b, 'no-addresses');
        await world.restored(before[0], a);
        await world.restored(before[1], b);
      },
    });
  });

  it('stand where each would let something through, and say that they wait for each other', async () => {
    await runOnSimulation({
      name: 'open-circle',
      async run(world) {
        const [a, b] = [world.ns('a'), world.ns('b')];
        for (const home of [a, b]) await called(world, home);
        await world.create(
          meshMigration(
            world.name,
            { names: [a, b] },
            { callers: [...calledBy(a, b).callers, ...calledBy(b, a).callers] },
          ),
        );
        await world.phase('Migrated');
        await world.create(deny(a), deny(b));
        await world.edit({ action: 'Rollback' });
        await message(
          world,
          a,
          new RegExp(`but they wait for each other in a circle, ${a} for ${b} for ${a}: name the callers`),
        );
        await message(
          world,
          b,
          new RegExp(`but they wait for each other in a circle, ${b} for ${a} for ${b}: name the callers`),
        );
        await world.pause(10 * minuteMs);
        for (const home of [a, b]) assert.deepEqual(await world.modes(home), { Ambient: 1 });
        await world.delete(kinds.AuthorizationPolicy, a, 'no-addresses');
        await world.phase('RolledBack');
      },
    });
  });
});
