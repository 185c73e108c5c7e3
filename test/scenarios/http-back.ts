import assert from 'node:assert/strict';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { managedBy, managedByLabel, meshMigrations } from '../../src/api/resources.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { allowGet, denyDelete, shop } from './http.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { isBound, service, uncalled, waypoint } from './waypoint-world.ts';
import type { World } from './world.ts';

const httpPort = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
const useWaypoint = 'istio.io/use-waypoint';

/** How a shop in ambient is set up. */
interface ShopOptions {
  /** Whether the waypoint stands in a label of the namespace instead of one of the Services. */
  readonly wholeNamespace?: boolean;
}

/** `web` calls `api` through a waypoint of the user's own, whose policies need HTTP. */
export async function ambientShop(
  world: World,
  policies: readonly KubeObject[],
  { wholeNamespace = false }: ShopOptions = {},
): Promise<void> {
  const home = world.ns();
  const label = { [useWaypoint]: 'waypoint' };
  const accounts = ['web', 'api'].map((name): KubeObject => ({
    kind: 'ServiceAccount',
    metadata: { name, namespace: home },
  }));
  await world.create(
    namespace(home, { 'istio.io/dataplane-mode': 'ambient', ...(wholeNamespace && label) }),
    strict(home),
    ...accounts,
    waypoint(home),
    service(home, 'web', {}, httpPort),
    service(home, 'api', wholeNamespace ? {} : label, httpPort),
    ...policies,
    deployment(home, 'api', { replicas: 2, serviceAccount: 'api' }),
    deployment(home, 'web', { serviceAccount: 'web' }),
  );
  await world.eventually(
    'the waypoint serves api',
    async () => ((await isBound(world, home, 'api')) === true ? true : undefined),
    60_000,
  );
  await world.modesAre({ Ambient: 3 });
}

const toApi = { targetRefs: [{ group: '', kind: 'Service', name: 'api' }] };

/** `web` may GET from `api` through the waypoint, and nobody anything else. */
export function waypointAllowsGet(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'readers', {
    ...toApi,
    action: 'ALLOW',
    rules: [
      {
        from: [{ source: { principals: [`cluster.local/ns/${home}/sa/web`] } }],
        to: [{ operation: { methods: ['GET'], ports: ['80'] } }],
      },
    ],
  });
}

/** Nobody may DELETE at `api` through the waypoint. */
export function waypointDeniesDelete(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-delete', {
    ...toApi,
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
  });
}

/** The pods of `api` let in the waypoint and nobody else, as ztunnel enforces it. */
function onlyWaypoint(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'only-waypoint', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: [`cluster.local/ns/${home}/sa/waypoint`] } }] }],
  });
}

/** The same as a DENY of all others, which sidecars would read as a DENY of everybody. */
function guardOfUser(home: string, source: Readonly<Record<string, unknown>> = {}): KubeObject {
  return object('AuthorizationPolicy', home, 'guard', {
    selector: { matchLabels: { app: 'api' } },
    action: 'DENY',
    rules: [{ from: [{ source: { notPrincipals: [`cluster.local/ns/${home}/sa/waypoint`], ...source } }] }],
  });
}

function tokens(home: string): readonly KubeObject[] {
  return [
    object('RequestAuthentication', home, 'jwt', {
      ...toApi,
      jwtRules: [{ issuer: 'https://issuer.example.com', jwks: '{"keys":[]}' }],
    }),
    object('AuthorizationPolicy', home, 'with-token', {
      ...toApi,
      action: 'ALLOW',
      rules: [{ from: [{ source: { requestPrincipals: ['https://issuer.example.com/*'] } }] }],
    }),
  ];
}

/**
 * From ambient to sidecars. `web` is who calls, and nobody here calls what other scenarios have left in the cluster.
 */
