import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { httpPort } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { called, plain, readableBy } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const minuteMs = 60_000;

function slowly(ms: number): { readonly behaviour: Readonly<Record<string, string>> } {
  return { behaviour: { [podBehaviour.readyAfterMs]: `${ms}` } };
}

/** Callers that have not left their sidecars for a minute. */
const callers: Readonly<
  Record<string, { make: (world: World) => Promise<void>; stop?: (world: World) => Promise<void> }>
> = {
  'one that is paused': {
    make: (world) => plain(world, world.ns('a')),
    stop: (world) => world.command('Paused', world.ns('a')),
  },
  'one that is slow': {
    async make(world) {
      const a = world.ns('a');
      await world.create(namespace(a), deployment(a, 'web', { replicas: 4, ...slowly(minuteMs) }));
      await world.podsReady(4, a);
    },
  },
};

/** As kubectl replace --force does: without the policy nothing needs a waypoint, and nobody is waited for. */
async function replacePolicy(world: World): Promise<void> {
  const [a, b] = [world.ns('a'), world.ns('b')];
  await world.delete(kinds.AuthorizationPolicy, b, 'readers');
  await world.pause(4000);
  await world.create(readableBy(b, a));
  await world.pause(20_000);
}

async function isMigrated(world: World): Promise<void> {
  await world.eventually(
    'all are migrated',
    async () => ((await world.migration()).status?.phase === 'Migrated' ? true : undefined),
    10 * minuteMs,
  );
}

async function run(name: string, tell: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name, run: tell });
}

describe('those who have to go first, by a policy that is away for a moment', () => {
  it.each(Object.keys(callers))('are waited for all the same: %s', async (name) => {
    await run('awaited-moment', async (world) => {
      const b = world.ns('b');
      await callers[name]?.make(world);
      await called(world, b, world.ns('a'));
      await start(world, {}, ['a', 'b']);
      await world.eventually('a is under way', async () =>
        (await world.child(world.ns('a'))).status?.direction === 'Forward' ? true : undefined,
      );
      await callers[name]?.stop?.(world);
      await world.pause(minuteMs);
      assert.match((await world.child(b)).status?.message ?? '', /they go first/);
      await replacePolicy(world);
      assert.deepEqual(await world.modes(b), { Sidecar: 1 });
    });
  });

  it('are waited for by an operator that has just taken over', async () => {
    await run('awaited-taken', async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await world.create(namespace(a), deployment(a, 'web', { replicas: 9, ...slowly(minuteMs) }));
      await world.podsReady(9, a);
      await called(world, b, a);
      await start(world, {}, ['a', 'b']);
      await world.pause(minuteMs);
      assert.match((await world.child(b)).status?.message ?? '', /they go first/);
      await world.operator.kill();
      await world.delete(kinds.AuthorizationPolicy, b, 'readers');
      await world.operator.start();
      await world.pause(36_000); // Until it leads, and has looked for as long as proxies get.
      assert.match(
        (await world.child(b)).status?.message ?? '',
        /^nobody has to go before it any more, and whether those have gone who had to is not known/,
      );
      await world.create(readableBy(b, a));
      await world.pause(20_000);
      assert.deepEqual(await world.modes(b), { Sidecar: 1 });
    });
  });

  it('are waited for on the way back too', async () => {
    await run('awaited-back', async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await plain(world, a);
      const api = deployment(b, 'api', { replicas: 2, ...slowly(40_000) });
      await world.create(namespace(b), service(b, 'api', {}, httpPort), readableBy(b, a), api);
      await world.podsReady(2, b);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await isMigrated(world);
      await world.command('RollingBack');
      await world.pause(40_000);
      assert.match((await world.child(a)).status?.message ?? '', /they get theirs back first/);
      await replacePolicy(world);
      assert.deepEqual(await world.modes(a), { Ambient: 1 });
      await world.childPhase('RolledBack', a, 5 * minuteMs);
    });
  });

  it('are waited for no longer once they have gone', async () => {
    await run('awaited-gone', async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await world.create(namespace(a), deployment(a, 'web', slowly(20_000)));
      await world.podsReady(1, a);
      await called(world, b, a);
      await start(world, {}, ['a', 'b']);
      await world.eventually('b waits', async () =>
        (await world.child(b)).status?.message?.includes('they go first') === true ? true : undefined,
      );
      await world.modesAre({ Ambient: 1 }, a);
      await world.pause(15_000);
      assert.equal((await world.labels(b))['istio.io/dataplane-mode'], 'ambient');
    });
  });
});
