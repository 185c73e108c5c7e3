import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { httpPort, stalled } from '../scenarios/http.ts';
import { atStep } from '../scenarios/late-findings.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service, waypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Anybody may say of any host that he has it. Which ServiceEntry of several counts is decided by where the caller is,
 * so none in a namespace of others takes somebody back, or keeps him from what he has himself.
 */

/** Long enough that something can come while one of them starts. */
const slow = { [podBehaviour.readyAfterMs]: '8000' };

/** Before the names of all others, so that whoever goes by the first of them meets this one. */
function strangerOf(world: World): string {
  return world.ns('aaa');
}

/** A namespace of the migration, with the pods of `web` and `api` before whom a Service stands. */
async function team(world: World, home: string): Promise<void> {
  await world.create(
    namespace(home),
    service(home, 'web', {}, httpPort),
    service(home, 'api', {}, httpPort),
    deployment(home, 'api', { behaviour: slow }),
    deployment(home, 'web', { behaviour: slow }),
  );
  await world.podsReady(2, home);
}

/** Two namespaces that move, the first with these objects, and one that is in no migration. */
async function neighbours(world: World, objects: (home: string) => readonly KubeObject[]): Promise<void> {
  await team(world, world.ns('home'));
  await team(world, world.ns('other'));
  await world.create(...objects(world.ns('home')), namespace(strangerOf(world), {}));
}

function moving(world: World): KubeObject {
  const names = [world.ns('home'), world.ns('other')];
  const callers = names.map((each) => ({ namespace: each, from: [] }));
  return meshMigration(world.name, { names }, { callers, restart: { progressDeadline: '45s' } });
}

/** Nobody went back, and nothing was spent. */
async function allMigrated(world: World): Promise<void> {
  for (const home of ['home', 'other']) {
    const { status } = await world.childPhase('Migrated', world.ns(home));
    expect(status).toMatchObject({ attempt: 1 });
    expect(status?.failure).toBeUndefined();
  }
  expect((await world.phase('Migrated')).status?.namespaces).toMatchObject({ failed: 0 });
}

const partner = 'partner.example.com';

function entry(home: string, name: string, host: string, spec: Readonly<Record<string, unknown>> = {}): KubeObject {
  const ports = [{ number: 80, name: 'http', protocol: 'HTTP' }];
  return object('ServiceEntry', home, name, { hosts: [host], resolution: 'DNS', ports, ...spec });
}

/** A host outside of the mesh behind a waypoint of the namespace, which follows the routes beside it. */
function routedOutside(home: string): readonly KubeObject[] {
  const own = entry(home, 'partner', partner);
  const { metadata } = own;
  return [
    waypoint(home, { name: 'egress' }),
    { ...own, metadata: { ...metadata, labels: { 'istio.io/use-waypoint': 'egress' } } },
    object('VirtualService', home, 'partner', {
      hosts: [partner],
      http: [{ timeout: '5s', route: [{ destination: { host: partner } }] }],
    }),
    object('DestinationRule', home, 'partner', {
      host: partner,
      trafficPolicy: { outlierDetection: { consecutive5xxErrors: 50 } },
    }),
  ];
}

/** What `api` serves below /admin the authorizer at a host is asked about. */
async function asks(world: World, host: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const provider = { name: 'login', envoyExtAuthzHttp: { service: host, port: 80, ...more } };
  const mesh = `rootNamespace: istio-system\nextensionProviders: [${JSON.stringify(provider)}]\n`;
  await world.patch('ConfigMap', 'istio-system', 'istio', { data: { mesh } });
}

function asked(home: string): readonly KubeObject[] {
  return [
    object('AuthorizationPolicy', home, 'login', {
      selector: { matchLabels: { app: 'api' } },
      action: 'CUSTOM',
      provider: { name: 'login' },
      rules: [{ to: [{ operation: { paths: ['/admin'] } }] }],
    }),
  ];
}

