import assert from 'node:assert/strict';
import { fieldManager, originalLabelsAnnotation } from '../../src/api/resources.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { allowGet, denyDelete, made, rolesOf, shop, stalled } from './http.ts';
import { kinds, meshMigration, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { availableWaypointPods, breakWaypoint, isBound, mendWaypoint, waypoint } from './waypoint-world.ts';
import type { World } from './world.ts';

const parts = ['Gateway', 'Deployment', 'Service', 'ServiceAccount'] as const;

/**
 * What an owner would notice of a waypoint: istiod writes its status, and it and others apply what it makes for it
 * again and again, the operator never.
 */
async function partsOf(world: World, name: string): Promise<Readonly<Record<string, unknown>>> {
  const found = await Promise.all(
    parts.map(async (kind) => {
      const {
        metadata: { resourceVersion: _version, managedFields, ...metadata },
        status: _status,
        ...rest
      } = await world.client.get<KubeObject & { readonly status?: unknown }>(
        kinds[kind],
        world.ns(),
        name,
        world.signal,
      );
      const managers = (managedFields ?? []).map(({ manager }) => manager);
      assert.ok(!managers.includes(fieldManager), `${kind} ${name} was written by the operator`);
      return [kind, { metadata, ...rest }] as const;
    }),
  );
  return Object.fromEntries(found);
}

async function labelService(
  world: World,
  labels: Readonly<Record<string, string | null>>,
  name = 'api',
): Promise<void> {
  await world.patch('Service', world.ns(), name, { metadata: { labels } });
}

async function available(world: World, name: string): Promise<void> {
  await world.eventually(`a pod of ${name} available`, async () =>
    (await availableWaypointPods(world, world.ns(), name)) > 0 ? true : undefined,
  );
}

/** A shop that needs a waypoint and has one of its own, which serves already. */
async function shopWith(world: World, name: string, ...policies: readonly KubeObject[]): Promise<void> {
  await shop(world, ...(policies.length > 0 ? policies : [allowGet(world.ns())]));
  await world.create(waypoint(world.ns(), { name }));
  await available(world, name);
}

function adopting(world: World, adopt: string, restart: { readonly progressDeadline?: string } = {}): KubeObject {
  return meshMigration(world.name, { names: [world.ns()] }, { waypoint: { adopt }, restart });
}

async function absent(world: World, kind: keyof typeof kinds, name: string): Promise<void> {
  await assert.rejects(
    world.client.get(kinds[kind], world.ns(), name, world.signal),
    NotFoundError,
    `${kind} ${name} is there`,
  );
}

/** Nothing of a waypoint of the operator's own is there, nor of what it makes for one. */
async function noneMade(world: World): Promise<void> {
  assert.equal((await made(world))['Gateway'], undefined);
  await absent(world, 'ConfigMap', 'mesh-migration-waypoint');
}

async function ready(world: World): Promise<void> {
  await world.eventually('Ready', async () =>
    (await world.child()).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
      ? true
      : undefined,
  );
}

async function serviceLabel(world: World, key: string, name = 'api'): Promise<string | undefined> {
  return (await world.client.get(kinds.Service, world.ns(), name, world.signal)).metadata.labels?.[key];
}

async function blockedBy(
  world: World,
  id: string,
): Promise<{ readonly object: string; readonly message: string; readonly fix: string }> {
  const { status } = await world.childPhase('Blocked');
  const finding = status?.findings?.find((each) => each.id === id && each.severity === 'Critical');
  assert.ok(finding, JSON.stringify(status?.findings));
  return finding;
}

async function back(world: World, before: Awaited<ReturnType<World['snapshot']>>): Promise<void> {
  await world.command('RollingBack', world.ns());
  await world.childPhase('RolledBack');
  assert.deepEqual(await made(world), {});
  await world.modesAre({ Sidecar: 3 });
  await world.restored(before);
}

function thereAndBack(name: string): Scenario {
  return {
    name: `adopt-${name}`,
    async run(world) {
      await shopWith(world, name);
      const [before, theirs] = [await world.snapshot(), await partsOf(world, name)];
      await world.create(adopting(world, name));
      const { status } = await world.childPhase('Migrated');
      assert.deepEqual([status?.itinerary, status?.waypoint], ['L7', name]);
      assert.equal(await serviceLabel(world, 'istio.io/use-waypoint'), name);
      assert.equal(await isBound(world, world.ns(), 'api'), true);
      assert.deepEqual(await rolesOf(world), { Copy: 1, AllowWaypoint: 1, Guard: 1 });
      const { items } = await world.client.list(kinds.AuthorizationPolicy, {
        namespace: world.ns(),
        signal: world.signal,
      });
      const guard = items.find(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'Guard');
      assert.match(JSON.stringify(guard?.['spec']), new RegExp(`"cluster.local/ns/${world.ns()}/sa/${name}"`));
      await world.modesAre({ Ambient: 3 });
      await noneMade(world);
      assert.deepEqual(await partsOf(world, name), theirs);
      await back(world, before);
      assert.deepEqual(await partsOf(world, name), theirs);
    },
  };
}

/** By name: labels of Service `api` before the start, and what is left of the way there when it goes back. */
const bindings: readonly (Pick<Scenario, 'name' | 'simulationOnly'> & {
  readonly labels: Readonly<Record<string, string>>;
})[] = [
  { name: 'adopt-bound-before', labels: { 'istio.io/use-waypoint': 'mine' } },
  {
    name: 'adopt-bound-with-ingress',
    simulationOnly: true,
    labels: { 'istio.io/use-waypoint': 'mine', 'istio.io/ingress-use-waypoint': 'true' },
  },
];

function boundBefore({ labels, ...story }: (typeof bindings)[number]): Scenario {
  return {
    ...story,
    async run(world) {
      await shopWith(world, 'mine');
      await labelService(world, labels);
      await world.eventually('bound', async () =>
        (await isBound(world, world.ns(), 'api')) === true ? true : undefined,
      );
      const [before, theirs] = [await world.snapshot(), await partsOf(world, 'mine')];
      await world.create(
        meshMigration(
          world.name,
          { names: [world.ns()] },
          { waypoint: { adopt: 'mine' }, policies: { settle: '15s' } },
        ),
      );
      await world.childPhase('Migrated');
      await ready(world);
      assert.equal(await isBound(world, world.ns(), 'api'), true);
      await world.command('RollingBack', world.ns());
      await world.eventually('nothing lets the waypoint in any more', async () =>
        (await rolesOf(world))['AllowWaypoint'] === undefined ? true : undefined,
      );
      await world.pause(8000);
      assert.deepEqual(
        await rolesOf(world),
        { Copy: 1, Guard: 1 },
        'the waypoint goes on serving, and sidecars may not know yet that it is not to be let in',
      );
      await back(world, before);
      assert.equal(await isBound(world, world.ns(), 'api'), true, 'its owner had bound it');
      assert.deepEqual(await partsOf(world, 'mine'), theirs);
    },
  };
}

/** Waypoints of the user that are used: never made, changed or taken away. */
export const adoptScenarios: readonly Scenario[] = [
  ...['waypoint', 'mine'].map(thereAndBack),
  ...bindings.map(boundBefore),
  {
    // Nothing but its waypoint asks for one: what goes through it has to go on through it.
    name: 'adopt-bound-plain',
    simulationOnly: true,
    async run(world) {
      await shopWith(
        world,
        'mine',
        object('AuthorizationPolicy', world.ns(), 'callers', {
          selector: { matchLabels: { app: 'api' } },
          action: 'ALLOW',
          rules: [{ from: [{ source: { principals: [`cluster.local/ns/${world.ns()}/sa/web`] } }] }],
        }),
      );
      await labelService(world, { 'istio.io/use-waypoint': 'mine' });
      const before = await world.snapshot();
      await world.create(adopting(world, 'mine'));
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.itinerary, 'L7');
      assert.deepEqual(await rolesOf(world), { Copy: 1, AllowWaypoint: 1 });
      await back(world, before);
    },
  },
  {
    // Whoever comes through it already would be let through by it until it has received the copies; and going back
    // before any Service was bound must not wait for what its owner has bound.
    name: 'adopt-back-early',
    simulationOnly: true,
    async run(world) {
      const home = world.ns();
      await shopWith(world, 'mine');
      await labelService(world, { 'istio.io/use-waypoint': 'mine' });
      const before = await world.snapshot();
      await world.create(
        meshMigration(world.name, { names: [home] }, { waypoint: { adopt: 'mine' }, policies: { settle: '60s' } }),
      );
      await world.eventually('copies', async () => ((await rolesOf(world))['Copy'] === 1 ? true : undefined));
      await world.pause(20_000);
      assert.deepEqual(await rolesOf(world), { Copy: 1 }, 'the waypoint has had no time to receive it yet');
      await world.command('RollingBack', home);
      // Each step that proxies have to hear of first waits for `settle`.
      await world.childPhase('RolledBack', world.ns(), 360_000);
      assert.deepEqual(await made(world), {});
      await world.restored(before);
    },
  },
  {
    name: 'adopt-without-pods',
    simulationOnly: true,
    async run(world) {
      await shopWith(world, 'mine');
      await breakWaypoint(world, world.ns(), 'mine');
      await world.create(adopting(world, 'mine'));
      assert.equal((await blockedBy(world, 'MM054')).object, `Deployment ${world.ns()}/mine`);
      await mendWaypoint(world, world.ns(), 'mine');
      await world.childPhase('Migrated');
      await breakWaypoint(world, world.ns(), 'mine');
      await world.eventually('GateLost', async () =>
        (await world.child()).status?.message?.includes('0 of 1 pods available') === true ? true : undefined,
      );
      await mendWaypoint(world, world.ns(), 'mine');
      await ready(world);
    },
  },
  {
    // Behind it the pods see the waypoint, and the owner has written his policy for that: callers that get through by
    // it would be refused by its copy.
    name: 'adopt-policy-for-it',
    simulationOnly: true,
    async run(world) {
      const home = world.ns();
      await shopWith(
        world,
        'mine',
        object('AuthorizationPolicy', home, 'through', {
          selector: { matchLabels: { app: 'api' } },
          action: 'ALLOW',
          rules: [
            {
              from: [{ source: { principals: [`cluster.local/ns/${home}/sa/mine`] } }],
              to: [{ operation: { methods: ['GET'] } }],
            },
          ],
        }),
      );
      await labelService(world, { 'istio.io/use-waypoint': 'mine' });
      await world.create(adopting(world, 'mine'));
      const { object: which, message } = await blockedBy(world, 'MM099');
      assert.equal(which, `Service ${home}/api`);
      assert.match(message, /through the waypoint already/);
    },
  },
  {
    name: 'adopt-wrong-class',
    simulationOnly: true,
    async run(world) {
      const home = world.ns();
      await shop(world, allowGet(home));
      const theirs = waypoint(home, { name: 'mine' });
      await world.create(
        { ...theirs, spec: { ...(theirs['spec'] as object), gatewayClassName: 'someone-elses' } },
        adopting(world, 'mine'),
      );
      const { object: which, message } = await blockedBy(world, 'MM118');
      assert.equal(which, `Gateway ${home}/mine`);
      assert.match(message, /no waypoint of class istio-waypoint/);
      assert.deepEqual(await made(world), {});
      await world.delete(kinds.Gateway, home, 'mine');
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.waypoint, undefined);
      assert.equal(
        await serviceLabel(world, 'istio.io/use-waypoint'),
        'waypoint',
        'without one of that name the operator makes its own',
      );
    },
  },
  {
    name: 'adopt-with-policy',
    async run(world) {
      const home = world.ns();
      const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'mine' }];
      const theirs = object('AuthorizationPolicy', home, 'at-waypoint', {
        targetRefs,
        action: 'DENY',
        rules: [{ to: [{ operation: { paths: ['/admin'] } }] }],
      });
      await shopWith(world, 'mine');
      await world.create(theirs, adopting(world, 'mine'));
      // The Gateway is not programmed yet either when it is looked at first.
      await world.eventually('it is named', async () =>
        (await blockedBy(world, 'MM118')).message.includes(`AuthorizationPolicy ${home}/at-waypoint names it`)
          ? true
          : undefined,
      );
      await world.delete(kinds.AuthorizationPolicy, home, 'at-waypoint');
      await world.childPhase('Migrated');
      await world.create(theirs);
      assert.match(await stalled(world, 'CannotBeMade'), /at-waypoint/);
      await world.delete(kinds.AuthorizationPolicy, home, 'at-waypoint');
      await ready(world);
    },
  },
  {
    name: 'adopt-gone-at-rest',
    async run(world) {
      const home = world.ns();
      await shopWith(world, 'mine');
      await world.create(adopting(world, 'mine', { progressDeadline: '10s' }));
      await world.childPhase('Migrated');
      await world.delete(kinds.Gateway, home, 'mine');
      assert.match(await stalled(world, 'GateLost'), new RegExp(`Gateway ${home}/mine is not there: it is yours`));
      await absent(world, 'Gateway', 'mine');
      await noneMade(world);
      assert.deepEqual(
        await rolesOf(world),
        { Copy: 1, AllowWaypoint: 1, Guard: 1 },
        'what refuses everybody else stays',
      );
      await world.create(waypoint(home, { name: 'mine' }));
      await ready(world);
      // One that serves something else now is said at once.
      await world.patch('Gateway', home, 'mine', { metadata: { labels: { 'istio.io/waypoint-for': 'workload' } } });
      assert.match(await stalled(world, 'GateLost'), /mine" does not support/);
    },
  },
  {
    name: 'adopt-gone-on-the-way',
    simulationOnly: true,
    async run(world) {
      const home = world.ns();
      await shopWith(world, 'mine');
      const { services: _services, ...before } = await world.snapshot();
      await world.create(adopting(world, 'mine', { progressDeadline: '10s' }));
      await world.eventually('restarts', async () =>
        (await world.child()).status?.step === 'RestartWorkloads' ? true : undefined,
      );
      await world.delete(kinds.Gateway, home, 'mine');
      const { status } = await world.childPhase('RolledBack');
      assert.equal(status?.failure?.reason, 'GateLost');
      assert.match(status.failure.message, /is not there: it is yours/);
      assert.deepEqual(await made(world), {});
      await absent(world, 'Gateway', 'mine');
      await world.modesAre({ Sidecar: 3 });
      const after = await world.snapshot();
      assert.deepEqual([after.labels, after.annotations], [before.labels, before.annotations]);
      assert.equal(await serviceLabel(world, 'istio.io/use-waypoint'), undefined);
    },
  },
  {
    name: 'adopt-field-removed',
    simulationOnly: true,
    async run(world) {
      await shopWith(world, 'mine');
      const [before, theirs] = [await world.snapshot(), await partsOf(world, 'mine')];
      await world.create(adopting(world, 'mine'));
      await world.childPhase('Migrated');
      await world.edit({ waypoint: { adopt: null } });
      await world.phase('Migrated');
      await world.operator.kill();
      await world.operator.start();
      await world.pause(5000);
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.waypoint, 'mine');
      await ready(world);
      await noneMade(world);
      // A record that says otherwise is not believed: it is the journal that counts.
      await world.forge({ waypoint: 'waypoint' }, world.ns());
      await world.eventually('the record again', async () =>
        (await world.child()).status?.waypoint === 'mine' ? true : undefined,
      );
      await back(world, before);
      assert.deepEqual(await partsOf(world, 'mine'), theirs);
    },
    disturbs: true,
  },
  {
    // Its own waypoint was made before anybody named another one.
    name: 'adopt-field-added',
    simulationOnly: true,
    async run(world) {
      await shopWith(world, 'mine');
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.childPhase('Migrated');
      await world.edit({ waypoint: { adopt: 'mine' } });
      await world.phase('Migrated');
      await world.pause(5000);
      await ready(world);
      assert.equal(await serviceLabel(world, 'istio.io/use-waypoint'), 'waypoint');
      await back(world, before);
      await absent(world, 'Gateway', 'waypoint');
    },
  },
  {
    name: 'adopt-finalized',
    async run(world) {
      await shopWith(world, 'waypoint', allowGet(world.ns()), denyDelete(world.ns()));
      const theirs = await partsOf(world, 'waypoint');
      await world.create(adopting(world, 'waypoint'));
      await world.childPhase('Migrated');
      await world.edit({ action: 'Finalize' });
      await world.childPhase('Finalized');
      const api = await world.client.get(kinds.Service, world.ns(), 'api', world.signal);
      assert.equal(api.metadata.labels?.['istio.io/use-waypoint'], 'waypoint');
      assert.equal(api.metadata.annotations?.[originalLabelsAnnotation], undefined);
      assert.deepEqual(await partsOf(world, 'waypoint'), theirs);
    },
  },
];