export async function back(world: World, overrides: Parameters<typeof meshMigration>[2] = {}): Promise<KubeObject> {
  const home = world.ns();
  const callers: MeshMigrationSpec['callers'] = [
    { namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] },
    ...(await uncalled(world)),
  ];
  return meshMigration(
    world.name,
    { names: [home] },
    { from: 'IstioAmbient', to: 'IstioSidecar', callers, ...overrides },
  );
}

/** What the operator made, by role. */
export async function madeByRole(world: World): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const kind of ['AuthorizationPolicy', 'RequestAuthentication'] as const) {
    for (const {
      metadata: { labels },
    } of (await world.client.list(kinds[kind], { namespace: world.ns(), signal: world.signal })).items) {
      if (labels?.[managedByLabel] !== managedBy) continue;
      const role = labels['meshmigration.dev/role'] ?? '';
      counts[role] = (counts[role] ?? 0) + 1;
    }
  }
  return counts;
}

async function useWaypointOf(world: World, name: string): Promise<string | undefined> {
  return (await world.client.get(kinds.Service, world.ns(), name, world.signal)).metadata.labels?.[useWaypoint];
}

/** Every pod has its sidecar, and nobody goes through the waypoint any more. */
export async function isBack(world: World): Promise<void> {
  await world.modesAre({ Sidecar: 3 });
  assert.equal(await useWaypointOf(world, 'api'), 'none');
  assert.notEqual(await isBound(world, world.ns(), 'api'), true);
}

interface Case extends ShopOptions {
  readonly name: string;
  readonly policies: (home: string) => readonly KubeObject[];
  readonly roles: Readonly<Record<string, number>>;
}

const cases: readonly Case[] = [
  {
    name: 'http-back-allow',
    policies: (home) => [waypointAllowsGet(home)],
    roles: { SidecarCopy: 1, SidecarAllow: 1, SidecarGuard: 1 },
  },
  {
    name: 'http-back-deny',
    policies: (home) => [waypointDeniesDelete(home)],
    roles: { SidecarCopy: 1, SidecarGuard: 1 },
  },
  {
    name: 'http-back-only-waypoint',
    policies: (home) => [waypointDeniesDelete(home), onlyWaypoint(home)],
    roles: { SidecarCopy: 1, SidecarAllow: 1, SidecarDeny: 1, SidecarGuard: 1 },
  },
  { name: 'http-back-tokens', policies: tokens, roles: { SidecarCopy: 2, SidecarAllow: 1, SidecarGuard: 1 } },
  {
    name: 'http-back-namespace',
    policies: (home) => [waypointAllowsGet(home), waypointDeniesDelete(home)],
    wholeNamespace: true,
    roles: { SidecarCopy: 2, SidecarAllow: 1, SidecarGuard: 1 },
  },
];

function thereAndBack({ name, policies, roles, wholeNamespace = false }: Case): Scenario {
  return {
    name,
    disturbs: true,
    async run(world) {
      const home = world.ns();
      await ambientShop(world, policies(home), { wholeNamespace });
      const before = await world.snapshot();
      await world.create(await back(world));
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.itinerary, 'L7');
      assert.deepEqual(
        status.workloads?.map((workload) => workload.name).filter((each) => each !== 'waypoint'),
        ['api', 'web'],
        'the called are restarted first',
      );
      await isBack(world);
      assert.deepEqual(await madeByRole(world), roles);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Ambient: 3 });
      assert.deepEqual(await madeByRole(world), {});
      assert.equal(await isBound(world, home, 'api'), true);
      await world.restored(before);
    },
  };
}

/**
 * Namespaces behind waypoints of their own, moved to sidecars and back. They run alone: any other waypoint in the
 * cluster is one that they might go around.
 */
