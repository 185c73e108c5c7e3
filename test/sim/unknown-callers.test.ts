import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { journalAnnotation } from '../../src/api/resources.ts';
import { call, reporter } from '../support/istio-metrics.ts';
import { allowGet, denyDelete, httpPort, shop } from '../scenarios/http.ts';
import { cronJob, deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { called, moved, plain, readableBy } from './caller-and-called.ts';
import { PrometheusStandIn } from './prometheus-stand-in.ts';
import { refusals } from './refusal-watch.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';
import { denyMethod, start } from './stalled-story.ts';

/*
 * Who calls was known at the start. An answer that becomes Unknown afterwards, or callers whose pods are away for a
 * moment, make nobody of nobody: a namespace that went before its callers would refuse them for as long as they stay.
 */

const minuteMs = 60_000;

/** For everybody: it names nobody. */
const probe = { to: [{ operation: { paths: ['/healthz'] } }] };

function readers(caller: string): Readonly<Record<string, unknown>> {
  return {
    spec: {
      rules: [{ from: [{ source: { namespaces: [caller] } }], to: [{ operation: { methods: ['GET'] } }] }, probe],
    },
  };
}

async function run(story: (world: World) => Promise<void>, more: SimRun = {}): Promise<void> {
  await runOnSimulation({ name: 'asked', disturbs: true, run: story }, more);
}

/** `b` stands before its change of labels, because `a`, which calls it, is paused. */
async function waiting(world: World, a: string, b: string): Promise<void> {
  await called(world, b, a);
  await world.create(denyMethod(b));
  await start(world, { action: 'Plan' }, ['a', 'b']);
  await world.phase('Planned');
  await world.command('Paused', a);
  await world.edit({ action: 'Migrate' });
  await isWaiting(world, a, b);
}

async function isWaiting(world: World, a: string, b: string): Promise<void> {
  await world.eventually('it waits for its callers', async () => {
    const { status } = await world.child(b);
    return status?.step === 'Flip' && status.message?.includes(`its callers in ${a}`) === true ? true : undefined;
  });
}

/** It goes on waiting, and both get there without a refusal when `a` goes on. */
async function waitsOn(world: World, a: string, b: string, meanwhile: () => Promise<void>): Promise<void> {
  const refused = await refusals(world, world.clock, a, b, async () => {
    await meanwhile();
    await world.pause(2 * minuteMs);
    await isWaiting(world, a, b);
    await world.command('Migrating', a);
    await world.phase('Migrated');
  });
  expect(refused).toEqual([]);
}

const template = { metadata: { annotations: { release: 'next' } } };

const ways: Readonly<Record<string, (world: World, a: string, b: string) => Promise<void>>> = {
  'a rule for everybody is added beside the one that names them': (world, a, b) =>
    world.patch('AuthorizationPolicy', b, 'readers', readers(a)),
  'a policy for everybody is added': (world, _a, b) =>
    world.create(object('AuthorizationPolicy', b, 'page', { action: 'ALLOW', rules: [probe] })),
  'the policy that names them is replaced by a tool that deletes it first': async (world, a, b) => {
    await world.delete(kinds.AuthorizationPolicy, b, 'readers');
    await world.pause(30_000);
    await world.create(readableBy(b, a));
  },
  'all of their pods are replaced at once': (world, a) =>
    world.patch('Deployment', a, 'web', { spec: { strategy: { type: 'Recreate', rollingUpdate: null }, template } }),
  'they have no pods for a while': async (world, a) => {
    await world.patch('Deployment', a, 'web', { spec: { replicas: 0 } });
    await world.pause(30_000);
    await world.patch('Deployment', a, 'web', { spec: { replicas: 1 } });
  },
};

describe('a namespace that waits for its callers', () => {
  it.each(Object.entries(ways))('goes on waiting when %s', async (_what, way) => {
    await run(async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await plain(world, a);
      await waiting(world, a, b);
      await waitsOn(world, a, b, () => way(world, a, b));
    });
  });

  it('waits for a CronJob between two runs', async () => {
    await run(async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await world.create(namespace(a), cronJob(a, 'job'));
      await waiting(world, a, b);
      await world.pause(2 * minuteMs);
      await world.modesAre({ Sidecar: 1 }, b);
      await world.command('Migrating', a);
      await world.phase('Migrated');
    });
  });

  it('is blocked where the wave of a CronJob that calls it is a later one', async () => {
    await run(async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await world.create(namespace(a), cronJob(a, 'job'));
      await called(world, b, a);
      await start(world, { waves: [{ name: 'first', namespaces: { names: [b] }, soak: '20m', maxFailures: 0 }] }, [
        'a',
        'b',
      ]);
      const { status } = await world.childPhase('Blocked', b);
      expect(status?.findings?.map(({ id }) => id)).toContain('MM162');
    });
  });
});

/** Who calls `held` only metrics know: its own `web`, and `a`. */
function seen(held: string, a: string): PrometheusStandIn {
  const prometheus = new PrometheusStandIn();
  prometheus.series = [
    call({ to: `${held}/api`, by: `${held}/web`, workload: 'web' }),
    reporter(`${held}/web`),
    call({ to: `${held}/api`, by: `${a}/default`, workload: 'web' }),
  ];
  return prometheus;
}

/** Starts the operator anew, with metrics that are gone, and lets something be done before. */
type Restart = (meanwhile?: () => Promise<void>) => Promise<void>;

