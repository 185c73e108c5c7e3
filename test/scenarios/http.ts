import assert from 'node:assert/strict';
import { managedBy, managedByLabel, namespaceMigrations, originalLabelsAnnotation } from '../../src/api/resources.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { parametersName } from '../../src/mesh/istio/vocabulary/gateway.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { breakWaypoint, mendWaypoint, service, waypoint as userWaypoint, waypointsBehave } from './waypoint-world.ts';
import type { World } from './world.ts';

export const httpPort = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };

/** `web` calls `api`, whose policies need HTTP. */
export async function shop(world: World, ...policies: readonly KubeObject[]): Promise<void> {
  const home = world.ns();
  const accounts = ['web', 'api'].map((name): KubeObject => ({
    kind: 'ServiceAccount',
    metadata: { name, namespace: home },
  }));
  await world.create(
    namespace(home),
    strict(home),
    ...accounts,
    service(home, 'web', {}, httpPort),
    service(home, 'api', {}, httpPort),
    ...policies,
    deployment(home, 'api', { replicas: 2, serviceAccount: 'api', behaviour: { [podBehaviour.readyAfterMs]: '1200' } }),
    deployment(home, 'web', { serviceAccount: 'web' }),
  );
  await world.podsReady(3);
}

const fromWeb = (home: string): object => ({ source: { principals: [`cluster.local/ns/${home}/sa/web`] } });

/** `web` may GET from `api`, and nobody anything else. */
export function allowGet(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'readers', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [{ from: [fromWeb(home)], to: [{ operation: { methods: ['GET'] } }] }],
  });
}

/** The names of what the operator made, by kind. */
export async function made(world: World): Promise<Readonly<Record<string, readonly string[]>>> {
  const found = await Promise.all(
    (
      [
        'AuthorizationPolicy',
        'RequestAuthentication',
        'Telemetry',
        'WasmPlugin',
        'TrafficExtension',
        'Gateway',
      ] as const
    ).map(async (kind) => {
      const { items } = await world.client
        .list(kinds[kind], { namespace: world.ns(), signal: world.signal })
        .catch((error: unknown) => {
          if (error instanceof NotFoundError) return { items: [] }; // The kind is not installed.
          throw error;
        });
      return [
        kind,
        items
          .filter(({ metadata }) => metadata.labels?.[managedByLabel] === managedBy)
          .map(({ metadata }) => metadata.name),
      ] as const;
    }),
  );
  return Object.fromEntries(found.filter(([, names]) => names.length > 0));
}

/** After a rollback: nothing of ours is left, and the children of the Gateway go with it. */
export async function nothingLeft(world: World): Promise<void> {
  assert.deepEqual(await made(world), {});
  await world.gone(kinds.ConfigMap, world.ns(), parametersName);
  for (const kind of ['Gateway', 'Deployment', 'Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'] as const)
    await world.gone(kinds[kind], world.ns(), 'waypoint');
}

type Policies = (home: string) => readonly KubeObject[];

/** Nobody may DELETE at `api`. */
export function denyDelete(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-delete', {
    selector: { matchLabels: { app: 'api' } },
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
  });
}

function allowWeb(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'callers', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [{ from: [fromWeb(home)] }],
  });
}

/** Decides nothing: it is carried over, and nothing waits for what istiod says of it. */
function trial(home: string): KubeObject {
  const { metadata, spec } = allowWeb(home);
  return {
    kind: 'AuthorizationPolicy',
    metadata: { ...metadata, name: 'trial', annotations: { 'istio.io/dry-run': 'true' } },
    spec,
  };
}

const withToken = { from: [{ source: { requestPrincipals: ['https://issuer.example.com/*'] } }] };

function tokens(home: string): readonly KubeObject[] {
  const selector = { matchLabels: { app: 'api' } };
  return [
    object('RequestAuthentication', home, 'jwt', {
      selector,
      jwtRules: [{ issuer: 'https://issuer.example.com', jwks: '{"keys":[]}' }],
    }),
    object('AuthorizationPolicy', home, 'with-token', { selector, action: 'ALLOW', rules: [withToken] }),
  ];
}

