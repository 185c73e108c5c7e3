import { NotFoundError } from '../../src/kube/errors.ts';
import { tunnelLabel } from '../../src/mesh/istio/vocabulary/labels.ts';
import { scenarios } from '../scenarios/all.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';

/**
 * Gone at once, before their namespaces are: a Service that stays behind its waypoint is one that everybody who comes
 * later, on the way to sidecars, would go around. Services go first: without them nobody is served by the waypoint any
 * more.
 */
const noticed = ['Service', 'AuthorizationPolicy', 'Gateway'] as const;

function isAt(name: string, namespace: string): boolean {
  return namespace === name || namespace.startsWith(`${name}-`);
}

/** Whether a namespace belongs to this scenario, and not to one whose name begins with the name of this one. */
function isOwn({ name }: World, namespace = ''): boolean {
  const longer = scenarios.filter((other) => other.name.startsWith(`${name}-`));
  return isAt(name, namespace) && !longer.some((other) => isAt(other.name, namespace));
}

/**
 * Sidecars from before ambient hold up every namespace of the mesh that may call them. So they are old only while the
 * scenario runs that prepared them: before and after it their pods carry the label of those that take HBONE.
 */
export async function makeOld(world: World, old: boolean): Promise<void> {
  const { client, signal } = world;
  const { items } = await client.list(kinds.Pod, { signal });
  const labels = { [tunnelLabel]: old ? null : 'http' };
  for (const { metadata } of items.filter((pod) => isOwn(world, pod.metadata.namespace))) {
    await client
      .mergePatch(kinds.Pod, metadata.namespace, metadata.name, { metadata: { labels } }, { signal })
      .catch(unlessGone);
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error;
}

/**
 * What one scenario leaves in the cluster is there for all that come after it, and each of them would be slower for it:
 * its namespaces go. Nobody waits for that.
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
  const { items } = await client.list(kinds.Namespace, { signal });
  for (const { metadata } of items.filter((each) => isOwn(world, each.metadata.name))) {
    await client.delete(kinds.Namespace, undefined, metadata.name, { signal }).catch(unlessGone);
  }
}
