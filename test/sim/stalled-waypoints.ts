import type { KubeObject } from '../../src/api/object.ts';
import { cleaner, type Fighter } from '../scenarios/fights.ts';
import { allowGet, httpPort, shop } from '../scenarios/http.ts';
import { atStep } from '../scenarios/late-findings.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { breakWaypoint, mendWaypoint, service, waypoint, waypointsBehave } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { called, plain } from './caller-and-called.ts';
import { SimStatusError } from './sim-api.ts';
import type { SimCluster } from './sim-cluster.ts';
import { denyMethod, endings, none, start, type Story } from './stalled-story.ts';

const short = { restart: { progressDeadline: '20s' } } as const;

async function migrated(world: World, overrides: Parameters<typeof meshMigration>[2] = short): Promise<void> {
  await shop(world, allowGet(world.ns()));
  await start(world, overrides);
  await world.childPhase('Migrated');
}

async function odd(world: World): Promise<void> {
  await world.create(
    object('AuthorizationPolicy', world.ns(), 'odd', {
      selector: { matchLabels: { app: 'api' } },
      action: 'DENY',
      rules: [{ when: [{ key: 'connection.sni', values: ['x'] }] }],
    }),
  );
}

async function notOdd(world: World): Promise<void> {
  await world.delete(kinds.AuthorizationPolicy, world.ns(), 'odd');
}

/** Of which a policy of the cluster asks. */
function admits(home: string): KubeObject {
  return { kind: 'ConfigMap', metadata: { name: 'admits-gateways', namespace: home }, data: {} };
}

function denyGateways({ server }: SimCluster): void {
  server.addMutatingAdmission((resource, object) => {
    const { namespace = '' } = object.metadata;
    if (
      resource.kind !== 'Gateway' ||
      server.get(kinds.ConfigMap, namespace, admits(namespace).metadata.name) !== undefined
    )
      return object;
    throw new SimStatusError(403, 'Forbidden', 'admission webhook "gateways.example.com" denied the request');
  });
}