/** A story with such a Prometheus, in which the operator starts anew. */
async function withMetrics(
  story: (world: World, a: string, held: string, restart: Restart) => Promise<void>,
): Promise<void> {
  const prometheus = seen('asked', 'asked-a');
  await run(
    async (world) => {
      const [held, a] = [world.ns(), world.ns('a')];
      await plain(world, a);
      await shop(world, denyDelete(held));
      await story(world, a, held, async (meanwhile) => {
        await world.operator.kill();
        await meanwhile?.();
        prometheus.series = [];
        await world.operator.start();
      });
    },
    { prometheus: () => ({ transport: prometheus, callersWindow: { ms: 7 * 86_400_000, text: '7d' } }) },
  );
}

/** As an operator of before left it, which did not keep who calls. */
async function withoutCallers(world: World, home: string, restart: Restart): Promise<void> {
  const { metadata } = await world.client.get(kinds.Namespace, undefined, home, world.signal);
  const { callers, ...journal } = JSON.parse(metadata.annotations?.[journalAnnotation] ?? '{}') as {
    readonly callers?: unknown;
  };
  expect(callers).toMatchObject({ named: [], seen: [`${world.ns('a')}/default`, `${home}/web/web`] });
  await restart(async () => {
    await world.patch('Namespace', undefined, home, {
      metadata: { annotations: { [journalAnnotation]: JSON.stringify(journal) } },
    });
  });
}

describe('callers whom only metrics know', () => {
  it('are waited for by an operator that has just started, and knows no metrics any more', async () => {
    await withMetrics(async (world, a, held, restart) => {
      await start(world, { action: 'Plan' }, ['a', '']);
      await world.phase('Planned');
      await world.command('Paused', a);
      await world.edit({ action: 'Migrate' });
      await isWaiting(world, a, held);
      await waitsOn(world, a, held, () => restart());
    });
  });

  it('are waited for by nobody where the journal does not have them: it waits until they are named', async () => {
    await withMetrics(async (world, a, held, restart) => {
      await start(world, { action: 'Plan' }, ['a', '']);
      await world.phase('Planned');
      await world.command('Paused', a);
      await world.edit({ action: 'Migrate' });
      await isWaiting(world, a, held);
      await world.command('Paused', held);
      await world.command('Migrating', a);
      await world.childPhase('Migrated', a);
      await withoutCallers(world, held, restart);
      await world.command('Migrating', held);
      await world.eventually('it waits for an answer', async () =>
        (await world.child(held)).status?.conditions?.find(
          ({ reason, message }) => reason === 'WaitsForOthers' && message.includes('nobody knows who calls'),
        ),
      );
      expect(Object.keys(await world.modes(held))).toEqual(['Sidecar']);
      await world.edit({ callers: [{ namespace: held, from: [{ namespace: held, serviceAccount: 'web' }] }] });
      await world.phase('Migrated');
    });
  });

  it.each(['alone', 'with all'])(
    'are taken back after whom they call by one that has just started: %s',
    async (how) => {
      await withMetrics(async (world, a, held, restart) => {
        await world.create(meshMigration(world.name, { names: [held, a] }));
        await world.phase('Migrated');
        await restart();
        const refused = await refusals(world, world.clock, a, held, async () => {
          await world.command('RollingBack', ...(how === 'alone' ? [a] : []));
          await world.pause(2 * minuteMs);
        });
        expect(refused).toEqual([]);
      });
    },
  );
});

describe('a caller that is named beside a rule for everybody since it came to rest', () => {
  it.each(['alone', 'with all'])('is not taken back before whom it calls: %s', async (how) => {
    await run(async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await moved(world, a, b);
      await world.patch('AuthorizationPolicy', b, 'readers', readers(a));
      await world.pause(30_000);
      const refused = await refusals(world, world.clock, a, b, async () => {
        await world.command('RollingBack', ...(how === 'alone' ? [a] : []));
        await world.pause(3 * minuteMs);
      });
      expect(refused).toEqual([]);
    });
  });
});

describe('a workload that waits for a caller beside it', () => {
  it('goes on waiting when a rule for everybody is added', async () => {
    await run(async (world) => {
      const home = world.ns();
      const account = (name: string): KubeObject => ({ kind: 'ServiceAccount', metadata: { name, namespace: home } });
      await world.create(
        namespace(home),
        ...['web', 'api'].map(account),
        service(home, 'api', {}, httpPort),
        allowGet(home),
        ...['web', 'api'].map((name) => deployment(home, name, { serviceAccount: name })),
      );
      await world.podsReady(2);
      await world.patch('Deployment', home, 'web', { spec: { paused: true } });
      await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '1m' } }));
      await world.eventually('it waits', async () =>
        (await world.child()).status?.conditions?.find(({ reason }) => reason === 'HeldByFinding'),
      );
      const { spec } = allowGet(home) as unknown as { readonly spec: { readonly rules: readonly unknown[] } };
      const refused = await refusals(world, world.clock, home, home, async () => {
        await world.patch('AuthorizationPolicy', home, allowGet(home).metadata.name, {
          spec: { rules: [...spec.rules, probe] },
        });
        await world.pause(2 * minuteMs);
      });
      expect(refused).toEqual([]);
      await world.modesAre({ Sidecar: 2 });
    });
  });
});
