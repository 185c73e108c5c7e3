import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { plan } from '../../src/cli/plan/plan.ts';
import { parseManifests } from '../../src/cli/manifests/parse-manifests.ts';
import { nothingLeft, rolesOf, shop } from './http.ts';
import { deployment, kinds, meshMigration, namespace, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';
import type { World } from './world.ts';
import { meshes } from '../../src/mesh/meshes.ts';

const toApi = { route: [{ destination: { host: 'api', port: { number: 80 } } }] };
const canary = {
  match: [{ headers: { 'x-canary': { exact: 'yes' } } }],
  retries: { attempts: 2, perTryTimeout: '1s' },
  timeout: '5s',
  ...toApi,
};

/** Retries and a timeout for marked requests to `api`. */
function routed(home: string, http: readonly object[] = [canary, toApi]): KubeObject {
  return object('VirtualService', home, 'api', { hosts: ['api'], http });
}

/** `web` may call `api`, by identity only: ztunnel enforces that as sidecars do. */
function allowWeb(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'callers', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: [`cluster.local/ns/${home}/sa/web`] } }] }],
  });
}

async function usesWaypoint(world: World, name: string): Promise<boolean> {
  return (
    (await world.client.get(kinds.Service, world.ns(), name, world.signal)).metadata.labels?.[
      'istio.io/use-waypoint'
    ] !== undefined
  );
}

async function startOf(world: World, home: string, step: string): Promise<string> {
  return (await world.child(home)).status?.steps?.find(({ name }) => name === step)?.startedAt ?? '';
}

/** The offer for a VirtualService, as `plan --write` writes it. */
function offered(...objects: readonly KubeObject[]): KubeObject {
  const documents = objects.map((each) => {
    const { group, version } = kinds[each.kind as keyof typeof kinds];
    return JSON.stringify({ apiVersion: group === '' ? version : `${group}/${version}`, ...each });
  });
  const { report } = plan(parseManifests('-', documents.join('\n---\n')), {
    istioVersion: { major: 1, minor: 31 },
    namespace: 'default',
    rootNamespace: 'istio-system',
    meshes,
    now: 0,
  });
  const offer = report.namespaces.flatMap(({ offers }) => offers)[0];
  assert.ok(offer, 'no route was offered');
  return offer.object;
}

/** Namespaces whose calls are routed: what a waypoint follows goes behind it, what it would lose blocks. */
export const httpRouteScenarios: readonly Scenario[] = [
  {
    name: 'http-route-kept',
    async run(world) {
      const home = world.ns();
      await shop(world, routed(home), allowWeb(home));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Migrated');
      assert.equal(status?.itinerary, 'L7');
      assert.deepEqual(status.explanations, [
        `VirtualService ${home}/api spec.http.retries: the waypoint retries.`,
        `VirtualService ${home}/api spec.http.timeout: the waypoint has the timeout.`,
      ]);
      assert.deepEqual(
        await rolesOf(world),
        { Copy: 1, AllowWaypoint: 1 },
        'nothing enforces HTTP, so nobody is refused',
      );
      assert.deepEqual([await usesWaypoint(world, 'api'), await usesWaypoint(world, 'web')], [true, false]);
      await world.modesAre({ Ambient: 3 });
      await world.command('RollingBack');
      await world.childPhase('RolledBack');
      await world.modesAre({ Sidecar: 3 });
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  {
    name: 'http-route-lost',
    async run(world) {
      const home = world.ns();
      await shop(world, routed(home, [{ match: [{ sourceLabels: { app: 'web' } }], ...toApi }, toApi]));
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Blocked');
      const critical = status?.findings?.filter(({ severity }) => severity === 'Critical') ?? [];
      assert.deepEqual(
        critical.map(({ id, object: about }) => `${id} ${about}`),
        [`MM080 VirtualService ${home}/api`],
      );
      assert.match(critical[0]?.message ?? '', /sourceLabels: it would be lost/);
      await world.restored(before);
      // Subsets and weights are followed.
      const subsets = ['v1', 'v2'].map((version) => ({ name: version, labels: { version } }));
      await world.create(object('DestinationRule', home, 'api', { host: 'api', subsets }));
      await world.patch('VirtualService', home, 'api', {
        spec: {
          http: [{ route: ['v1', 'v2'].map((subset) => ({ destination: { host: 'api', subset }, weight: 50 })) }],
        },
      });
      const { status: after } = await world.childPhase('Migrated');
      assert.ok(
        after?.explanations?.some((sentence) => sentence.includes('spec.http.route.destination.subset')),
        JSON.stringify(after?.explanations),
      );
    },
  },
  {
    name: 'http-route-called-first',
    async run(world) {
      const [home, blog] = [world.ns(), world.ns('blog')];
      await shop(world, routed(home));
      await world.create(namespace(blog), deployment(blog, 'reader'));
      await world.podsReady(1, blog);
      const callers = [{ namespace: home, from: [{ namespace: blog }, { namespace: home }] }];
      await world.create(meshMigration(world.name, { names: [blog] }, { callers }));
      const { status } = await world.childPhase('Blocked', blog);
      const finding = status?.findings?.find(({ id }) => id === 'MM094');
      assert.equal(finding?.object, `VirtualService ${home}/api`);
      assert.match(finding.fix, new RegExp(`Migrate namespace ${home} first`));
      await world.edit({ namespaces: { names: [home, blog] } });
      await world.phase('Migrated');
      const { status: after } = await world.child(blog);
      assert.deepEqual(
        after?.findings?.filter(({ object: about }) => about === `VirtualService ${home}/api`),
        [],
        'the waypoint follows it, so nothing is lost',
      );
      const [bound, flipped] = [await startOf(world, home, 'BindWaypoint'), await startOf(world, blog, 'Flip')];
      assert.ok(
        bound !== '' && bound <= flipped,
        `${home} was to be behind its waypoint (${bound}) before ${blog} left its sidecars (${flipped})`,
      );
      await world.modesAre({ Ambient: 1 }, blog);
    },
  },
  {
    name: 'http-route-offer',
    async run(world) {
      const home = world.ns();
      const plain = [{ match: [{ uri: { exact: '/a' } }], timeout: '5s', ...toApi }, toApi];
      await shop(world, routed(home, plain));
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated');
      await world.edit({ action: 'Finalize' });
      await world.childPhase('Finalized');
      const offer = offered(
        routed(home, plain),
        service(home, 'api', {}, { ports: [{ name: 'http', port: 80, targetPort: 8080 }] }),
        deployment(home, 'api'),
      );
      await world.create(offer);
      await world.delete(kinds.VirtualService, home, 'api');
      assert.equal((await world.client.get(kinds.HTTPRoute, home, 'api', world.signal)).metadata.name, 'api');
    },
  },
];
