import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { journalAnnotation } from '../../src/api/resources.ts';
import type { MeshAdapter } from '../../src/mesh/adapter.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { httpPort } from '../scenarios/http.ts';
import { barePod, deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service, waypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Who had sidecars when the way out of ambient began went around the waypoint already. Whoever has got his since did
 * not, however old his namespace is and whatever it says of itself; but only where somebody names him: anybody may
 * make a pod with a sidecar.
 */

const label = 'istio.io/use-waypoint';
const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const injectKey = 'sidecar.istio.io/inject';
const injected = { [injectKey]: 'true' };

interface Shops {
  readonly called: string;
  readonly other: string;
}

interface Given {
  /** Rules of the ALLOW at the waypoint. */
  readonly rules: (other: string) => readonly unknown[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly objects?: (other: string) => readonly KubeObject[];
}

const getsOf = (other: string): readonly unknown[] => [
  { from: [{ source: { namespaces: [other] } }], to: [{ operation: { methods: ['GET'] } }] },
];

/** Somebody behind a waypoint at rest in sidecars, beside a namespace that no migration moves. */
async function rested(world: World, { rules, labels = {}, objects }: Given): Promise<Shops> {
  const [called, other] = [world.ns('called'), world.ns('other')];
  const targetRefs = [{ group: '', kind: 'Service', name: 'api' }];
  await world.create(
    namespace(called, ambient),
    waypoint(called),
    service(called, 'api', { [label]: 'waypoint' }, httpPort),
    object('AuthorizationPolicy', called, 'readers', { targetRefs, ...policy(rules(other)) }),
    deployment(called, 'api'),
    namespace(other, labels),
    deployment(other, 'web'),
    ...(objects?.(other) ?? []),
  );
  await world.pause(30_000);
  const spec = { from: 'IstioAmbient', to: 'IstioSidecar', policies: { settle: '5s' } } as const;
  await world.create(meshMigration(world.name, { names: [called] }, spec));
  await world.childPhase('Migrated', called);
  return { called, other };
}

/** Where nobody is let in by who he is, something is refused to everybody. */
function policy(rules: readonly unknown[]): Readonly<Record<string, unknown>> {
  return rules.length > 0
    ? { action: 'ALLOW', rules }
    : { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] };
}

/** The edit wakes it: nothing is decided by it. */
async function lookedAt(world: World, { called }: Shops): Promise<void> {
  await world.patch('AuthorizationPolicy', called, 'readers', { metadata: { annotations: { looked: 'at' } } });
  await world.pause(10_000);
}

async function noWayBack(world: World, { called }: Shops): Promise<string | undefined> {
  const { status } = await world.child(called);
  return status?.conditions?.find(({ type, status: is }) => type === 'NoWayBack' && is === 'True')?.message;
}

async function withSidecarsByHand(world: World, other: string): Promise<void> {
  await world.patch('Namespace', undefined, other, {
    metadata: { labels: { 'istio.io/dataplane-mode': null, 'istio-injection': 'enabled' } },
  });
  await world.patch('Deployment', other, 'web', {
    spec: { template: { metadata: { annotations: { restarted: 'once' } } } },
  });
}

/** The way back waits for the other one until its Deployment, `ends`, is gone, and that is told at rest. */
async function isWaitedFor(world: World, shops: Shops, ends: string): Promise<void> {
  await world.pause(30_000);
  await lookedAt(world, shops);
  await world.pause(600_000);
  expect(await noWayBack(world, shops)).toContain(`and ${shops.other} keep their sidecars`);
  await world.command('RollingBack', shops.called);
  await world.pause(60_000);
  await world.modesAre({ Sidecar: 1 }, shops.called);
  await world.delete(kinds.Deployment, shops.other, ends);
  await world.childPhase('RolledBack', shops.called);
}

async function run(story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'strangers', disturbs: true, podsOutside: true, run: story });
}

/** How a caller comes by sidecars at rest, and is without them again. */
interface Way {
  readonly labels: Readonly<Record<string, string>>;
  readonly objects?: (other: string) => readonly KubeObject[];
  readonly gets: (world: World, other: string) => Promise<void>;
  readonly ends: string;
}

