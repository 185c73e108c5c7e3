import { NotFoundError } from '../../src/kube/errors.ts';
import { tunnelLabel } from '../../src/mesh/istio/labels.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';

/** What one scenario leaves in the cluster is there for all that come after it: these are the things of it that they would notice. */
const noticed = ['Service', 'AuthorizationPolicy', 'Gateway'] as const;

function isOwn({ name }: World, namespace = ''): boolean {
  return namespace === name || namespace.startsWith(`${name}-`);
}

/**
 * Sidecars from before ambient hold up every namespace of the mesh that may call them. So they are old only while the scenario runs
 * that prepared them: before and after it their pods carry the label of those that take HBONE.
 */
export async function makeOld(world: World, old: boolean): Promise<void> {
  const { client, signal } = world;
  const { items } = await client.list(kinds.Pod, { signal });
  const labels = { [tunnelLabel]: old ? null : 'http' };
  for (const { metadata } of items.filter((pod) => isOwn(world, pod.metadata.namespace))) {
    await client.mergePatch(kinds.Pod, metadata.namespace, metadata.name, { metadata: { labels } }, { signal });
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error;
}

/**
 * A Service that stays behind its waypoint is one that everybody who comes later, on the way to sidecars, would go around. Services go
 * first: without them nobody is served by the waypoint any more.
 */
export async function clearAway(world: World): Promise<void> {
  const { client, signal } = world;
  for (const kind of noticed) {
    const { items } = await client.list(kinds[kind], { signal });
    for (const { metadata } of items.filter((each) => isOwn(world, each.metadata.namespace))) {
      // The operator may have deleted a copy already, whose original went before it.
      await client.delete(kinds[kind], metadata.namespace, metadata.name, { signal }).catch(unlessGone);
    }
  }
}
