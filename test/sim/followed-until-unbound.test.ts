import { describe, expect, it } from '@jest/globals';
import { allowGet, denyDelete, httpPort, shop } from '../scenarios/http.ts';
import { deployment, job, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const slow = { behaviour: { [podBehaviour.readyAfterMs]: '40000' } };

async function run(story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'followed', disturbs: true, run: story });
}

/** What is made of some role, as text. */
async function made(world: World, home: string, role: string): Promise<readonly string[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: home, signal: world.signal });
  return items
    .filter(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === role)
    .map(({ metadata, spec }) => `${metadata.name} ${JSON.stringify(spec)}`);
}

const get = (caller: string): readonly unknown[] => [
  { from: [{ source: { namespaces: [caller] } }], to: [{ operation: { methods: ['GET'] } }] },
];

/** On the way back, with Services that are bound still: a pod that nobody restarts is in the way. */
async function waitsForPod(world: World, home: string): Promise<void> {
  await world.childPhase('Migrated');
  await world.create(job(home, 'night'));
  await world.pause(10_000);
  await world.edit({ action: 'Rollback' });
  await world.eventually('it waits for the pod', async () =>
    (await world.child(home)).status?.step === 'UnbindWaypoint' ? true : undefined,
  );
}

describe('copies, on the way back to sidecars', () => {
  it('follow their originals as long as no Service has been unbound, however long callers take', async () => {
    await run(async (world) => {
      const [called, caller] = [world.ns('called'), world.ns('caller')];
      const selector = { matchLabels: { app: 'api' } };
      await world.create(
        namespace(called),
        service(called, 'api', {}, httpPort),
        object('AuthorizationPolicy', called, 'readers', { selector, action: 'ALLOW', rules: get(caller) }),
        deployment(called, 'api'),
        namespace(caller),
        deployment(caller, 'web', { replicas: 6, ...slow }),
      );
      await world.pause(60_000);
      const callers = [{ namespace: called, from: [{ namespace: caller, serviceAccount: 'default' }] }];
      await world.create(
        meshMigration(world.name, { names: [called, caller] }, { callers, policies: { settle: '5s' } }),
      );
      await world.phase('Migrated');
      await world.pause(10_000);
      await world.edit({ action: 'Rollback' });
      await world.eventually('it waits for its callers', async () =>
        (await world.child(called)).status?.step === 'UnbindWaypoint' ? true : undefined,
      );
      await world.pause(3000);
      await world.patch('AuthorizationPolicy', called, 'readers', { spec: { rules: get('nobody') } });
      await world.pause(5000);
      expect(await made(world, called, 'Copy')).toEqual([expect.stringContaining('nobody')]);
      await world.childPhase('RolledBack', called);
      expect(await made(world, called, 'Copy')).toEqual([]);
    });
  });
});

describe('copies of a Service that is bound', () => {
  const readers = (...names: readonly string[]): readonly unknown[] => [
    { from: [{ source: { principals: names } }], to: [{ operation: { methods: ['GET'] } }] },
  ];

  /** On the way back, which a pod without a sidecar holds before any Service is unbound; another Service is made anew. */
  async function beside(story: (world: World, names: readonly [string, string]) => Promise<void>): Promise<void> {
    await run(async (world) => {
      const [home, caller] = [world.ns(), world.ns('caller')];
      const names = [`cluster.local/ns/${home}/sa/web`, `cluster.local/ns/${caller}/sa/default`] as const;
      const selector = { matchLabels: { app: 'api' } };
      await world.create(namespace(caller, { 'istio.io/dataplane-mode': 'ambient' }), deployment(caller, 'web'));
      await shop(
        world,
        object('AuthorizationPolicy', home, 'readers', { selector, action: 'ALLOW', rules: readers(...names) }),
        object('AuthorizationPolicy', home, 'keeps', {
          selector: { matchLabels: { app: 'web' } },
          action: 'DENY',
          rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
        }),
      );
      const from = [
        { namespace: home, serviceAccount: 'web' },
        { namespace: caller, serviceAccount: 'default' },
      ];
      await world.create(meshMigration(world.name, { names: [home] }, { callers: [{ namespace: home, from }] }));
      await waitsForPod(world, home);
      await world.delete(kinds.Service, home, 'web');
      await world.pause(3000);
      await world.create(service(home, 'web', {}, httpPort));
      await world.pause(10_000);
      await story(world, names);
    });
  }

  it('follow their original on the way back beside another that was made anew', async () => {
    await beside(async (world, [web]) => {
      await world.patch('AuthorizationPolicy', world.ns(), 'readers', { spec: { rules: readers(web) } });
      await world.pause(5000);
      const copies = await made(world, world.ns(), 'Copy');
      expect(copies.filter((each) => each.startsWith('readers-'))).toEqual([expect.not.stringContaining('caller')]);
    });
  });

  it('go with it', async () => {
    await beside(async (world) => {
      const copied = async (): Promise<readonly string[]> =>
        (await made(world, world.ns(), 'Copy')).filter((each) => each.startsWith('readers-'));
      expect(await copied()).toHaveLength(1);
      await world.delete(kinds.AuthorizationPolicy, world.ns(), 'readers');
      await world.eventually('none', async () => ((await copied()).length === 0 ? true : undefined));
    });
  });
});

