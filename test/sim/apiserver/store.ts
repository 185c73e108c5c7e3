import type { KubeObject } from '../../../src/api/object.ts';
import { freeze } from './json.ts';

/** One committed change. `object` carries the revision of the change also when it was deleted. */
export interface Commit {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** Which collection: see `storageKey` of a served resource. */
  readonly collection: string;
  /** `namespace/name`, or `name` at cluster scope. */
  readonly key: string;
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

/** Gives the object to store at a revision. */
export type AtRevision = (revision: string) => KubeObject;

interface Collection {
  readonly objects: Map<string, KubeObject>;
  /** Sorted; undefined after an addition or removal until somebody lists. */
  keys: string[] | undefined;
  readonly log: Commit[];
  readonly listeners: Set<(commit: Commit) => void>;
}

/**
 * Storage as etcd offers it: one revision counter for everything, keys in byte order, a log of what was committed since
 * the last compaction. Listeners hear commits in order, after the commit, and a commit made by a listener is heard
 * later.
 */
export class Store {
  private readonly collections = new Map<string, Collection>();
  private readonly everything = new Set<(commit: Commit) => void>();
  private readonly undelivered: Commit[] = [];
  private delivering = false;
  private current = 1;
  private oldest = 0;

  /** The revision of the last commit. */
  get revision(): number {
    return this.current;
  }

  /** Revisions up to this one can no longer be read or watched from. */
  get compacted(): number {
    return this.oldest;
  }

  get(collection: string, key: string): KubeObject | undefined {
    return this.collection(collection).objects.get(key);
  }

  /** In key order; only keys that begin with the prefix. */
  list(collection: string, prefix = ''): readonly KubeObject[] {
    const stored = this.collection(collection);
    stored.keys ??= [...stored.objects.keys()].sort();
    const found: KubeObject[] = [];
    for (let index = firstAtLeast(stored.keys, prefix); index < stored.keys.length; index += 1) {
      const key = stored.keys[index] ?? '';
      if (!key.startsWith(prefix)) break;
      const object = stored.objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  /** The list as it was at an earlier revision that is not compacted: the present undone commit by commit. */
  listAt(collection: string, revision: number, prefix = ''): readonly KubeObject[] {
    const stored = this.collection(collection);
    const past = new Map(stored.objects);
    for (const commit of stored.log.toReversed()) {
      if (commit.revision <= revision) break;
      if (commit.previous === undefined) past.delete(commit.key);
      else past.set(commit.key, commit.previous);
    }
    return [...past.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort()
      .map((key) => past.get(key))
      .filter((object) => object !== undefined);
  }

  /** Stores an object and tells the listeners; returns it frozen. */
  put(collection: string, key: string, build: AtRevision): KubeObject {
    const stored = this.collection(collection);
    const previous = stored.objects.get(key);
    const revision = this.current + 1;
    const object = freeze(build(String(revision)));
    this.current = revision;
    stored.objects.set(key, object);
    if (previous === undefined) stored.keys = undefined;
    this.commit(stored, {
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      revision,
      collection,
      key,
      object,
      previous,
    });
    return object;
  }

  /** Removes an object; `build` gives its last state. */
  remove(collection: string, key: string, build: AtRevision): KubeObject {
    const stored = this.collection(collection);
    const previous = stored.objects.get(key);
    const revision = this.current + 1;
    const object = freeze(build(String(revision)));
    this.current = revision;
    stored.objects.delete(key);
    stored.keys = undefined;
    this.commit(stored, { type: 'DELETED', revision, collection, key, object, previous });
    return object;
  }

  /** What was committed after the revision, oldest first. */
  since(collection: string, revision: number): readonly Commit[] {
    const { log } = this.collection(collection);
    let index = log.length;
    while (index > 0 && (log[index - 1]?.revision ?? 0) > revision) index -= 1;
    return log.slice(index);
  }

  /** Forgets the log up to and including the revision (default: all of it). */
  compact(revision = this.current): void {
    this.oldest = Math.max(this.oldest, Math.min(revision, this.current));
    for (const { log } of this.collections.values()) {
      const kept = log.findIndex((commit) => commit.revision > this.oldest);
      log.splice(0, kept === -1 ? log.length : kept);
    }
  }

  /** Hears every later commit of one collection, or of all when `collection` is undefined. Returns how to stop. */
  subscribe(collection: string | undefined, listener: (commit: Commit) => void): () => void {
    const listeners = collection === undefined ? this.everything : this.collection(collection).listeners;
    const from = this.current;
    const later = (commit: Commit): void => {
      if (commit.revision > from) listener(commit);
    };
    listeners.add(later);
    return () => {
      listeners.delete(later);
    };
  }

  private commit(stored: Collection, commit: Commit): void {
    stored.log.push(commit);
    this.undelivered.push(commit);
    if (this.delivering) return;
    this.delivering = true;
    try {
      for (let next = this.undelivered.shift(); next !== undefined; next = this.undelivered.shift()) this.deliver(next);
    } finally {
      this.delivering = false;
    }
  }

  private deliver(commit: Commit): void {
    // A listener that another one has just stopped must not be called any more; iterating the sets themselves gives
    // that.
    for (const listener of this.collection(commit.collection).listeners) listener(commit);
    for (const listener of this.everything) listener(commit);
  }

  private collection(name: string): Collection {
    let found = this.collections.get(name);
    if (found === undefined) {
      found = { objects: new Map(), keys: undefined, log: [], listeners: new Set() };
      this.collections.set(name, found);
    }
    return found;
  }
}

function firstAtLeast(keys: readonly string[], prefix: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}
