import assert from 'node:assert/strict';
import { denyDelete, shop } from './http.ts';
import { kinds, meshMigration, namespace, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { condition, waypoint } from './waypoint-world.ts';
import type { World } from './world.ts';

const useWaypoint = 'istio.io/use-waypoint';

/** Says, beside `istio.io/use-waypoint`, where its waypoint is. */
export const waypointNamespace = 'istio.io/use-waypoint-namespace';

/**
 * `api` refuses callers by who they are, and beside it there is a waypoint for everybody, which knows nothing of that.
 */
export async function besideShared(world: World): Promise<string> {
  const [home, infra] = [world.ns(), world.ns('infra')];
  await world.create(namespace(infra), waypoint(infra, { from: { from: 'All' } }));
  const refused = object('AuthorizationPolicy', home, 'no-strangers', {
    action: 'DENY',
    rules: [{ from: [{ source: { namespaces: ['strangers'] } }] }],
  });
  await shop(world, denyDelete(home), refused);
  return infra;
}

/** Its callers are known. */
export function moving(world: World): ReturnType<typeof meshMigration> {
  return meshMigration(
    world.name,
    { names: [world.ns()] },
    { callers: [{ namespace: world.ns(), from: [{ namespace: world.ns(), serviceAccount: 'web' }] }] },
  );
}

/** What `api` is bound by, and by what istiod says to which. */
export async function bindingOfApi(
  world: World,
): Promise<{ readonly label: string | undefined; readonly said: string | undefined }> {
  const { metadata } = await world.client.get(kinds.Service, world.ns(), 'api', world.signal);
  const said = await condition(world, 'Service', world.ns(), 'api', 'istio.io/WaypointBound');
  return { label: metadata.labels?.[useWaypoint], said: said?.[3] };
}

/** Services of which a label makes `istio.io/use-waypoint` mean another waypoint than that of their namespace. */
export const redirectedScenarios: readonly Scenario[] = [
  {
    name: 'http-redirected',
    async run(world) {
      const home = world.ns();
      const infra = await besideShared(world);
      await world.patch('Service', home, 'api', { metadata: { labels: { [waypointNamespace]: infra } } });
      await world.create(moving(world));
      const { status } = await world.childPhase('Blocked');
      const found = status?.findings?.find(({ id }) => id === 'MM045');
      assert.equal(found?.object, `Service ${home}/api`);
      assert.ok(found.message.includes(`${waypointNamespace}=${infra}`), found.message);
      assert.ok(found.fix.includes(`kubectl label service api -n ${home} ${waypointNamespace}-`), found.fix);
      assert.deepEqual(await bindingOfApi(world), { label: undefined, said: undefined });
      await world.patch('Service', home, 'api', { metadata: { labels: { [waypointNamespace]: null } } });
      await world.childPhase('Migrated');
      assert.match((await bindingOfApi(world)).said ?? '', new RegExp(`attached to waypoint ${home}/waypoint\\b`));
    },
  },
];