/** Everything that the operator has written on a Service goes, as by a tool that applies it as it was before. */
async function takeMarks(world: World, name: string): Promise<void> {
  const keys = ['istio.io/use-waypoint', 'istio.io/ingress-use-waypoint'];
  await world.patch('Service', world.ns(), name, {
    metadata: {
      labels: Object.fromEntries(keys.map((key) => [key, null])),
      annotations: { 'meshmigration.dev/original-labels': null },
    },
  });
}

describe('copies for the whole waypoint', () => {
  /** Of the whole namespace. */
  const readers = (home: string, ...names: readonly string[]): object => ({
    action: 'ALLOW',
    rules: [
      {
        from: [{ source: { principals: names.map((name) => `cluster.local/ns/${home}/sa/${name}`) } }],
        to: [{ operation: { methods: ['GET'] } }],
      },
    ],
  });

  async function follows(world: World): Promise<void> {
    await world.patch('AuthorizationPolicy', world.ns(), 'readers', { spec: readers(world.ns(), 'web') });
    await world.pause(5000);
    expect(await made(world, world.ns(), 'Copy')).toEqual([expect.not.stringContaining('sa/tests')]);
  }

  /** On the way back, which a pod without a sidecar holds before any Service is unbound; some lose their marks. */
  async function beside(
    names: readonly string[],
    labels: Readonly<Record<string, string>>,
    story: (world: World) => Promise<void>,
  ): Promise<void> {
    await run(async (world) => {
      const home = world.ns();
      await shop(world, object('AuthorizationPolicy', home, 'readers', { ...readers(home, 'web', 'tests') }));
      const from = [{ namespace: home, serviceAccount: 'web' }];
      await world.create(meshMigration(world.name, { names: [home] }, { callers: [{ namespace: home, from }] }));
      await waitsForPod(world, home);
      await world.patch('Namespace', undefined, home, { metadata: { labels } });
      for (const name of names) await takeMarks(world, name);
      await world.pause(10_000);
      await story(world);
    });
  }

  it('follow their original beside a Service that has lost all marks of the operator', async () => {
    await beside(['web'], {}, async (world) => {
      await follows(world);
    });
  });

  it('follow it where the namespace leads all of them through the waypoint', async () => {
    await beside(['web', 'api'], { 'istio.io/use-waypoint': 'waypoint' }, async (world) => {
      await follows(world);
    });
  });

  it('go with it beside such a Service', async () => {
    await beside(['web'], {}, async (world) => {
      await world.delete(kinds.AuthorizationPolicy, world.ns(), 'readers');
      await world.eventually('none', async () =>
        (await made(world, world.ns(), 'Copy')).length === 0 ? true : undefined,
      );
    });
  });

  it('stay where no Service goes through it any more', async () => {
    await beside(['web', 'api'], {}, async (world) => {
      await world.delete(kinds.AuthorizationPolicy, world.ns(), 'readers');
      await world.pause(30_000);
      expect(await made(world, world.ns(), 'Copy')).toHaveLength(1);
    });
  });
});

describe('a guard without its hole', () => {
  const direct = (world: World): readonly unknown[] => [{ namespace: world.ns(), ports: [8080] }];
  const named = async (world: World, name: string): Promise<string | undefined> =>
    (await made(world, world.ns(), 'Guard')).find((each) => each.includes(`"app":"${name}"`));

  it('is that of the Service at which somebody would get through, and no other', async () => {
    await run(async (world) => {
      const home = world.ns();
      const selector = { matchLabels: { app: 'pay' } };
      const to = [{ operation: { methods: ['GET'] } }];
      await shop(world, allowGet(home), denyDelete(home));
      await world.create(
        service(home, 'pay', {}, httpPort),
        deployment(home, 'pay'),
        object('AuthorizationPolicy', home, 'pay-readers', { selector, action: 'ALLOW', rules: [{ to }] }),
        object('AuthorizationPolicy', home, 'pay-keeps', {
          selector,
          action: 'DENY',
          rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
        }),
      );
      const web = { namespace: home, serviceAccount: 'web' };
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { callers: [{ namespace: home, from: [web] }], policies: { direct: direct(world) as never } },
        ),
      );
      await world.childPhase('Migrated');
      const hole = '"notPorts":["8080"]';
      expect(await named(world, 'api')).toContain(hole);
      expect(await named(world, 'pay')).toContain(hole);
      const principals = [`cluster.local/ns/${home}/sa/web`];
      await world.patch('AuthorizationPolicy', home, 'pay-readers', {
        spec: { rules: [{ from: [{ source: { principals } }] }] },
      });
      await world.eventually('a guard without it', async () =>
        (await named(world, 'pay'))?.includes(hole) === false ? true : undefined,
      );
      await world.pause(10_000);
      expect(await named(world, 'api')).toContain(hole);
    });
  });
});
