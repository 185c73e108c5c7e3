import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { migrationLabel, stepLabel } from '../../src/api/resources.ts';
import { deployment, kinds, meshMigration, object } from './manifests.ts';
import { allowGet, httpPort, nothingLeft, shop } from './http.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';
import type { World } from './world.ts';

const settleMs = 4000;
/** Kubernetes keeps whole seconds. */
const roundingMs = 1000;

/** When our manager last changed the object, in milliseconds since the epoch. */
function changedAt({ metadata }: KubeObject): number {
  const entries =
    (metadata as { readonly managedFields?: readonly { readonly manager?: string; readonly time?: string }[] })
      .managedFields ?? [];
  return Math.max(
    ...entries.filter(({ manager }) => manager === 'mesh-migration').map(({ time = '' }) => Date.parse(time)),
  );
}

async function policies(world: World): Promise<readonly KubeObject[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return items.filter(({ metadata }) => metadata.labels?.[migrationLabel] !== undefined);
}

async function boundAt(world: World, name: string): Promise<number> {
  return await world.eventually(`Service ${name} bound`, async () => {
    const found = await world.client.get(kinds.Service, world.ns(), name, world.signal);
    return found.metadata.labels?.['istio.io/use-waypoint'] === undefined ? undefined : changedAt(found);
  });
}

function later(what: string, at: number, than: number): void {
  assert.ok(at + roundingMs >= than + settleMs, `${what}: ${(at - than) / 1000}s, not ${settleMs / 1000}s`);
}

async function copiedAt(world: World, target: string): Promise<number> {
  const found = (await policies(world)).filter(
    ({ metadata, spec }) => metadata.labels?.[stepLabel] === 'CopyPolicies' && JSON.stringify(spec).includes(target),
  );
  assert.ok(found.length > 0, `no copy for ${target}`);
  return Math.max(...found.map(changedAt));
}

/**
 * What istiod has accepted is given time to reach the proxies before anything relies on it: on the way, for what joins
 * later, and back.
 */
export const settles: Scenario = {
  name: 'http-settle',
  async run(world) {
    const home = world.ns();
    await shop(world, allowGet(home));
    await world.create(
      meshMigration(
        world.name,
        { names: [home] },
        {
          policies: { settle: `${settleMs / 1000}s` },
          callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }],
        },
      ),
    );
    await world.childPhase('Migrated');
    const bound = await boundAt(world, 'api');
    const guarding = (policy: KubeObject): boolean => policy.metadata.labels?.[stepLabel] === 'GuardBypass';
    later(
      'bound after what was made',
      bound,
      Math.max(...(await policies(world)).filter((policy) => !guarding(policy)).map(changedAt)),
    );
    const guarded = Math.max(...(await policies(world)).filter(guarding).map(changedAt));
    later(
      'flipped after the binding and the guard',
      changedAt(await world.client.get(kinds.Namespace, undefined, home, world.signal)),
      Math.max(bound, guarded),
    );

    const selector = { matchLabels: { app: 'late' } };
    await world.create(
      deployment(home, 'late', { serviceAccount: 'api' }),
      object('AuthorizationPolicy', home, 'late', {
        selector,
        action: 'DENY',
        rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
      }),
      service(home, 'late', {}, httpPort),
    );
    const late = await boundAt(world, 'late');
    later('a later Service bound after its copy', late, await copiedAt(world, 'late'));

    await world.command('RollingBack', home);
    await world.childPhase('RolledBack');
    const { status } = await world.child();
    const [unbound, removing] = [
      status?.steps?.find(({ name }) => name === 'UnbindWaypoint')?.completedAt,
      status?.steps?.find(({ name }) => name === 'RemovePolicies')?.startedAt,
    ];
    later('copies deleted after the Services were unbound', Date.parse(removing ?? ''), Date.parse(unbound ?? ''));
    await nothingLeft(world);
  },
};
