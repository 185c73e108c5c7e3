import type { KubeObject, OwnerReference } from '../../../src/api/object.ts';
import { deleteObject } from './delete.ts';
import { withField } from './json.ts';
import { splitApiVersion } from './registry.ts';
import { storeKey, type ServedResource } from './served-resource.ts';
import type { ServerState } from './server-state.ts';
import type { Commit } from './store.ts';
import { commitChange } from './update.ts';

/** Where an object is stored. */
interface Place {
  readonly collection: string;
  readonly key: string;
}

type OwnerState = 'Present' | 'Absent' | 'Foreground';

const foreground = 'foregroundDeletion';
const orphan = 'orphan';
/** Work is taken up this long after the commit that made it necessary. */
const delayMs = 5;

function placeKey(place: Place): string {
  return `${place.collection}\n${place.key}`;
}

/**
 * Owner garbage collection (kube-controller-manager's garbage collector): dependents go when no owner is left, an owner
 * in foreground deletion goes when no blocking dependent is left. Works off a queue that commits fill, on the clock.
 */
export class GarbageCollector {
  private readonly state: ServerState;
  private readonly unsubscribe: () => void;
  /** By the uid of an owner, the places of the objects that name it. */
  private readonly dependents = new Map<string, Map<string, Place>>();
  private readonly queue = new Map<string, Place>();
  private cancel: (() => void) | undefined;

  constructor(state: ServerState) {
    this.state = state;
    this.unsubscribe = state.store.subscribe(undefined, (commit) => {
      this.hear(commit);
    });
  }

  /** Stops collecting. */
  stop(): void {
    this.unsubscribe();
    this.cancel?.();
    this.cancel = undefined;
  }

  private hear(commit: Commit): void {
    const place = { collection: commit.collection, key: commit.key };
    const before = commit.previous?.metadata.ownerReferences ?? [];
    const after = commit.type === 'DELETED' ? [] : (commit.object.metadata.ownerReferences ?? []);
    if (before !== after) this.reindex(place, before, after);
    if (commit.type === 'DELETED') {
      const { uid = '' } = commit.object.metadata;
      for (const dependent of this.dependentsOf(uid)) this.enqueue(dependent);
      // The owner may be waiting for this one in foreground deletion.
      for (const owner of before) this.enqueueOwner(owner, commit.object);
      return;
    }
    if (after.length > 0 && before !== after) this.enqueue(place);
    if (commit.object.metadata.deletionTimestamp === undefined) return;
    if (hasFinalizer(commit.object, foreground) || hasFinalizer(commit.object, orphan)) this.enqueue(place);
  }

  private reindex(place: Place, before: readonly OwnerReference[], after: readonly OwnerReference[]): void {
    const key = placeKey(place);
    for (const { uid } of before) {
      this.dependents.get(uid)?.delete(key);
      if (this.dependents.get(uid)?.size === 0) this.dependents.delete(uid);
    }
    for (const { uid } of after) {
      const known = this.dependents.get(uid) ?? new Map<string, Place>();
      known.set(key, place);
      this.dependents.set(uid, known);
    }
  }

  private dependentsOf(uid: string): readonly Place[] {
    return [...(this.dependents.get(uid)?.values() ?? [])];
  }

  private enqueueOwner(reference: OwnerReference, dependent: KubeObject): void {
    const served = this.ownerResource(reference);
    if (served === undefined) return;
    const owner = {
      collection: served.storageKey,
      key: storeKey(served, dependent.metadata.namespace, reference.name),
    };
    const stored = this.state.store.get(owner.collection, owner.key);
    if (stored !== undefined && hasFinalizer(stored, foreground)) this.enqueue(owner);
  }

  private enqueue(place: Place): void {
    this.queue.set(placeKey(place), place);
    this.cancel ??= this.state.clock.timer(delayMs, () => {
      this.work();
    });
  }

  private work(): void {
    this.cancel = undefined;
    const places = [...this.queue.values()];
    this.queue.clear();
    for (const place of places) this.collect(place);
  }

