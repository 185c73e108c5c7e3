import type { KubeObject, Resource } from '../../../src/api/object.ts';
import { isInForce } from '../../campaign/judge/traffic.ts';
import { objectsOf, type Home } from '../../campaign/stage.ts';
import { kinds } from '../../scenarios/manifests.ts';
import type { World } from '../../scenarios/world.ts';

/** How many pods a namespace has. */
export function podsOf({ apps }: Home): number {
  return apps.reduce((sum, { replicas }) => sum + replicas, 0);
}

/** Makes namespaces; resolves when every pod is Ready, and istiod has written about every policy. */
export async function makeHomes(world: World, homes: readonly Home[]): Promise<void> {
  const { client, signal } = world;
  for (const home of homes)
    for (const object of objectsOf(home)) await client.create(resourceOf(object), object, signal);
  for (const home of homes) await world.podsReady(podsOf(home), home.name);
  for (const { name } of homes)
    await world.eventually(`policies of ${name} in force`, async () => {
      const { items } = await client.list(kinds.AuthorizationPolicy, { namespace: name, signal });
      return items.every(isInForce) ? true : undefined;
    });
}

function resourceOf({ kind = '' }: KubeObject): Resource {
  const resource = (kinds as Readonly<Record<string, Resource>>)[kind];
  if (resource === undefined) throw new RangeError(`no kind ${kind}`);
  return resource;
}