const ways: Readonly<Record<string, Way>> = {
  'in no mesh': { labels: {}, gets: withSidecarsByHand, ends: 'web' },
  'in ambient': { labels: ambient, gets: withSidecarsByHand, ends: 'web' },
  'in ambient, for one workload': {
    labels: ambient,
    gets: (world, other) => world.create(deployment(other, 'pinned', { podLabels: injected })),
    ends: 'pinned',
  },
  'in ambient but for another account': {
    labels: ambient,
    objects: (other) => [
      { kind: 'ServiceAccount', metadata: { name: 'own', namespace: other } },
      deployment(other, 'own', { podLabels: injected, serviceAccount: 'own' }),
    ],
    gets: (world, other) => world.create(deployment(other, 'pinned', { podLabels: injected })),
    ends: 'pinned',
  },
  'in ambient, beside one of the same account that slept with its own': {
    labels: ambient,
    objects: (other) => [deployment(other, 'pinned', { replicas: 0, podLabels: injected })],
    gets: withSidecarsByHand,
    ends: 'web',
  },
  'in another of the same name, whose pods had sidecars': {
    labels: { 'istio-injection': 'enabled' },
    gets: madeAnew,
    ends: 'web',
  },
};

async function madeAnew(world: World, other: string): Promise<void> {
  await world.delete(kinds.Deployment, other, 'web');
  await world.delete(kinds.Namespace, undefined, other);
  await world.pause(60_000);
  const serviceAccount: KubeObject = { kind: 'ServiceAccount', metadata: { name: 'own', namespace: other } };
  await world.create(namespace(other, ambient), serviceAccount, deployment(other, 'web', { serviceAccount: 'own' }));
  await world.pause(30_000);
  await withSidecarsByHand(world, other);
}

/** A pod that looks like one with a sidecar, as anybody can make one. */
function lookalike(home: string, serviceAccount = 'default'): KubeObject {
  const { metadata, spec, ...rest } = barePod(home, `fake-${serviceAccount}`) as ReturnType<typeof barePod> & {
    readonly spec: { readonly containers: readonly unknown[] };
  };
  return {
    ...rest,
    metadata: { ...metadata, annotations: { 'sidecar.istio.io/status': '{}' } },
    spec: {
      ...spec,
      serviceAccountName: serviceAccount,
      containers: [...spec.containers, { name: 'istio-proxy', image: 'example/sleep' }],
    },
  };
}

const gets = { operation: { methods: ['GET'] } };

/** Rules that name somebody beside what leaves the rest open. */
const beside: Readonly<Record<string, Given['rules']>> = {
  'another rule': (other) => [...getsOf(other), { to: [{ operation: { paths: ['/healthz'] } }] }],
  'a token': (other) => [...getsOf(other), { when: [{ key: 'request.auth.claims[sub]', values: ['somebody'] }] }],
  'another source': (other) => [
    { from: [{ source: { namespaces: [other] } }, { source: { notNamespaces: ['nowhere'] } }] },
  ],
  'a condition': (other) => [{ when: [{ key: 'source.namespace', values: [other] }] }],
  'a condition about his account': (other) => [
    { when: [{ key: 'source.serviceAccount', values: [`${other}/default`] }] },
  ],
  'another source, by a condition': (other) => [
    {
      from: [{ source: { namespaces: ['monitoring'] } }, { source: { requestPrincipals: ['*'] } }],
      when: [{ key: 'source.namespace', values: ['monitoring', other] }],
    },
  ],
  'any of his accounts': (other) => [
    { from: [{ source: { principals: [`cluster.local/ns/${other}/sa/*`] } }], to: [gets] },
  ],
  'any trust domain': (other) => [{ from: [{ source: { principals: [`*/ns/${other}/sa/default`] } }], to: [gets] }],
};

