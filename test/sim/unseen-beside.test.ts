import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { sleep } from '../../src/base/clock.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { restartAnnotation } from '../../src/api/resources.ts';
import { modeOf } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const minuteMs = 60_000;
const slow = { behaviour: { [podBehaviour.readyAfterMs]: '8000' } };

/** Refuses callers of some pods, or of all, by their address. */
function deny(home: string, app?: string): KubeObject {
  const selector = app === undefined ? {} : { selector: { matchLabels: { app } } };
  return object('AuthorizationPolicy', home, 'no-addresses', {
    ...selector,
    action: 'DENY',
    rules: [{ from: [{ source: { ipBlocks: ['10.244.0.0/16'] } }] }],
  });
}

async function modesOf(world: World, home: string, app: string): Promise<readonly string[]> {
  return (await world.pods(home))
    .filter(({ metadata }) => metadata.labels?.['app'] === app)
    .map((pod) => modeOf(projectPod(pod)));
}

/**
 * Whether at any instant of a story `caller` called from ambient while a sidecar of `called` was to decide by its
 * address.
 */
async function missed(
  world: World,
  home: string,
  caller: string,
  called: string,
  story: () => Promise<void>,
): Promise<boolean> {
  const over = new AbortController();
  let found = false;
  const watching = (async () => {
    while (!over.signal.aborted) {
      const [callers, there] = [await modesOf(world, home, caller), await modesOf(world, home, called)];
      if (callers.includes('Ambient') && there.includes('Sidecar')) found = true;
      await sleep(world.clock, 200, world.signal);
    }
  })();
  try {
    await story();
  } finally {
    over.abort();
    await watching;
  }
  return found;
}

async function stalled(world: World, home: string, pattern: RegExp): Promise<void> {
  await world.eventually(
    `Stalled by ${pattern.source}`,
    async () =>
      (await world.child(home)).status?.conditions?.some(
        ({ type, status, message }) => type === 'Stalled' && status === 'True' && pattern.test(message),
      ) === true
        ? true
        : undefined,
    5 * minuteMs,
  );
}

async function on(
  name: string,
  apps: readonly string[],
  story: (world: World, home: string) => Promise<void>,
): Promise<void> {
  await runOnSimulation({
    name,
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home), ...apps.map((app) => deployment(home, app, slow)));
      await world.podsReady(apps.length, home);
      await story(world, home);
    },
  });
}

/** A restart that is only announced is still held by what comes; this waits until it is written. */
async function restarted(world: World, home: string, name: string): Promise<void> {
  await world.eventually(`${name} is being restarted`, async () => {
    const { spec } = await world.client.get(kinds.Deployment, home, name, world.signal);
    return JSON.stringify(spec).includes(restartAnnotation) ? true : undefined;
  });
}

/** Under way, with the first of its workloads in ambient or on its way there. */
async function halfWay(world: World, home: string, spec: Parameters<typeof meshMigration>[2] = {}): Promise<void> {
  await world.create(meshMigration(world.name, { names: [home] }, spec));
  await restarted(world, home, 'a-first');
}

