import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import { stepLabel } from '../../src/api/resources.ts';
import { allowGet, denyDelete, httpPort, shop } from './http.ts';
import { deployment, kinds, meshMigration, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';
import type { World } from './world.ts';

const metrics = 9090;

/** Scraping goes to the pods themselves. */
function allowScraping(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'scraping', {
    selector: { matchLabels: { app: 'api' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { namespaces: ['monitoring'] } }], to: [{ operation: { ports: [String(metrics)] } }] }],
  });
}

const leavesOut = `"to":[{"operation":{"notPorts":["${metrics}"]}}]`;

function callersOf(home: string): MeshMigrationSpec['callers'] {
  return [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
}

async function policiesOf(world: World): Promise<readonly KubeObject[]> {
  return (await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal })).items;
}

/** The guard of a Service, as text. */
async function guardOf(world: World, name: string): Promise<string> {
  const guards = (await policiesOf(world)).filter(({ metadata }) => metadata.labels?.[stepLabel] === 'GuardBypass');
  return JSON.stringify(
    guards.find(({ spec }: KubeObject & { readonly spec?: unknown }) =>
      JSON.stringify(spec).includes(`"app":"${name}"`),
    )?.['spec'] ?? {},
  );
}

async function messageOf(world: World, pattern: RegExp): Promise<void> {
  await world.eventually(`message ${String(pattern)}`, async () =>
    pattern.test((await world.child()).status?.message ?? '') ? true : undefined,
  );
}

/** A port stays open to direct callers where ztunnel decides about it as the sidecars did, and only there. */
const staysDirect: Scenario = {
  name: 'http-direct',
  async run(world) {
    const home = world.ns();
    await shop(world, allowGet(home), allowScraping(home), denyDelete(home));
    await world.create(
      meshMigration(
        world.name,
        { names: [home] },
        { callers: callersOf(home), policies: { direct: [{ namespace: home, ports: [metrics], principals: [] }] } },
      ),
    );
    const { status } = await world.childPhase('Blocked');
    const finding = status?.findings?.find(({ id }) => id === 'MM086');
    assert.match(finding?.message ?? JSON.stringify(status), /DELETE.*port 9090/);

    await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
    await world.childPhase('Migrated');
    const guard = await guardOf(world, 'api');
    assert.ok(guard.includes(leavesOut), guard);

    // A policy that comes later makes a hole of it, which the guard is without for as long.
    await world.create(denyDelete(home));
    await world.eventually('a guard without the hole', async () =>
      (await guardOf(world, 'api')).includes(leavesOut) ? undefined : true,
    );
    await messageOf(world, /MM086/);
    await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
    await world.eventually('the port left out again', async () =>
      (await guardOf(world, 'api')).includes(leavesOut) ? true : undefined,
    );
  },
};

/**
 * What is left out of the guard of a namespace at rest is left out when nothing gets through by it that was refused,
 * and not before.
 */
const narrowedAtRest: Scenario = {
  name: 'http-direct-later',
  async run(world) {
    const home = world.ns();
    await shop(world, allowGet(home), allowScraping(home), denyDelete(home));
    await world.create(meshMigration(world.name, { names: [home] }, { callers: callersOf(home) }));
    await world.childPhase('Migrated');
    const whole = await guardOf(world, 'api');
    assert.ok(!whole.includes(leavesOut), whole);

    await world.edit({ policies: { direct: [{ namespace: home, ports: [metrics], principals: [] }] } });
    await messageOf(world, /MM086.*DELETE.*port 9090.*out of spec.policies.direct/);
    assert.equal(await guardOf(world, 'api'), whole, 'refuses less before the proof allows it');
    await world.create(
      object('AuthorizationPolicy', home, 'emergency', {
        selector: { matchLabels: { app: 'api' } },
        action: 'DENY',
        rules: [{ to: [{ operation: { methods: ['GET'], paths: ['/admin*'] } }] }],
      }),
    );
    await world.eventually('a copy of the new policy', async () =>
      (await policiesOf(world)).some(
        ({ metadata }) => metadata.annotations?.['meshmigration.dev/copy-of']?.endsWith('/emergency') === true,
      )
        ? true
        : undefined,
    );
    assert.equal(await guardOf(world, 'api'), whole);

    for (const name of ['emergency', 'no-delete']) await world.delete(kinds.AuthorizationPolicy, home, name);
    await world.eventually('the port is left out', async () =>
      (await guardOf(world, 'api')).includes('"to":[{"operation":{"notPorts":["9090"]}}]') ? true : undefined,
    );
    await messageOf(world, /^every pod is in/);

    await world.edit({ policies: { direct: [] } });
    await world.eventually('it is whole again', async () =>
      (await guardOf(world, 'api')) === whole ? true : undefined,
    );
  },
};

/** A Service that comes at rest is bound when the proof has nothing against it. */
const joinsWithFinding: Scenario = {
  name: 'http-joins-with-finding',
  async run(world) {
    const home = world.ns();
    await shop(world, allowGet(home), allowScraping(home));
    await world.create(
      meshMigration(
        world.name,
        { names: [home] },
        { callers: callersOf(home), policies: { direct: [{ namespace: home, ports: [metrics], principals: [] }] } },
      ),
    );
    await world.childPhase('Migrated');
    await world.create(
      object('AuthorizationPolicy', home, 'orders', {
        selector: { matchLabels: { app: 'orders' } },
        action: 'DENY',
        rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
      }),
      deployment(home, 'orders'),
      service(home, 'orders', {}, httpPort),
    );
    await messageOf(world, /MM086 Service .*orders: .*port 9090/);
    await world.pause(30_000);
    const labels = async (): Promise<unknown> =>
      (await world.client.get(kinds.Service, home, 'orders', world.signal)).metadata.labels?.['istio.io/use-waypoint'];
    assert.equal(await labels(), undefined);
    assert.match((await world.child()).status?.message ?? '', /MM086/);
    await world.edit({ policies: { direct: [] } });
    await world.eventually('bound', async () => ((await labels()) === 'waypoint' ? true : undefined));
  },
};

export const directScenarios: readonly Scenario[] = [staysDirect, narrowedAtRest, joinsWithFinding];