/** By name: the policies, and how many objects of which role they make. */
const kindsOfPolicies: readonly {
  readonly name: string;
  readonly policies: Policies;
  readonly roles: Readonly<Record<string, number>>;
}[] = [
  { name: 'http-allow', policies: (home) => [allowGet(home)], roles: { Copy: 1, AllowWaypoint: 1, Guard: 1 } },
  {
    name: 'http-deny',
    policies: (home) => [denyDelete(home), allowWeb(home)],
    roles: { Copy: 2, AllowWaypoint: 1, Guard: 1 },
  },
  { name: 'http-tokens', policies: tokens, roles: { Copy: 2, AllowWaypoint: 1, Guard: 1 } },
  {
    name: 'http-deny-all',
    policies: (home) => [
      object('AuthorizationPolicy', home, 'nothing', {}),
      allowGet(home),
      allowWeb(home),
      trial(home),
    ],
    roles: { Copy: 4, AllowWaypoint: 1, Guard: 1 },
  },
];

function thereAndBack({ name, policies, roles }: (typeof kindsOfPolicies)[number]): Scenario {
  return {
    name,
    async run(world) {
      const home = world.ns();
      await shop(world, ...policies(home));
      const before = await world.snapshot();
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }] },
        ),
      );
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.itinerary, 'L7');
      assert.deepEqual(
        status.workloads?.map((workload) => workload.name),
        ['web', 'api'],
        'callers are restarted first',
      );
      await world.modesAre({ Ambient: 3 });
      assert.deepEqual(await rolesOf(world), roles);
      await world.command('RollingBack', home);
      const { status: after } = await world.childPhase('RolledBack');
      const ended = (workload: string): string =>
        after?.workloads?.find(({ name: each, step }) => each === workload && step === 'RestoreWorkloads')
          ?.completedAt ?? '';
      assert.ok(
        ended('api') !== '' && ended('api') <= ended('web'),
        'on the way back those that are called come first',
      );
      await world.modesAre({ Sidecar: 3 });
      await nothingLeft(world);
      await world.restored(before);
    },
  };
}

async function ownPolicies(world: World): Promise<readonly KubeObject[]> {
  const found = await Promise.all(
    (['AuthorizationPolicy', 'RequestAuthentication'] as const).map(
      async (kind) => (await world.client.list(kinds[kind], { namespace: world.ns(), signal: world.signal })).items,
    ),
  );
  return found.flat().filter(({ metadata }) => metadata.labels?.[managedByLabel] === managedBy);
}

/** How many policies of which role the operator made. */
export async function rolesOf(world: World): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { metadata } of await ownPolicies(world)) {
    const role = metadata.labels?.['meshmigration.dev/role'] ?? '';
    counts[role] = (counts[role] ?? 0) + 1;
  }
  return counts;
}

/** The copy for the waypoint of an original. */
async function copyOf(world: World, name: string): Promise<KubeObject> {
  const found = (await ownPolicies(world)).find(
    ({ metadata }) =>
      metadata.annotations?.['meshmigration.dev/copy-of'] === `AuthorizationPolicy/${world.ns()}/${name}`,
  );
  assert.ok(found, `no copy of ${name}`);
  return found;
}

/**
 * Migrated, with one L7 ALLOW. Where the autoscaler has to make the second pod of a waypoint, that takes up to half a
 * minute.
 */
async function migrated(world: World): Promise<void> {
  await shop(world, allowGet(world.ns()));
  await world.create(meshMigration(world.name, { names: [world.ns()] }, { restart: { progressDeadline: '40s' } }));
  await world.childPhase('Migrated');
}

function methodsOf({ spec }: KubeObject): unknown {
  return (
    spec as {
      readonly rules: readonly { readonly to: readonly { readonly operation: { readonly methods: unknown } }[] }[];
    }
  ).rules[0]?.to[0]?.operation.methods;
}

/** What keeps a namespace at rest from ever coming back; undefined if nothing does. */
export async function noWayBack(world: World, home = world.ns()): Promise<string | undefined> {
  const { status } = await world.child(home);
  return status?.conditions?.find((each) => each.type === 'NoWayBack' && each.status === 'True')?.message;
}