describe('a policy by the address of the caller that appears when the labels have changed', () => {
  it('has the called restarted before those that may call them', async () => {
    await on('called-before', ['a-first', 'b-caller', 'c-called'], async (world, home) => {
      await halfWay(world, home);
      await world.create(deny(home, 'c-called'));
      assert.equal(
        await missed(world, home, 'b-caller', 'c-called', async () => {
          await world.phase('Migrated');
        }),
        false,
      );
    });
  });

  it('holds each where all decide by it, until it is written by identities', async () => {
    await on('hold', ['a-first', 'b', 'c'], async (world, home) => {
      await halfWay(world, home);
      await world.create(deny(home));
      await stalled(
        world,
        home,
        /the restart of Deployment b waits: MM123 AuthorizationPolicy .*no-addresses: .*at sidecars of c-.*, called from ambient by Deployment b/,
      );
      await world.pause(minuteMs);
      await world.modesAre({ Ambient: 1, Sidecar: 2 }, home);
      await world.patch('AuthorizationPolicy', home, 'no-addresses', {
        spec: { rules: [{ from: [{ source: { namespaces: ['elsewhere'] } }] }] },
      });
      await world.phase('Migrated');
    });
  });

  it.each([
    ['one', ['a-first', 'b', 'c'], 1],
    ['two', ['a-first', 'b', 'c', 'd'], 2],
  ] as const)(
    'takes the namespace back where nobody settles it, with %s in ambient: sidecars decide by it again',
    async (_what, apps, moved) => {
      await on('back', apps, async (world, home) => {
        await halfWay(world, home, { restart: { progressDeadline: '1m' } });
        await world.eventually('as many are in ambient', async () =>
          (await world.modes(home)).Ambient === moved ? true : undefined,
        );
        await world.create(deny(home));
        await world.childPhase('RolledBack', home, 10 * minuteMs);
        await world.modesAre({ Sidecar: apps.length }, home);
      });
    },
  );

  it('holds nobody where those beside it do not call', async () => {
    await on('not-called', ['a-first', 'b', 'c'], async (world, home) => {
      await halfWay(world, home, { callers: [{ namespace: home, from: [{ namespace: 'elsewhere' }] }] });
      await world.create(deny(home));
      await world.phase('Migrated');
    });
  });

  it('holds a caller of the same migration until the called has moved', async () => {
    await runOnSimulation(
      {
        name: 'moves-too',
        async run(world) {
          const [a, b] = [world.ns('a'), world.ns('b')];
          for (const home of [a, b])
            await world.create(namespace(home), deployment(home, 'first', slow), deployment(home, 'web', slow));
          for (const home of [a, b]) await world.podsReady(2, home);
          await world.create(
            meshMigration(
              world.name,
              { names: [a, b] },
              { callers: [{ namespace: b, from: [{ namespace: a }] }], restart: { podsPerMinute: 2 } },
            ),
          );
          await restarted(world, a, 'first');
          await world.create(deny(b, 'web'));
          const order: string[] = [];
          await world.eventually(
            'both are there',
            async () => {
              if (!order.includes(b) && (await modesOf(world, b, 'web')).every((mode) => mode === 'Ambient'))
                order.push(b);
              if (!order.includes(a) && (await modesOf(world, a, 'web')).includes('Ambient')) order.push(a);
              return order.length === 2 ? true : undefined;
            },
            20 * minuteMs,
          );
          assert.deepEqual(order, [b, a]);
          await world.phase('Migrated');
        },
      },
      { slots: 1 },
    );
  });
});

describe('a policy by the address of the caller that appears at rest', () => {
  it('has the called brought back after those that may call them', async () => {
    await on('back-after', ['a-called', 'b-caller', 'c-caller'], async (world, home) => {
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      await world.create(deny(home, 'a-called'));
      assert.equal(
        await missed(world, home, 'c-caller', 'a-called', async () => {
          await world.command('RollingBack');
          await world.phase('RolledBack');
        }),
        false,
      );
    });
  });

  it('keeps all in ambient where all decide by it, until it is written by identities', async () => {
    await on('back-hold', ['a', 'b'], async (world, home) => {
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      await world.create(deny(home));
      await world.command('RollingBack');
      await stalled(world, home, /which AuthorizationPolicy .*no-addresses asks about.* called by /);
      await world.pause(minuteMs);
      await world.modesAre({ Ambient: 2 }, home);
      await world.delete(kinds.AuthorizationPolicy, home, 'no-addresses');
      await world.phase('RolledBack');
    });
  });

  it('has the called go back into ambient before those that may call them', async () => {
    await runOnSimulation({
      name: 'exit',
      async run(world) {
        const home = world.ns();
        const apps = ['a-caller', 'b-called', 'c-caller'];
        await world.create(
          namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
          ...apps.map((app) => deployment(home, app, slow)),
        );
        await world.podsReady(3, home);
        await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
        await world.phase('Migrated');
        await world.create(deny(home, 'b-called'));
        assert.deepEqual(
          await Promise.all(
            ['a-caller', 'c-caller'].map(
              async (caller) =>
                await missed(world, home, caller, 'b-called', async () => {
                  if (caller === 'a-caller') await world.command('RollingBack');
                  await world.phase('RolledBack');
                }),
            ),
          ),
          [false, false],
        );
      },
    });
  });
});