export const httpBackScenarios: readonly Scenario[] = [
  ...cases.map(thereAndBack),
  {
    name: 'http-back-guard',
    disturbs: true,
    async run(world) {
      const home = world.ns();
      await ambientShop(world, [waypointAllowsGet(home), guardOfUser(home)]);
      await world.create(await back(world));
      const { status } = await world.childPhase('Blocked');
      assert.ok(
        status?.findings?.some(({ id, message }) => id === 'MM091' && message.includes(`${home}/guard refuses it`)),
        JSON.stringify(status?.findings),
      );
      // What the finding says.
      await world.patch('AuthorizationPolicy', home, 'guard', {
        spec: guardOfUser(home, { remoteIpBlocks: ['255.255.255.255/32'] })['spec'],
      });
      await world.childPhase('Migrated');
      await isBack(world);
    },
  },
  {
    name: 'http-back-half-way',
    disturbs: true,
    async run(world) {
      const home = world.ns();
      await ambientShop(world, [waypointAllowsGet(home), waypointDeniesDelete(home)]);
      const before = await world.snapshot();
      await world.create(await back(world));
      await world.eventually(
        'the first workload is restarted',
        async () =>
          (await world.child()).status?.workloads?.some(({ completedAt }) => completedAt !== undefined) === true
            ? true
            : undefined,
        60_000,
      );
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Ambient: 3 });
      assert.deepEqual(await madeByRole(world), {});
      await world.restored(before);
    },
  },
  {
    // What every upgrade of a Helm release does: until the rollout is over, pods have labels that no template has.
    name: 'http-back-rollout',
    disturbs: true,
    async run(world) {
      const home = world.ns();
      const slow = { behaviour: { [podBehaviour.readyAfterMs]: '5000' } };
      await ambientShop(world, [waypointDeniesDelete(home)]);
      await world.create(deployment(home, 'first', slow), deployment(home, 'other', slow));
      await world.modesAre({ Ambient: 5 });
      await world.create(await back(world));
      await world.eventually(
        'workloads are being restarted',
        async () => ((await world.child()).status?.step === 'RestartWorkloads' ? true : undefined),
        60_000,
      );
      await world.patch('Deployment', home, 'api', {
        spec: { template: { metadata: { labels: { 'helm.sh/chart': 'api-1.2.4' } } } },
      });
      const { status } = await world.childPhase('Migrated');
      assert.deepEqual([status?.attempt ?? 1, status?.failure], [1, undefined]);
      await world.modesAre({ Sidecar: 5 });
    },
  },
  {
    name: 'http-back-edited',
    disturbs: true,
    async run(world) {
      const home = world.ns();
      await ambientShop(world, [waypointAllowsGet(home)]);
      await world.create(await back(world));
      await world.childPhase('Migrated');
      // Nothing else happens in the namespace that would have the operator look at it.
      await world.pause(3000);
      await world.create(waypointDeniesDelete(home));
      await world.eventually('a copy of the new policy', async () =>
        (await madeByRole(world))['SidecarCopy'] === 2 ? true : undefined,
      );
      await world.create(
        service(home, 'late', { [useWaypoint]: 'waypoint' }, { ...httpPort, selector: { app: 'web' } }),
      );
      await world.eventually('the new Service unbound', async () =>
        (await useWaypointOf(world, 'late')) === 'none' ? true : undefined,
      );
    },
  },
  {
    // What the first migration made is what the waypoint enforces: the way back counts it and must not touch it.
    name: 'http-back-round-trip',
    disturbs: true,
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home), denyDelete(home));
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }] },
        ),
      );
      await world.childPhase('Migrated');
      await world.edit({ action: 'Finalize' });
      await world.childPhase('Finalized');
      await world.delete(meshMigrations, undefined, world.name);
      await world.gone(meshMigrations, undefined, world.name);
      const left = await madeByRole(world);
      const before = await world.snapshot();
      await world.create(await back(world));
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.itinerary, 'L7');
      await isBack(world);
      assert.deepEqual(await madeByRole(world), {
        ...left,
        SidecarCopy: 2,
        SidecarAllow: 1,
        SidecarDeny: 1,
        SidecarGuard: 1,
      });
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Ambient: 3 });
      assert.deepEqual(await madeByRole(world), left);
      await world.restored(before);
    },
  },
];
