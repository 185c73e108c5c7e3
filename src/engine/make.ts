import { appliedAnnotation } from '../api/resources.ts';
import type { KubeClient, JsonPatchOperation } from '../kube/client.ts';
import { NotFoundError } from '../kube/errors.ts';
import type { KubeObject, Resource } from '../api/object.ts';
import { text } from '../mesh/json.ts';
import { isMeaningful, isSealed } from '../mesh/seal.ts';
import { isOfMigration } from './own-objects.ts';
import { member } from './patches.ts';
import type { Applied, Before, OwnObject } from './situation.ts';

/** Thrown instead of a write on an object that is not watched: its name is somebody else's. Nothing was written. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';
}

function bodyOf(object: KubeObject): 'spec' | 'data' {
  return object['data'] === undefined ? 'spec' : 'data';
}

function isMade({ kind }: Resource, object: KubeObject): boolean {
  const { name, namespace = '', labels, annotations } = object.metadata;
  return isSealed({ kind, namespace, name, labels, annotations, spec: object[bodyOf(object)] });
}

/** The object as it is now, read from the API server because nobody watches it; undefined if there is none. */
async function present(
  client: KubeClient,
  { resource, object: { metadata } }: Applied,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, metadata.namespace, metadata.name, signal);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function sets(
  map: 'labels' | 'annotations',
  before: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): readonly JsonPatchOperation[] {
  const path = (key: string): string => `/metadata/${map}${member(key)}`;
  const gone = Object.keys(before).filter((key) => isMeaningful(key) && wanted[key] === undefined);
  return [
    ...Object.entries(wanted)
      .filter(([key, value]) => before[key] !== value)
      .map(([key, value]) => ({ op: 'add', path: path(key), value }) as const),
    ...gone.map((key) => ({ op: 'remove', path: path(key) }) as const),
  ];
}

/**
 * The patch that brings what we applied earlier to what is wanted now, if it is still that very object and still as we
 * applied it: uid, digest and what it says are tested. A JSON patch and no server-side apply, because that creates what
 * is gone, whenever it arrives.
 */
export function replacing({ object }: Applied, before: Before): readonly JsonPatchOperation[] {
  const { labels, annotations } = object.metadata;
  const version =
    before.generation > 0
      ? { path: '/metadata/generation', value: before.generation }
      : { path: '/metadata/resourceVersion', value: before.resourceVersion };
  return [
    { op: 'test', path: '/metadata/uid', value: before.uid },
    { op: 'test', ...version },
    {
      op: 'test',
      path: `/metadata/annotations${member(appliedAnnotation)}`,
      value: before.annotations[appliedAnnotation],
    },
    ...sets('labels', before.labels, labels ?? {}),
    ...sets('annotations', before.annotations, annotations ?? {}),
    { op: 'replace', path: `/${bodyOf(object)}`, value: object[bodyOf(object)] },
  ];
}

function beforeOf({ metadata }: KubeObject): Before {
  const { uid = '', resourceVersion = '', labels, annotations } = metadata;
  return { uid, resourceVersion, generation: 0, labels: labels ?? {}, annotations: annotations ?? {} };
}

/**
 * Makes one object of ours, or brings it up to date.
 *
 * Safe: a create refuses what is there already (AlreadyExists), so nothing of the user's is adopted; an update names
 * the very object and what it said, so one that arrives late changes nothing. Dying before: the same at the next look;
 * after: seen to be there, or read to be.
 */
export async function make(client: KubeClient, applied: Applied, signal: AbortSignal): Promise<KubeObject> {
  const { resource, object, unwatched, before } = applied;
  const found = unwatched === true ? await present(client, applied, signal) : undefined;
  if (found !== undefined && !isMade(resource, found)) {
    throw new NameTakenError(
      `${resource.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name} is there already and is not the operator's: rename or delete it`,
    );
  }
  if (
    found !== undefined &&
    found.metadata.annotations?.[appliedAnnotation] === object.metadata.annotations?.[appliedAnnotation]
  )
    return found;
  const old = found === undefined ? before : beforeOf(found);
  if (old === undefined) return await client.create(resource, object, signal);
  return await client.jsonPatch(resource, object.metadata.namespace, object.metadata.name, replacing(applied, old), {
    signal,
  });
}

/**
 * Deletes one object of ours, by its uid: that of one that nobody watches is read right before, with what it says and
 * whose it is, so that a user's object of the same name stays, and that of another migration. Gone already is as good.
 *
 * Safe: a uid that is another's is refused. Dying before: deleted at the next look; after: it is seen, or read, to be
 * gone.
 */
export async function unmake(
  client: KubeClient,
  { resource, name, uid, migration }: OwnObject,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const found = uid === undefined ? await client.get(resource, namespace, name, signal) : undefined;
    if (found !== undefined && !(isMade(resource, found) && isOfMigration(found.metadata.labels, migration))) return;
    await client.delete(resource, namespace, name, { uid: uid ?? text(found?.metadata.uid) ?? '', signal });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}
