import type { KubeObject, ObjectMeta } from '../../../src/api/object.ts';
import { timestamp } from '../../../src/base/clock.ts';
import { conflict, forbidden } from './errors.ts';
import { asNumber, at, withField } from './json.ts';
import { storeKey, type ServedResource } from './served-resource.ts';
import type { ServerState } from './server-state.ts';
import { commitChange, isGone } from './update.ts';

/** metav1.DeleteOptions. */
export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly dryRun?: boolean;
}

/** What became of a deleted object. */
export interface Deletion {
  readonly object: KubeObject;
  /** Whether it is gone already, and not only marked. */
  readonly gone: boolean;
}

/** What holds an object of a kind from the moment it is deleted, by collection. */
const deletionFinalizers: Readonly<Record<string, string>> = {
  'customresourcedefinitions.apiextensions.k8s.io': 'customresourcecleanup.apiextensions.k8s.io',
};

const protectedNamespaces: readonly string[] = ['default', 'kube-system', 'kube-public'];

function checkPreconditions(served: ServedResource, object: KubeObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = object.metadata;
  // Upstream names the kind here, where every other conflict names the resource.
  const named = { ...served.resource, plural: served.resource.kind };
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(
      named,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${String(uid)}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw conflict(
      named,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${String(resourceVersion)}). The object might have been modified`,
    );
  }
  if (isNamespace(served) && protectedNamespaces.includes(name))
    throw forbidden(served.resource, name, 'this namespace may not be deleted');
}

function isNamespace(served: ServedResource): boolean {
  return served.storageKey === 'namespaces';
}

/** Seconds that the object gets to end; only pods get any (podStrategy.CheckGracefulDelete). */
function gracePeriod(served: ServedResource, object: KubeObject, options: DeleteOptions): number {
  if (served.storageKey !== 'pods') return 0;
  const phase = at(object, 'status', 'phase');
  if (at(object, 'spec', 'nodeName') === undefined || phase === 'Failed' || phase === 'Succeeded') return 0;
  const period = options.gracePeriodSeconds ?? asNumber(at(object, 'spec', 'terminationGracePeriodSeconds'), 30);
  return period < 0 ? 1 : period;
}

function finalizersFor(options: DeleteOptions, finalizers: readonly string[]): readonly string[] {
  const others = finalizers.filter((name) => name !== 'foregroundDeletion' && name !== 'orphan');
  switch (options.propagationPolicy) {
    case 'Foreground':
      return [...others, 'foregroundDeletion'];
    case 'Orphan':
      return [...others, 'orphan'];
    case 'Background':
      return others;
    default:
      return finalizers;
  }
}

function heldBy(served: ServedResource, stored: KubeObject): readonly string[] {
  const { deletionTimestamp, finalizers = [] } = stored.metadata;
  const added = deletionTimestamp === undefined ? deletionFinalizers[served.storageKey] : undefined;
  return added === undefined ? finalizers : [...finalizers, added];
}

/** The object with the marks of deletion; a period that is already running can only be shortened. */
function mark(state: ServerState, object: KubeObject, grace: number, finalizers: readonly string[]): KubeObject {
  const { deletionTimestamp, generation } = object.metadata;
  const running = at(object.metadata, 'deletionGracePeriodSeconds');
  const now = state.clock.now();
  const started = deletionTimestamp === undefined ? now : Date.parse(deletionTimestamp) - asNumber(running, 0) * 1000;
  const shortens = deletionTimestamp === undefined || grace < asNumber(running, 0);
  const metadata = {
    ...object.metadata,
    ...(shortens ? { deletionTimestamp: timestamp(Math.max(now, started + grace * 1000)) } : {}),
    ...(shortens && object.kind !== 'Namespace' ? { deletionGracePeriodSeconds: grace } : {}),
    ...(generation !== undefined && deletionTimestamp === undefined ? { generation: generation + 1 } : {}),
  } as ObjectMeta;
  return withField(
    { ...object, metadata },
    ['metadata', 'finalizers'],
    finalizers.length === 0 ? undefined : finalizers,
  );
}

/** DELETE of one stored object. */
export function deleteObject(
  state: ServerState,
  served: ServedResource,
  stored: KubeObject,
  options: DeleteOptions,
): Deletion {
  checkPreconditions(served, stored, options);
  const grace = gracePeriod(served, stored, options);
  const finalizers = finalizersFor(options, heldBy(served, stored));
  const marked = mark(state, stored, grace, finalizers);
  const next = isNamespace(served) ? withField(marked, ['status', 'phase'], 'Terminating') : marked;
  const namespaceHeld = isNamespace(served) && !isGone(next);
  if (grace > 0 || finalizers.length > 0 || namespaceHeld) {
    return { object: commitStored(state, served, stored, next, options), gone: false };
  }
  if (options.dryRun === true) return { object: served.toVersion(stored), gone: true };
  const key = storeKey(served, stored.metadata.namespace, stored.metadata.name);
  const last = deletedState(stored);
  const removed = state.store.remove(served.storageKey, key, (resourceVersion) =>
    withField(last, ['metadata', 'resourceVersion'], resourceVersion),
  );
  return { object: served.toVersion(removed), gone: true };
}

function commitStored(
  state: ServerState,
  served: ServedResource,
  stored: KubeObject,
  next: KubeObject,
  options: DeleteOptions,
): KubeObject {
  return commitChange(state, served, stored, served.toVersion(next), options);
}

/** A pod that ends shows a grace period of zero in its last state; other kinds go as they are. */
function deletedState(stored: KubeObject): KubeObject {
  return stored.metadata.deletionTimestamp === undefined
    ? stored
    : withField(stored, ['metadata', 'deletionGracePeriodSeconds'], 0);
}