  private collect(place: Place): void {
    const served = this.state.registry.all().find((candidate) => candidate.storageKey === place.collection);
    const object = this.state.store.get(place.collection, place.key);
    if (served === undefined || object === undefined) return;
    if (object.metadata.deletionTimestamp !== undefined) {
      if (hasFinalizer(object, orphan)) this.orphanDependents(served, object);
      else if (hasFinalizer(object, foreground)) this.deleteForeground(served, object);
      return;
    }
    this.deleteIfOrphaned(served, object);
  }

  private deleteIfOrphaned(served: ServedResource, object: KubeObject): void {
    const owners = object.metadata.ownerReferences ?? [];
    const states = owners.map((owner) => this.ownerState(owner, object));
    if (owners.length === 0 || states.includes(undefined)) return;
    if (states.includes('Present')) {
      const kept = owners.filter((_, index) => states[index] === 'Present');
      if (kept.length < owners.length) this.setOwners(served, object, kept);
      return;
    }
    const waits = states.includes('Foreground');
    const hasOwnDependents = this.dependentsOf(object.metadata.uid ?? '').length > 0;
    deleteObject(this.state, served, object, {
      propagationPolicy: waits && hasOwnDependents ? 'Foreground' : 'Background',
    });
  }

  private deleteForeground(served: ServedResource, object: KubeObject): void {
    const blocking = this.dependentsOf(object.metadata.uid ?? '').filter((place) => this.blocks(place, object));
    if (blocking.length === 0) {
      this.removeFinalizer(served, object, foreground);
      return;
    }
    for (const place of blocking) this.enqueueOnce(place);
  }

  /** A dependent that is being deleted already reports its end by itself. */
  private enqueueOnce(place: Place): void {
    const dependent = this.state.store.get(place.collection, place.key);
    if (dependent?.metadata.deletionTimestamp === undefined) this.enqueue(place);
  }

  private blocks(place: Place, owner: KubeObject): boolean {
    const dependent = this.state.store.get(place.collection, place.key);
    return (
      dependent?.metadata.ownerReferences?.some(
        (reference) => reference.uid === owner.metadata.uid && reference.blockOwnerDeletion === true,
      ) === true
    );
  }

  private orphanDependents(served: ServedResource, object: KubeObject): void {
    for (const place of this.dependentsOf(object.metadata.uid ?? '')) {
      const dependent = this.state.store.get(place.collection, place.key);
      const resource = this.state.registry.all().find((candidate) => candidate.storageKey === place.collection);
      if (dependent === undefined || resource === undefined) continue;
      this.setOwners(
        resource,
        dependent,
        (dependent.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== object.metadata.uid),
      );
    }
    this.removeFinalizer(served, object, orphan);
  }

  /** Undefined when the owner's kind is not served: then nothing is known, and nothing is deleted. */
  private ownerState(reference: OwnerReference, dependent: KubeObject): OwnerState | undefined {
    const served = this.ownerResource(reference);
    if (served === undefined) return undefined;
    const owner = this.state.store.get(
      served.storageKey,
      storeKey(served, dependent.metadata.namespace, reference.name),
    );
    if (owner?.metadata.uid !== reference.uid) return 'Absent';
    return owner.metadata.deletionTimestamp !== undefined && hasFinalizer(owner, foreground) ? 'Foreground' : 'Present';
  }

  private ownerResource(reference: OwnerReference): ServedResource | undefined {
    const { group, version } = splitApiVersion(reference.apiVersion);
    return this.state.registry.findKind(group, reference.kind, version);
  }

  private setOwners(served: ServedResource, object: KubeObject, owners: readonly OwnerReference[]): void {
    this.commit(
      served,
      object,
      withField(object, ['metadata', 'ownerReferences'], owners.length === 0 ? undefined : owners),
    );
  }

  private removeFinalizer(served: ServedResource, object: KubeObject, finalizer: string): void {
    const kept = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    this.commit(served, object, withField(object, ['metadata', 'finalizers'], kept.length === 0 ? undefined : kept));
  }

  private commit(served: ServedResource, object: KubeObject, next: KubeObject): void {
    commitChange(this.state, served, object, served.toVersion(next), {});
  }
}

function hasFinalizer(object: KubeObject, name: string): boolean {
  return object.metadata.finalizers?.includes(name) === true;
}