/** Where a namespace behind a waypoint needs a person. */
export const stalledWaypoints: readonly Story[] = [
  {
    reason: 'CallersRefused',
    when: 'callers with sidecars come later',
    async enter(world) {
      await called(world, world.ns(), world.ns('blog'));
      await start(world);
      await world.childPhase('Migrated');
      await plain(world, world.ns('blog'));
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'CannotBeMade',
    when: 'at rest',
    async enter(world) {
      await migrated(world);
      await odd(world);
    },
    mend: notOdd,
    command: none.byItself,
    then: 'Migrated',
  },
  {
    reason: 'CriticalFinding',
    when: 'at rest a policy needs HTTP',
    async enter(world) {
      const home = world.ns();
      await world.create(namespace(home), service(home, 'api', {}, httpPort), deployment(home, 'api'));
      await world.podsReady(1);
      await start(world, { callers: [{ namespace: home, from: [] }] });
      await world.childPhase('Migrated');
      await world.create(denyMethod(home));
    },
    command: 'Last',
    then: 'Migrated',
  },
  ...endings.map(({ in: phase, overrides }): Story => ({
    reason: 'CriticalFinding',
    when: 'on the way a policy needs HTTP',
    in: phase,
    async enter(world) {
      const home = world.ns();
      await world.create(
        namespace(home),
        deployment(home, 'a', { behaviour: { [podBehaviour.readyAfterMs]: '4000' } }),
        deployment(home, 'b'),
      );
      await world.podsReady(2);
      await start(world, overrides);
      await atStep(world, 'RestartWorkloads');
      await world.create(denyMethod(home));
    },
    mend: (world) => world.delete(kinds.AuthorizationPolicy, world.ns(), 'no-delete'),
    command: 'Last',
    then: 'Migrated',
  })),
  {
    reason: 'ForeignChange',
    when: 'a copy was edited',
    async enter(world) {
      await migrated(world);
      await world.patch('AuthorizationPolicy', world.ns(), await copy(world), { spec: { action: 'DENY' } });
    },
    mend: async (world) => {
      await world.delete(kinds.AuthorizationPolicy, world.ns(), await copy(world));
    },
    command: { none: 'a person has to weigh what is open while the copy is made anew, which for a DENY is too much' },
    then: 'Migrated',
  },
  {
    reason: 'ForeignChange',
    when: 'the labels of a Service were changed',
    async enter(world) {
      await migrated(world);
      await world.patch('Service', world.ns(), 'api', { metadata: { labels: { 'istio.io/use-waypoint': null } } });
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'GateLost',
    when: 'at rest the waypoint dies',
    async enter(world) {
      await migrated(world);
      await breakWaypoint(world, world.ns());
    },
    mend: (world) => mendWaypoint(world, world.ns()),
    command: none.byItself,
    then: 'Migrated',
  },
  ...endings.map(({ in: phase, overrides }): Story => ({
    reason: 'GateLost',
    when: 'on the way the waypoint dies',
    in: phase,
    async enter(world) {
      await shop(world, allowGet(world.ns()));
      await start(world, { ...overrides, policies: { settle: '60s' } });
      await atStep(world, 'AllowWaypoint');
      await breakWaypoint(world, world.ns());
    },
    mend: async (world) => {
      if (phase === 'Failed') await mendWaypoint(world, world.ns());
    },
    command: 'Last',
    then: 'Migrated',
  })),
  ...endings.map(({ in: phase, overrides }): Story => ({
    reason: 'GateNotReached',
    when: 'no pod of the waypoint becomes ready',
    in: phase,
    async enter(world) {
      await shop(world, allowGet(world.ns()));
      await waypointsBehave(world, { [podBehaviour.neverReady]: 'always' });
      await start(world, overrides);
    },
    mend: (world) => waypointsBehave(world, undefined),
    command: 'Last',
    then: 'Migrated',
  })),
  {
    reason: 'NameInTheWay',
    when: 'a Gateway of that name comes before ours is made',
    async prepare(world) {
      await shop(world, allowGet(world.ns()));
    },
    async enter(world) {
      await start(world);
      await atStep(world, 'RestartForHbone');
      await world.create(waypoint(world.ns()));
    },
    command: 'Last',
    then: 'RolledBack',
  },
  ...endings.map(({ in: phase, overrides }): Story => ({
    reason: 'NameTaken',
    when: 'somebody has a ConfigMap of that name',
    in: phase,
    async enter(world) {
      await shop(world, allowGet(world.ns()), {
        kind: 'ConfigMap',
        metadata: { name: 'mesh-migration-waypoint', namespace: world.ns() },
        data: { theirs: 'x' },
      });
      await start(world, overrides);
    },
    mend: (world) => world.delete(kinds.ConfigMap, world.ns(), 'mesh-migration-waypoint'),
    command: 'Last',
    then: 'Migrated',
  })),
  {
    reason: 'WaitsForOthers',
    when: 'its callers are paused',
    async enter(world) {
      const callers = world.ns('blog');
      await called(world, world.ns(), callers);
      await plain(world, callers);
      await start(world, {}, ['', 'blog']);
      await world.childPhase('Migrating', callers);
      await world.command('Paused', callers);
    },
    command: 'Last',
    then: 'RolledBack',
  },
  {
    reason: 'WouldBeRefused',
    when: 'another migration keeps who is called behind its waypoint',
    of: 'a',
    async enter(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await plain(world, a);
      await called(world, b, a);
      await start(world, {}, ['a']);
      await world.phase('Migrated');
      await world.create(meshMigration('other', { names: [b] }));
      await world.phase('Migrated', 'other');
      await world.command('RollingBack');
    },
    command: 'Last',
    then: 'RolledBack',
  },
  {
    reason: 'WriteRefused',
    when: 'the API server takes no labels of the namespace',
    async enter(world) {
      await plain(world, world.ns());
      await start(world);
    },
    command: none.byItself,
    then: 'Migrated',
    run: {
      faults: [
        {
          match: { verb: 'Write', path: /namespaces\/out\?/, body: /dataplane-mode/ },
          times: 40,
          fault: { kind: 'Refuse', status: 429, retryAfterSeconds: 1 },
        },
      ],
    },
  },
  ...endings.map(({ in: phase, overrides }): Story => ({
    reason: 'WriteRefused',
    when: 'the API server takes no waypoint',
    in: phase,
    async enter(world) {
      await shop(world, allowGet(world.ns()));
      await start(world, overrides);
    },
    mend: (world) => world.create(admits(world.ns())),
    command: 'Last',
    then: 'Migrated',
    run: { arrange: denyGateways },
  })),
  undoneAtRest(),
  ...endings.map(({ in: phase, overrides }) => undoneOnTheWay(phase, { ...overrides, ...short })),
];

/** A cleaner deletes the copy as often as it is made, until it is mended. */
function undoneAtRest(): Story {
  let tool: Fighter | undefined;
  return {
    reason: 'WriteUndone',
    when: 'a cleaner deletes a copy at rest',
    in: 'Migrated',
    async enter(world) {
      await migrated(world);
      tool = cleaner(world, 'readers');
    },
    mend: async () => {
      await tool?.leave();
    },
    command: none.byItself,
    then: 'Migrated',
  };
}

function undoneOnTheWay(phase: string, overrides: Parameters<typeof meshMigration>[2]): Story {
  let tool: Fighter | undefined;
  return {
    reason: 'WriteUndone',
    when: 'a cleaner deletes a copy on the way',
    in: phase,
    async enter(world) {
      await shop(world, allowGet(world.ns()));
      tool = cleaner(world, 'readers');
      await start(world, overrides);
    },
    mend: async () => {
      await tool?.leave();
    },
    command: 'Last',
    then: 'Migrated',
  };
}

/** The name of the copy of the only policy that is not for a waypoint. */
async function copy(world: World): Promise<string> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return items.find(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'Copy')?.metadata.name ?? '';
}
