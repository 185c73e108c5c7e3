import type { Resource } from '../../../src/api/object.ts';
import { pathOf, type KubeObject } from '../../../src/api/object.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import { readText, type Transport } from '../../../src/kube/transport.ts';

/** Requests at once: more would only wait for the API server. */
const lanes = 12;

/** What became of an object: it is in the cluster as `stored`, or was refused for a reason. */
export type Applied =
  { readonly sent: KubeObject; readonly stored: KubeObject } | { readonly sent: KubeObject; readonly refused: string };

/** Does the work for all items, several at once, and keeps their order. */
export async function inLanes<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Array<Result>(items.length);
  const queue = items.entries();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (const [index, item] of queue) results[index] = await work(item);
    }),
  );
  return results;
}

/** Creates the objects; one that the API server or the webhook refuses is reported as such. */
export async function createAll(
  client: KubeClient,
  resource: Resource,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly Applied[]> {
  return await inLanes(
    objects,
    async (sent) => await outcome(sent, async () => await client.create(resource, sent, signal)),
  );
}

/** Replaces the specs and annotations of objects that exist. */
export async function replaceAll(
  client: KubeClient,
  resource: Resource,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly Applied[]> {
  return await inLanes(
    objects,
    async (sent) =>
      await outcome(sent, async () => {
        const { namespace, name, annotations = {} } = sent.metadata;
        const operations = [
          { op: 'add', path: '/spec', value: sent['spec'] },
          { op: 'add', path: '/metadata/annotations', value: annotations },
        ] as const;
        return await client.jsonPatch(resource, namespace, name, operations, { signal });
      }),
  );
}

async function outcome(sent: KubeObject, write: () => Promise<KubeObject>): Promise<Applied> {
  try {
    return { sent, stored: await write() };
  } catch (error) {
    if (error instanceof ApiError && error.code >= 400 && error.code < 500 && error.code !== 429)
      return { sent, refused: error.message };
    throw error;
  }
}

/** Deletes all objects of a kind in a namespace by one request. */
export async function deleteCollection(
  admin: Transport,
  resource: Resource,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const response = await admin.send({
    method: 'DELETE',
    path: pathOf(resource, namespace),
    headers: { accept: 'application/json' },
    signal,
  });
  const answer = await readText(response);
  if (response.status >= 400) throw new Error(`deleting the ${resource.plural} of ${namespace}: ${answer}`);
}
