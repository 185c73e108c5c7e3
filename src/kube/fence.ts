import { apiVersionOf } from '../api/object.ts';
import type { Resource } from '../api/object.ts';
import { atOrAfter } from './resource-version.ts';

/** How long a cache may lag behind our own write before the object is read from the server instead. */
const patienceMs = 5_000;

interface Write {
  readonly resourceVersion: string;
  readonly at: number;
}

/**
 * Remembers the resourceVersions of our own writes, so that a decision is not made on a cache that does not hold them
 * yet (KEP-5647). Compared with the position of the whole store, not with the version of the object: when somebody deletes
 * the object after our write, the store passes our write with that deletion and the fence opens.
 */
export class Fence {
  readonly #writes = new Map<string, Write>();

  /** After a write: the version in its answer. `now` is the monotonic clock. */
  wrote(resource: Resource, namespace: string | undefined, name: string, resourceVersion: string, now: number): void {
    const key = keyOf(resource, namespace, name);
    const before = this.#writes.get(key);
    if (before !== undefined && atOrAfter(before.resourceVersion, resourceVersion) === true) return;
    this.#writes.set(key, { resourceVersion, at: now });
  }

  /** True while the store does not hold our last write to the object, for at most 5 s: decide later. */
  pending(resource: Resource, namespace: string | undefined, name: string, storeResourceVersion: string, now: number): boolean {
    const write = this.#unseen(keyOf(resource, namespace, name), storeResourceVersion);
    return write !== undefined && now - write.at < patienceMs;
  }

  /** True when the store has not caught up within 5 s: read the object from the server before deciding. */
  overdue(resource: Resource, namespace: string | undefined, name: string, storeResourceVersion: string, now: number): boolean {
    const write = this.#unseen(keyOf(resource, namespace, name), storeResourceVersion);
    return write !== undefined && now - write.at >= patienceMs;
  }

  #unseen(key: string, storeResourceVersion: string): Write | undefined {
    const write = this.#writes.get(key);
    if (write === undefined || atOrAfter(storeResourceVersion, write.resourceVersion) !== true) return write;
    this.#writes.delete(key);
    return undefined;
  }
}

function keyOf(resource: Resource, namespace: string | undefined, name: string): string {
  return `${apiVersionOf(resource)}/${resource.plural}/${namespace ?? ''}/${name}`;
}