async function run(story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'hosts', disturbs: true, run: story });
}

/** In the pod of whoever calls it. */
const near = { resolution: 'STATIC', endpoints: [{ address: '127.0.0.1' }] };

/** When somebody else says that he has the host. */
const moments: readonly (readonly [string, 'before' | 'on the way'])[] = [
  ['before the start', 'before'],
  ['on the way', 'on the way'],
];

/** The migration, beside which a stranger makes something. */
async function beside(world: World, when: (typeof moments)[number][1], theirs: KubeObject): Promise<void> {
  if (when === 'before') await world.create(theirs);
  await world.create(moving(world));
  if (when === 'before') return;
  await atStep(world, 'RestartWorkloads', world.ns('home'));
  await world.create(theirs);
}

describe("a stranger's ServiceEntry", () => {
  it.each(moments)('for a host that the namespace has itself changes nothing: %s', async (_when, when) => {
    await run(async (world) => {
      await neighbours(world, routedOutside);
      await beside(world, when, entry(strangerOf(world), 'evil', partner));
      await allMigrated(world);
    });
  });

  it.each(moments)('for the Service of an authorizer changes nothing: %s', async (_when, when) => {
    await run(async (world) => {
      const host = `login.${world.ns('login')}.svc.cluster.local`;
      await asks(world, host);
      await neighbours(world, asked);
      await world.create(namespace(world.ns('login'), {}), service(world.ns('login'), 'login'));
      await beside(world, when, entry(strangerOf(world), 'evil', host, near));
      await allMigrated(world);
    });
  });

  it('for a host of an authorizer that is no Service holds on the way, for as long as it is there', async () => {
    await run(async (world) => {
      const home = world.ns('home');
      await asks(world, 'login.example.com');
      await neighbours(world, asked);
      await beside(world, 'on the way', entry(strangerOf(world), 'evil', 'login.example.com', near));
      await world.childPhase('Migrated', world.ns('other'));
      const message = await stalled(world, 'HeldByFinding', home);
      expect(message).toContain(`MM080 ServiceEntry ${strangerOf(world)}/evil`);
      expect(message).toContain(`AuthorizationPolicy ${home}/login`);
      await world.pause(300_000);
      expect(await stalled(world, 'HeldByFinding', home)).toBe(message);
      await world.delete(kinds.ServiceEntry, strangerOf(world), 'evil');
      await allMigrated(world);
    });
  });

  it('for such a host is accepted at the start as it was looked at', async () => {
    await run(async (world) => {
      const home = world.ns('home');
      await asks(world, 'login.example.com');
      await neighbours(world, asked);
      await beside(world, 'before', entry(strangerOf(world), 'evil', 'login.example.com', near));
      await world.childPhase('Migrated', world.ns('other'));
      const { status } = await world.childPhase('Blocked', home);
      const found = status?.findings?.find(({ id }) => id === 'MM080');
      const [, accepted, digest] =
        /{finding: MM080, object: (ServiceEntry [^,]+), digest: (\w+)}/.exec(found?.fix ?? '') ?? [];
      expect(accepted).toBe(`ServiceEntry ${strangerOf(world)}/evil`);
      await world.edit({ accept: [{ finding: 'MM080', object: accepted ?? '', digest: digest ?? '' }] });
      await allMigrated(world);
    });
  });

  it('for such a host is not where it would let requests through', async () => {
    await run(async (world) => {
      const home = world.ns('home');
      await asks(world, 'login.example.com', { failOpen: true });
      await neighbours(world, asked);
      await beside(world, 'before', entry(strangerOf(world), 'evil', 'login.example.com', near));
      const { status } = await world.childPhase('Blocked', home);
      const found = status?.findings?.find(({ id }) => id === 'MM080');
      expect(found?.fix).not.toContain('spec.accept');
      expect(found?.fix).toContain('NAMESPACE/login.example.com');
    });
  });
});
