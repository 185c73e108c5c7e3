import { apiVersionOf } from '../api/object.ts';
import type { Resource } from '../api/object.ts';
import { atOrAfter } from './resource-version.ts';

/** What a fence asks of a store. */
export interface Seen {
  /** The store holds every change up to this version. */
  readonly resourceVersion: string;
  /** Monotonic time at which its whole state was asked for last. */
  readonly listedAt: number;
}

interface Write {
  readonly resourceVersion: string;
  readonly at: number;
}

/**
 * Remembers the resourceVersions of our own writes, so that no decision is made on a cache that does not hold them yet
 * (KEP-5647), however long its watch is broken: on the past, a rollback would find nothing to take back. Compared with
 * the position of the whole store, not with the version of the object: when somebody deletes the object after our
 * write, the store passes our write with that deletion and the fence opens. A list that was begun after the write holds
 * it whatever its version says: after a restore from backup versions begin anew below ours.
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

  /** True while the store does not hold our last write to the object: decide later. */
  pending(resource: Resource, namespace: string | undefined, name: string, seen: Seen): boolean {
    const key = keyOf(resource, namespace, name);
    const write = this.#writes.get(key);
    if (write === undefined) return false;
    if (atOrAfter(seen.resourceVersion, write.resourceVersion) !== true && seen.listedAt <= write.at) return true;
    this.#writes.delete(key);
    return false;
  }
}

function keyOf(resource: Resource, namespace: string | undefined, name: string): string {
  return `${apiVersionOf(resource)}/${resource.plural}/${namespace ?? ''}/${name}`;
}
