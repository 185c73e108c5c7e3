import type { KubeClient } from '../kube/client.ts';
import { NotFoundError } from '../kube/errors.ts';
import { pathOf, type KubeObject, type Resource } from '../api/object.ts';
import { journalAnnotation } from '../api/resources.ts';
import { make, unmake } from './make.ts';
import { projectPod } from '../mesh/project.ts';
import type { PodView } from '../mesh/views.ts';
import { member } from './patches.ts';
import { namespaces, pods, services, workloadResources } from './resources.ts';
import type { Write } from './situation.ts';

/**
 * What a write touched and the version it made, for the fence; an eviction or a deletion makes no version that could be
 * waited for.
 */
export interface Written {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly resourceVersion: string | undefined;
  /**
   * The answer is without what was to be kept on the object: a webhook has taken it out. Nothing may follow from it.
   */
  readonly lost?: true;
}

/** Object and verb for each object that it is about. */
export function partsOf(write: Write, namespace: string): readonly string[] {
  switch (write.kind) {
    case 'PatchNamespace':
      return [`PATCH ${pathOf(namespaces, undefined, namespace)}`];
    case 'PatchService':
      return [`PATCH ${pathOf(services, namespace, write.name)}`];
    case 'PatchTemplate':
      return [`PATCH ${pathOf(resourceOf(write.workload.kind), namespace, write.workload.name)}`];
    case 'Scale':
      return [`SCALE ${pathOf(resourceOf(write.workload.kind), namespace, write.workload.name)}`];
    case 'Evict':
      return [`EVICT pod ${namespace}/${write.pod}`];
    case 'Apply':
      return write.manifests.map(
        ({ resource, object }) => `APPLY ${pathOf(resource, namespace, object.metadata.name)}`,
      );
    case 'Remove':
      return write.objects.map(({ resource, name }) => `DELETE ${pathOf(resource, namespace, name)}`);
  }
}

/** Object and verb, for logs and messages. */
export function describeWrite(write: Write, namespace: string): string {
  return partsOf(write, namespace).join(', ');
}

function resourceOf(kind: string): Resource {
  const resource = workloadResources.find((candidate) => candidate.kind === kind);
  if (resource === undefined) throw new RangeError(`no workload kind: ${kind}`);
  return resource;
}

function versionOf(resource: Resource, object: KubeObject): Written {
  const { namespace, name, resourceVersion } = object.metadata;
  return { resource, namespace, name, resourceVersion };
}

/** Where a patch of a namespace has the journal. */
export const journalPath = `/metadata/annotations${member(journalAnnotation)}`;

/** The journal that a write puts on the namespace, as text. */
export function journalIn(write: Write): string | undefined {
  if (write.kind !== 'PatchNamespace') return undefined;
  const made = write.operations.find(({ op, path }) => op === 'add' && path === journalPath);
  return made?.op === 'add' && typeof made.value === 'string' ? made.value : undefined;
}

/**
 * The journal is what everything else is believed for: that the API server has answered a patch is no proof that it is
 * there.
 */
function withJournal(write: Write, answer: KubeObject): Written {
  const journal = journalIn(write);
  const isThere = journal === undefined || answer.metadata.annotations?.[journalAnnotation] === journal;
  return { ...versionOf(namespaces, answer), ...(!isThere && { lost: true }) };
}

/**
 * Thrown instead of a write when the API server shows that the decision was made from an older picture; nothing was
 * written.
 */
export class OldPictureError extends Error {
  override readonly name = 'OldPictureError';
}

async function nobodyHolds(
  client: KubeClient,
  namespace: string,
  heldBy: (pod: PodView) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const { items } = await client.list(pods, { namespace, signal });
  const holder = items
    .map(projectPod)
    .filter(({ finished }) => !finished)
    .find(heldBy);
  if (holder !== undefined) throw new OldPictureError(`pod ${namespace}/${holder.name} is not in the picture yet`);
}