describe('a caller that got sidecars since the start, in a namespace that stood before', () => {
  it.each(Object.entries(ways))(
    'is told at rest, and waited for: %s',
    async (_where, { labels, objects, gets, ends }) => {
      await run(async (world) => {
        const shops = await rested(world, { rules: getsOf, labels, ...(objects && { objects }) });
        await lookedAt(world, shops);
        expect(await noWayBack(world, shops)).toBeUndefined();
        await gets(world, shops.other);
        await isWaitedFor(world, shops, ends);
      });
    },
  );

  it.each(Object.entries(beside))('counts where he is named beside what names nobody: %s', async (_what, rules) => {
    await run(async (world) => {
      const shops = await rested(world, { rules, labels: ambient });
      await withSidecarsByHand(world, shops.other);
      await isWaitedFor(world, shops, 'web');
    });
  });

  it('is told within seconds, also while another namespace has ever new ones', async () => {
    const looks: string[] = [];
    const findings: MeshAdapter['findings'] = (surroundings, when) => {
      looks.push(surroundings.namespace.name);
      return istio.findings(surroundings, when);
    };
    const story = async (world: World): Promise<void> => {
      const shops = await rested(world, { rules: getsOf, labels: ambient });
      const restless = world.ns('restless');
      await world.create(namespace(restless, ambient));
      await world.pause(600_000);
      looks.length = 0;
      for (let round = 0; round < 300; round += 1) {
        await world.create(lookalike(restless, `pod-${round}`));
        await world.pause(1000);
      }
      const times = looks.filter((name) => name === shops.called).length;
      expect(times).toBeGreaterThan(3);
      expect(times).toBeLessThan(20);
      expect(await noWayBack(world, shops)).toBeUndefined();
      await withSidecarsByHand(world, shops.other);
      await world.pause(15_000);
      expect(await noWayBack(world, shops)).toContain(`and ${shops.other} keep their sidecars`);
    };
    await runOnSimulation(
      { name: 'strangers', disturbs: true, podsOutside: true, run: story },
      { adapter: { ...istio, findings } },
    );
  });

  it('is waited for where the journal does not say who had them', async () => {
    await run(async (world) => {
      const shops = await rested(world, { rules: getsOf, labels: { 'istio-injection': 'enabled' } });
      const { metadata } = await world.client.get(kinds.Namespace, undefined, shops.called, world.signal);
      const { heldBefore: _held, ...journal } = JSON.parse(metadata.annotations?.[journalAnnotation] ?? '{}') as Record<
        string,
        unknown
      >;
      expect(await noWayBack(world, shops)).toBeUndefined();
      await world.patch('Namespace', undefined, shops.called, {
        metadata: { annotations: { [journalAnnotation]: JSON.stringify(journal) } },
      });
      await world.pause(10_000);
      expect(await noWayBack(world, shops)).toContain(`and ${shops.other} keep their sidecars`);
    });
  });
});

describe('a stranger in ambient with a pod that has a sidecar', () => {
  it.each([
    ['made since', 'since'],
    ['that stood before the start', 'before'],
  ])('holds nobody who does not name him: one %s', async (_what, when) => {
    await run(async (world) => {
      const objects = (other: string): readonly KubeObject[] => (when === 'before' ? [lookalike(other)] : []);
      const shops = await rested(world, { rules: () => [], labels: ambient, objects });
      if (when === 'since') await world.create(lookalike(shops.other));
      await world.pause(10_000);
      await lookedAt(world, shops);
      expect(await noWayBack(world, shops)).toBeUndefined();
      await world.command('RollingBack', shops.called);
      await world.childPhase('RolledBack', shops.called);
    });
  });
});

describe('a caller that slept at the start with a template that is given a sidecar', () => {
  it('holds nobody when he wakes', async () => {
    await run(async (world) => {
      const objects = (other: string): readonly KubeObject[] => [
        { kind: 'ServiceAccount', metadata: { name: 'own', namespace: other } },
        deployment(other, 'own', { replicas: 0, podLabels: injected, serviceAccount: 'own' }),
      ];
      const shops = await rested(world, { rules: getsOf, labels: ambient, objects });
      await world.patch('Deployment', shops.other, 'own', { spec: { replicas: 1 } });
      await world.pause(20_000);
      await lookedAt(world, shops);
      expect(await noWayBack(world, shops)).toBeUndefined();
      await world.command('RollingBack', shops.called);
      await world.childPhase('RolledBack', shops.called);
    });
  });

  it('is told where nobody can tell whether it is', async () => {
    await run(async (world) => {
      const objects = (other: string): readonly KubeObject[] => [
        { kind: 'ServiceAccount', metadata: { name: 'own', namespace: other } },
        deployment(other, 'own', {
          replicas: 0,
          podLabels: { 'istio.io/rev': 'default' },
          behaviour: { [injectKey]: 'perhaps' },
          serviceAccount: 'own',
        }),
      ];
      const shops = await rested(world, { rules: getsOf, labels: ambient, objects });
      await lookedAt(world, shops);
      expect(await noWayBack(world, shops)).toContain(`and ${shops.other} keep their sidecars`);
    });
  });
});

describe('a caller of a namespace whose pods all had sidecars at the start', () => {
  it('holds nobody, also by an account that is new', async () => {
    await run(async (world) => {
      const shops = await rested(world, { rules: getsOf, labels: { 'istio-injection': 'enabled' } });
      const { other } = shops;
      await world.create(
        { kind: 'ServiceAccount', metadata: { name: 'new', namespace: other } },
        deployment(other, 'new', { serviceAccount: 'new' }),
      );
      await world.pause(20_000);
      await lookedAt(world, shops);
      expect(await noWayBack(world, shops)).toBeUndefined();
      await world.command('RollingBack', shops.called);
      await world.childPhase('RolledBack', shops.called);
    });
  });
});
