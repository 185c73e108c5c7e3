import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { allowGet, denyDelete, shop } from '../scenarios/http.ts';
import { ambientShop, back, waypointAllowsGet, waypointDeniesDelete } from '../scenarios/http-back.ts';
import { kinds, meshMigration } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * A policy is made anew under another name and the old one deleted, while the operator is away for both. Its copy goes when istiod has read that of the new one.
 */

function renamed({ metadata, ...rest }: KubeObject): KubeObject {
  return { ...rest, metadata: { ...metadata, name: `${metadata.name}-anew` } };
}

/** As the operator finds it when it is back. */
async function renames(world: World, policy: KubeObject): Promise<void> {
  await world.operator.kill();
  await world.create(renamed(policy));
  await world.pause(60_000);
  await world.delete(kinds.AuthorizationPolicy, world.ns(), policy.metadata.name);
  await world.operator.start();
}

function isOf(name: string, { annotations }: KubeObject['metadata']): boolean {
  return annotations?.['meshmigration.dev/copy-of']?.endsWith(`/${name}`) === true;
}

/** Of the old one and of the new one. */
async function copiesOf(world: World, name: string): Promise<readonly KubeObject[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return items.filter(({ metadata }) => [name, `${name}-anew`].some((each) => isOf(each, metadata)));
}

function isRead({ status }: KubeObject): boolean {
  return (status as { readonly conditions?: readonly unknown[] } | undefined)?.conditions !== undefined;
}

/** At every instant one of both copies is there and read. */
async function isNeverInNeither(world: World, { metadata: { name } }: KubeObject): Promise<void> {
  for (let at = 0; at < 9000; at += 1) {
    const copies = await copiesOf(world, name);
    expect(copies.some(isRead)).toBe(true);
    if (copies.every(({ metadata }) => isOf(`${name}-anew`, metadata))) return;
    await world.pause(4);
  }
  throw new Error('the old copy stays');
}

async function toAmbient(world: World): Promise<void> {
  const home = world.ns();
  await shop(world, denyDelete(home), allowGet(home));
  const callers = [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
  await world.create(meshMigration(world.name, { names: [home] }, { callers }));
}

async function toSidecars(world: World): Promise<void> {
  const home = world.ns();
  await ambientShop(world, [waypointAllowsGet(home), waypointDeniesDelete(home)]);
  await world.create(await back(world));
}

type Way = (world: World) => Promise<void>;

describe('a policy that is made anew under another name', () => {
  it.each<[string, Way, (home: string) => KubeObject]>([
    ['a DENY, for the waypoint', toAmbient, denyDelete],
    ['an ALLOW, for the waypoint', toAmbient, allowGet],
    ['a DENY, for sidecars', toSidecars, waypointDeniesDelete],
    ['an ALLOW, for sidecars', toSidecars, waypointAllowsGet],
  ])('is copied all the time: %s', async (_what, migrate, policy) => {
    await runOnSimulation({
      name: 'renamed',
      disturbs: true,
      async run(world) {
        await migrate(world);
        await world.childPhase('Migrated');
        await world.pause(20_000);
        await renames(world, policy(world.ns()));
        await isNeverInNeither(world, policy(world.ns()));
      },
    });
  });
});
