import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { denyDelete, httpPort, stalled } from './http.ts';
import { atStep } from './late-findings.ts';
import { deployment, kinds, meshMigration, namespace, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';
import type { World } from './world.ts';

/** Long enough that something can come while one of them starts. */
const slow = { [podBehaviour.readyAfterMs]: '8000' };

/** A namespace of the migration, with the pods of `web` and `api` before whom a Service stands. */
async function team(world: World, home: string, ...policies: readonly KubeObject[]): Promise<void> {
  await world.create(
    namespace(home),
    ...policies,
    service(home, 'web', {}, httpPort),
    service(home, 'api', {}, httpPort),
    deployment(home, 'api', { behaviour: slow }),
    deployment(home, 'web', { behaviour: slow }),
  );
  await world.podsReady(2, home);
}

function strangerOf(world: World): string {
  return world.ns('mallory');
}

/** Two namespaces that move, and one that is in no migration. */
async function neighbours(world: World, policies: (home: string) => readonly KubeObject[] = () => []): Promise<void> {
  await team(world, world.ns('home'), ...policies(world.ns('home')));
  await team(world, world.ns('other'));
  await world.create(namespace(strangerOf(world), {}));
}

function moving(world: World, overrides: Parameters<typeof meshMigration>[2] = {}): KubeObject {
  const [home, other] = [world.ns('home'), world.ns('other')];
  return meshMigration(
    world.name,
    { names: [home, other] },
    { callers: [home, other].map((each) => ({ namespace: each, from: [] })), ...overrides },
  );
}

/** Nobody went back, nothing was spent, and nothing is left of it at the end. */
async function allMigrated(world: World): Promise<void> {
  for (const home of ['home', 'other']) {
    const { status } = await world.childPhase('Migrated', world.ns(home));
    assert.equal(status?.failure, undefined);
    assert.equal(status?.attempt, 1);
  }
  const { status } = await world.phase('Migrated');
  assert.equal(status?.namespaces?.failed, 0);
}

/** What somebody creates in a namespace of his own while another is under way: that one goes on. */
function harmless(
  name: string,
  make: (mallory: string, home: string) => KubeObject,
  more: Pick<Scenario, 'disturbs' | 'simulationOnly'> & {
    readonly policies?: (home: string) => readonly KubeObject[];
    readonly named?: false;
  } = {},
): Scenario {
  const { policies, named = true, ...flags } = more;
  return {
    name,
    ...flags,
    async run(world) {
      const home = world.ns('home');
      await neighbours(world, policies);
      await world.create(moving(world));
      await atStep(world, 'RestartWorkloads', home);
      await world.create(make(strangerOf(world), home));
      await allMigrated(world);
      await world.modesAre({ Ambient: 2 }, home);
      if (named)
        assert.ok(
          (await world.child(home)).status?.findings?.some(
            ({ object: about, severity }) => about.endsWith('-mallory/evil') && severity === 'Warning',
          ),
          'it is named',
        );
      await world.delete(kinds[make('', '').kind as keyof typeof kinds], strangerOf(world), 'evil');
    },
  };
}

type Spec = Readonly<Record<string, unknown>>;

function evil(kind: keyof typeof kinds, spec: (home: string) => Spec): (mallory: string, home: string) => KubeObject {
  return (mallory, home) => object(kind, mallory, 'evil', spec(home));
}

const elsewhere = (home: string): Spec => ({
  http: [{ timeout: '5s', route: [{ destination: { host: `web.${home}.svc.cluster.local` } }] }],
});
const routed = (home: string): Spec => ({ hosts: [`api.${home}.svc.cluster.local`], ...elsewhere(home) });
const watched = { trafficPolicy: { outlierDetection: { consecutive5xxErrors: 50 } } };

const evilRoute = evil('VirtualService', routed);
const hiddenRoute = evil('VirtualService', (home) => ({ ...routed(home), exportTo: ['.'] }));
const evilRule = evil('DestinationRule', (home) => ({ host: `api.${home}.svc.cluster.local`, ...watched }));
const hiddenRule = evil('DestinationRule', (home) => ({
  host: `api.${home}.svc.cluster.local`,
  exportTo: ['.'],
  ...watched,
}));
const consumerRoute = evil('HTTPRoute', (home) => ({
  parentRefs: [{ group: '', kind: 'Service', name: 'api', namespace: home }],
  rules: [{ backendRefs: [{ name: 'web', namespace: home, port: 80 }] }],
}));

/** A host outside of the mesh that names the waypoint of a namespace which is none of its business. */
function boundEntry(mallory: string, home: string): KubeObject {
  const entry = object('ServiceEntry', mallory, 'evil', {
    hosts: ['evil.example.com'],
    location: 'MESH_EXTERNAL',
    resolution: 'DNS',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  });
  return {
    ...entry,
    metadata: {
      ...entry.metadata,
      labels: { 'istio.io/use-waypoint': 'waypoint', 'istio.io/use-waypoint-namespace': home },
    },
  };
}

const behindWaypoint = { policies: (home: string) => [denyDelete(home)] };

/** Shorter than what a stranger keeps up. */
const hasty = { progressDeadline: '45s' };

async function findingOf(
  world: World,
  home: string,
  id: string,
): Promise<{ readonly severity: string; readonly object: string; readonly message: string } | undefined> {
  return (await world.child(home)).status?.findings?.find((each) => each.id === id);
}

const simulationOnly = { simulationOnly: true } as const;

/** Whoever may create objects in one namespace decides about no other. */
export const strangerScenarios: readonly Scenario[] = [
  harmless('stranger-route', evilRoute),
  harmless(
    'stranger-route-of-all',
    evil('VirtualService', (home) => ({ hosts: ['*.svc.cluster.local'], ...elsewhere(home) })),
    { disturbs: true },
  ),
  harmless('stranger-route-hidden', hiddenRoute, simulationOnly),
  harmless('stranger-rule', evilRule),
  harmless(
    'stranger-rule-of-all',
    evil('DestinationRule', () => ({ host: '*.svc.cluster.local', ...watched })),
    { disturbs: true, ...simulationOnly },
  ),
  harmless('stranger-rule-hidden', hiddenRule, simulationOnly),
  harmless('stranger-consumer-route', consumerRoute),
  harmless('stranger-http-route', evilRoute, behindWaypoint),
  harmless('stranger-http-hidden', hiddenRoute, { ...behindWaypoint, ...simulationOnly }),
  harmless('stranger-http-rule', evilRule, { ...behindWaypoint, ...simulationOnly }),
  harmless('stranger-http-consumer', consumerRoute, { ...behindWaypoint, ...simulationOnly }),
  harmless('stranger-entry', boundEntry, { ...behindWaypoint, named: false }),
  {
    // Whom it is visible to follows it today, so the platform team looks at it before the start.
    name: 'stranger-accepted',
    async run(world) {
      const home = world.ns('home');
      await neighbours(world);
      await world.create(evilRoute(strangerOf(world), home), hiddenRule(strangerOf(world), home), moving(world));
      await world.childPhase('Migrated', world.ns('other'));
      await world.childPhase('Blocked', home);
      const found = await findingOf(world, home, 'MM030');
      assert.equal(found?.severity, 'Critical');
      assert.match(found.message, /calls from .*-home/);
      const hidden = await findingOf(world, home, 'MM032');
      assert.equal(hidden?.severity, 'Warning');
      assert.match(hidden.message, /calls from .*-mallory/);
      await world.edit({ accept: [{ finding: 'MM030', object: found.object }] });
      await allMigrated(world);
      const accepted = await findingOf(world, home, 'MM030');
      assert.equal(accepted?.severity, 'Warning');
      assert.match(accepted.message, /^accepted by spec.accept: /);
    },
  },
  {
    // A caller that comes with a sidecar would be refused past the waypoint: it is waited for, for as long as it takes.
    name: 'stranger-calls',
    simulationOnly: true,
    async prepare(world) {
      const home = world.ns('home');
      const allow = object('AuthorizationPolicy', home, 'readers', {
        action: 'ALLOW',
        rules: [{ from: [{ source: { namespaces: [strangerOf(world)] } }], to: [{ operation: { methods: ['GET'] } }] }],
      });
      await team(world, home, allow);
      await team(world, world.ns('other'));
      await world.create(namespace(strangerOf(world)));
    },
    async run(world) {
      const [home, mallory] = [world.ns('home'), strangerOf(world)];
      await world.create(moving(world, { callers: [{ namespace: world.ns('other'), from: [] }], restart: hasty }));
      await atStep(world, 'RestartForHbone', home);
      await world.create(deployment(mallory, 'evil'));
      await world.childPhase('Migrated', world.ns('other'));
      assert.match(await stalled(world, 'WaitsForOthers', home), new RegExp(mallory));
      await world.pause(60_000);
      assert.match(await stalled(world, 'WaitsForOthers', home), new RegExp(mallory));
      await world.delete(kinds.Deployment, mallory, 'evil');
      await allMigrated(world);
    },
  },
  {
    // The owner of what is called decides about his routes, and not about who calls: that one stays where it is and
    // spends nothing.
    name: 'stranger-owner',
    simulationOnly: true,
    prepare: async (world) => {
      await neighbours(world);
      await world.create(service(strangerOf(world), 'api', {}, httpPort));
    },
    async run(world) {
      const [home, mallory] = [world.ns('home'), strangerOf(world)];
      const callers = [
        ...['home', 'other'].map((each) => ({ namespace: world.ns(each), from: [] })),
        { namespace: mallory, from: [{ namespace: home }] },
      ];
      await world.create(moving(world, { callers, restart: hasty }));
      await atStep(world, 'RestartForHbone', home);
      await world.create(
        object('VirtualService', mallory, 'evil', {
          hosts: ['api'],
          http: [{ timeout: '5s', route: [{ destination: { host: 'api' } }] }],
        }),
      );
      await world.childPhase('Migrated', world.ns('other'));
      assert.match(await stalled(world, 'HeldByFinding', home), /MM094 VirtualService .*-mallory\/evil/);
      await world.pause(60_000);
      assert.match(await stalled(world, 'HeldByFinding', home), /MM094/);
      assert.equal((await world.migration()).status?.namespaces?.failed, 0);
      await world.delete(kinds.VirtualService, mallory, 'evil');
      await allMigrated(world);
    },
  },
];