/** The message, once the namespace is Stalled for this reason. */
export async function stalled(world: World, reason: string, home = world.ns()): Promise<string> {
  return await world.eventually(`Stalled ${reason}`, async () => {
    const { status } = await world.child(home);
    const condition = status?.conditions?.find(({ type }) => type === 'Stalled');
    return condition?.status === 'True' && condition.reason === reason ? condition.message : undefined;
  });
}

/** A namespace whose workload is the only one that `api` lets in, and its name beside that of the shop. */
/** A shop that only readers of another namespace may read. */
export async function shopReadBy(world: World, other: string): Promise<readonly [shop: string, readers: string]> {
  const [home, readers] = [world.ns(), world.ns(other)];
  const reader = `cluster.local/ns/${readers}/sa/default`;
  await shop(
    world,
    object('AuthorizationPolicy', home, 'readers', {
      selector: { matchLabels: { app: 'api' } },
      action: 'ALLOW',
      rules: [{ from: [{ source: { principals: [reader] } }], to: [{ operation: { methods: ['GET'] } }] }],
    }),
  );
  await world.create(namespace(readers), deployment(readers, 'reader'));
  await world.podsReady(1, readers);
  return [home, readers];
}

/** Namespaces whose policies need HTTP: moved behind a waypoint, and back. */
export const httpScenarios: readonly Scenario[] = [
  ...kindsOfPolicies.map(thereAndBack),
  {
    name: 'http-sidecar-callers',
    async run(world) {
      const [home, blog] = await shopReadBy(world, 'blog');
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Blocked');
      assert.ok(
        status?.findings?.some(({ id, message }) => id === 'MM083' && message.includes(blog)),
        JSON.stringify(status?.findings),
      );
      await world.edit({ policies: { bypass: 'FailClosed' } });
      const { status: after } = await world.childPhase('Migrated');
      assert.ok(after?.findings?.some(({ id }) => id === 'MM085'));
    },
  },
  {
    name: 'http-callers-first',
    async run(world) {
      const [home, blog] = await shopReadBy(world, 'blog');
      await world.create(meshMigration(world.name, { names: [home, blog] }, { action: 'Plan' }));
      const { status: plan } = await world.phase('Planned');
      assert.match(
        plan?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '',
        /^2 of 2 namespaces can be migrated, 0 blocked/,
      );
      assert.ok(
        (await world.child()).status?.findings?.some(({ id, message }) => id === 'MM101' && message.includes(blog)),
        'who waits for its callers says so',
      );
      await world.edit({ action: 'Migrate' });
      await world.phase('Migrated');
      const [first, second] = await Promise.all(
        [blog, home].map(async (each) => (await world.child(each)).status?.steps ?? []),
      );
      const end = first?.find(({ name }) => name === 'RestartWorkloads')?.completedAt ?? '';
      const flipped = second?.find(({ name }) => name === 'Flip')?.completedAt ?? '';
      assert.ok(
        end !== '' && end <= flipped,
        `${blog} was to be in ambient (${end}) before the labels of ${home} changed (${flipped})`,
      );
    },
  },
  {
    name: 'http-original-edited',
    async run(world) {
      await migrated(world);
      await world.patch('AuthorizationPolicy', world.ns(), 'readers', {
        spec: {
          ...(allowGet(world.ns())['spec'] as object),
          rules: [{ from: [fromWeb(world.ns())], to: [{ operation: { methods: ['HEAD'] } }] }],
        },
      });
      await world.eventually('the copy follows', async () =>
        JSON.stringify(methodsOf(await copyOf(world, 'readers'))) === '["HEAD"]' ? true : undefined,
      );
      await world.create(denyDelete(world.ns()));
      await world.eventually('a copy of the new policy', async () =>
        (await rolesOf(world))['Copy'] === 2 ? true : undefined,
      );
      await world.delete(kinds.AuthorizationPolicy, world.ns(), 'no-delete');
      await world.eventually('no copy of the deleted policy', async () =>
        (await rolesOf(world))['Copy'] === 1 ? true : undefined,
      );
      await world.childPhase('Migrated');
    },
  },
  {
    name: 'http-copy-edited',
    async run(world) {
      await migrated(world);
      const {
        metadata: { name },
      } = await copyOf(world, 'readers');
      await world.patch('AuthorizationPolicy', world.ns(), name, { spec: { action: 'DENY' } });
      assert.match(await stalled(world, 'ForeignChange'), new RegExp(`${name}.*edit that instead`));
      await world.delete(kinds.AuthorizationPolicy, world.ns(), name);
      await world.eventually('the copy again', async () =>
        ((await copyOf(world, 'readers'))['spec'] as { readonly action?: string }).action === 'ALLOW'
          ? true
          : undefined,
      );
      await world.eventually('Ready', async () =>
        (await world.child()).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
        true
          ? true
          : undefined,
      );
    },
  },
  {
    name: 'http-record-deleted',
    async run(world) {
      await shop(world, allowGet(world.ns()));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.childPhase('Migrated');
      await world.delete(namespaceMigrations, world.ns(), world.name);
      await world.childPhase('Migrated');
      await world.command('RollingBack');
      await world.childPhase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  {
    name: 'http-finalized',
    async run(world) {
      await migrated(world);
      await world.edit({ action: 'Finalize' });
      await world.childPhase('Finalized');
      const api = await world.client.get(kinds.Service, world.ns(), 'api', world.signal);
      assert.equal(api.metadata.labels?.['istio.io/use-waypoint'], 'waypoint');
      assert.equal(
        api.metadata.annotations?.[originalLabelsAnnotation],
        undefined,
        'nothing is left that a rollback would need',
      );
      assert.deepEqual(await rolesOf(world), { Copy: 1, AllowWaypoint: 1, Guard: 1 });
    },
  },
  {
    name: 'http-name-taken',
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home));
      const before = await world.labels();
      const theirs: KubeObject = {
        kind: 'ConfigMap',
        metadata: { name: 'waypoint-parameters', namespace: home },
        data: { service: '{}' },
      };
      await world.create(userWaypoint(home), theirs, meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Blocked');
      const finding = status?.findings?.find(({ id }) => id === 'MM116');
      assert.equal(finding?.object, `Gateway ${home}/waypoint`, JSON.stringify(status?.findings));
      assert.match(finding.fix, /spec\.waypoint\.adopt: waypoint .*istioctl waypoint apply/);
      assert.deepEqual(await made(world), {});
      assert.deepEqual(await world.labels(), before);
      await world.delete(kinds.Gateway, home, 'waypoint');
      await world.childPhase('Migrated');
      const { data } = (await world.client.get(kinds.ConfigMap, home, theirs.metadata.name, world.signal)) as {
        readonly data?: unknown;
      };
      assert.deepEqual(data, theirs['data']);
    },
  },
  {
    name: 'http-waypoint-dies',
    async run(world) {
      await migrated(world);
      await breakWaypoint(world, world.ns());
      assert.match(await stalled(world, 'GateLost'), /0 of 2 pods available/);
      await mendWaypoint(world, world.ns());
      await world.eventually('Ready again', async () =>
        (await world.child()).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
        true
          ? true
          : undefined,
      );
    },
  },
  {
    name: 'http-waypoint-never-ready',
    disturbs: true,
    async run(world) {
      await shop(world, allowGet(world.ns()));
      const before = await world.snapshot();
      await waypointsBehave(world, { [podBehaviour.neverReady]: 'always' });
      try {
        await world.create(meshMigration(world.name, { names: [world.ns()] }, { restart: { progressDeadline: '5s' } }));
        const { status } = await world.childPhase('RolledBack');
        assert.equal(status?.failure?.reason, 'GateNotReached');
        assert.ok(
          status.steps?.every(({ name }) => name !== 'BindWaypoint' && name !== 'Flip'),
          'nobody was sent through a waypoint that was never there',
        );
        await nothingLeft(world);
        await world.restored(before);
      } finally {
        await waypointsBehave(world, undefined);
      }
    },
  },
];