async function isThere(
  client: KubeClient,
  namespace: string,
  { pod, uid }: { readonly pod: string; readonly uid: string },
  signal: AbortSignal,
): Promise<void> {
  const { metadata } = await client.get(pods, namespace, pod, signal);
  if (metadata.uid !== uid || metadata.deletionTimestamp !== undefined)
    throw new OldPictureError(`pod ${namespace}/${pod} is on its way out already`);
}

/**
 * Carries out the one write of a decision. Conditions on the object itself are in the write (`test` operations, uid
 * precondition), so the API server checks them at the very moment of the write; those on other objects are read right
 * before. What is not there any more, of either, is in an old picture: nobody refuses the write, and the next look will
 * not want it.
 */
export async function execute(
  client: KubeClient,
  write: Write,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly Written[]> {
  if ('heldBy' in write) await nobodyHolds(client, namespace, write.heldBy, signal);
  try {
    return await carryOut(client, write, namespace, signal);
  } catch (error) {
    // Who makes something is told that its namespace, or its kind, is not there; what is changed was there. A webhook
    // may refuse with the same code, and names no object.
    if (write.kind === 'Apply' || !(error instanceof NotFoundError) || error.details?.name === undefined) throw error;
    throw new OldPictureError(`not there any more: ${error.sentence}`);
  }
}

async function carryOut(
  client: KubeClient,
  write: Write,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly Written[]> {
  switch (write.kind) {
    case 'PatchNamespace':
      return [
        withJournal(write, await client.jsonPatch(namespaces, undefined, namespace, write.operations, { signal })),
      ];
    case 'PatchService':
      return [
        versionOf(services, await client.jsonPatch(services, namespace, write.name, write.operations, { signal })),
      ];
    case 'PatchTemplate': {
      const resource = resourceOf(write.workload.kind);
      if (write.because !== undefined) await isThere(client, namespace, write.because, signal);
      return [
        versionOf(
          resource,
          await client.jsonPatch(resource, namespace, write.workload.name, write.operations, { signal }),
        ),
      ];
    }
    case 'Scale': {
      const resource = resourceOf(write.workload.kind);
      return [
        versionOf(
          resource,
          await client.jsonPatch(resource, namespace, write.workload.name, write.operations, { signal }),
        ),
      ];
    }
    case 'Evict':
      await client.evict(namespace, write.pod, { uid: write.uid, signal });
      return [{ resource: pods, namespace, name: write.pod, resourceVersion: undefined }];
    case 'Apply': {
      const results: Written[] = [];
      for (const applied of write.manifests)
        results.push(versionOf(applied.resource, await make(client, applied, signal)));
      return results;
    }
    case 'Remove':
      for (const object of write.objects) await unmake(client, object, namespace, signal);
      return write.objects.map(({ resource, name }) => ({ resource, namespace, name, resourceVersion: undefined }));
  }
}

/**
 * The objects of kinds that are watched that a write is about, as they are now; those that are not there are left out.
 */
export async function written(
  client: KubeClient,
  write: Write,
  namespace: string,
  isSeen: (resource: Resource) => boolean,
  signal: AbortSignal,
): Promise<readonly Written[]> {
  const found: Written[] = [];
  for (const [resource, home, name] of objectsOf(write, namespace).filter(([kind]) => isSeen(kind))) {
    try {
      found.push(versionOf(resource, await client.get(resource, home, name, signal)));
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
  return found;
}

function objectsOf(write: Write, namespace: string): readonly (readonly [Resource, string | undefined, string])[] {
  switch (write.kind) {
    case 'PatchNamespace':
      return [[namespaces, undefined, namespace]];
    case 'PatchService':
      return [[services, namespace, write.name]];
    case 'PatchTemplate':
    case 'Scale':
      return [[resourceOf(write.workload.kind), namespace, write.workload.name]];
    case 'Evict':
      return [[pods, namespace, write.pod]];
    case 'Apply':
      return write.manifests.map(({ resource, object }) => [resource, namespace, object.metadata.name]);
    case 'Remove':
      return write.objects.map(({ resource, name }) => [resource, namespace, name]);
  }
}
