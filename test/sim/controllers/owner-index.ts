import type { KubeObject } from '../../../src/api/object.ts';
import type { SimApi } from '../sim-api.ts';
import type { Kind } from './kinds.ts';
import { controllerOf, keyOf } from './typed-api.ts';

/**
 * Finds the objects that an owner controls without listing the namespace: the informer index of upstream's controllers.
 */
export interface OwnerIndex<T extends KubeObject> {
  /** What this owner controls, by name. */
  ownedBy(owner: KubeObject): readonly T[];
}

/** Called after the index has seen a change of an object that has a controller. */
export type OwnedChange<T extends KubeObject> = (object: T) => void;

/**
 * Keeps the index by watch. Watch events come synchronously after each commit, so between two writes of a controller
 * the index is exact, and upstream's expectations (which guard against a stale cache) have no part here.
 */
export function indexByOwner<T extends KubeObject>(
  api: SimApi,
  kind: Kind<T>,
  signal: AbortSignal,
  onChange: OwnedChange<T>,
): OwnerIndex<T> {
  const byOwner = new Map<string, Map<string, T>>();
  const stop = api.watch(kind, ({ type, object }) => {
    const uid = controllerOf(object)?.uid;
    if (uid === undefined) return;
    const owned = byOwner.get(uid) ?? new Map<string, T>();
    if (type === 'DELETED') owned.delete(keyOf(object));
    else owned.set(keyOf(object), object as T);
    if (owned.size === 0) byOwner.delete(uid);
    else byOwner.set(uid, owned);
    onChange(object as T);
  });
  signal.addEventListener('abort', stop, { once: true });
  return {
    ownedBy(owner) {
      const owned = byOwner.get(owner.metadata.uid ?? '');
      return owned === undefined
        ? []
        : [...owned.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    },
  };
}
