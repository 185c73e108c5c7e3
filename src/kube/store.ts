import { silentLogger } from '../base/log.ts';
import type { Logger } from '../base/log.ts';
import { atOrAfter } from './resource-version.ts';

/** What every projected object keeps of its metadata. */
export interface Stored {
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** One change of one object in a store; `previous` is absent for 'added', `current` for 'deleted'. */
export interface Change<T extends Stored> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly namespace: string | undefined;
  readonly name: string;
  readonly previous?: T;
  readonly current?: T;
}

/** Receives changes in the order in which the server made them. */
export type ChangeHandler<T extends Stored> = (change: Change<T>) => void;

const nothing: readonly never[] = [];

/**
 * The present objects of one kind, as far as the reflector that fills it has seen. Read it freely; never write back
 * what was sent to the server (a store that is ahead of its watch stays wrong: argoproj/argo-rollouts#4786), use
 * `Fence`.
 */
export class Store<T extends Stored> {
  readonly #log: Logger;
  readonly #byNamespace = new Map<string, Map<string, T>>();
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #waiting = new Set<() => void>();
  readonly #sorted = new Map<string | undefined, readonly T[]>();
  #synced = false;
  #absent = false;
  #unreadable = false;
  #resourceVersion = '';
  #handlerErrors = 0;
  #listedAt = -Infinity;

  constructor(log: Logger = silentLogger) {
    this.#log = log;
  }

  /** Whether the store has held the complete state once (for an absent kind: nothing). It stays true afterwards. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Whether the server does not serve the kind at all: its CRD is not installed. */
  get absent(): boolean {
    return this.#absent;
  }

  /** Whether the server does not let us read the kind, and it may be missing: what is held is empty, or of before. */
  get unreadable(): boolean {
    return this.#unreadable;
  }

  /**
   * The position of the store: it holds every change up to this version. Moves with bookmarks too. '' before the first
   * list.
   */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Monotonic time at which the state was asked for that `replace` took in last; -Infinity before the first one. */
  get listedAt(): number {
    return this.#listedAt;
  }

  /** How many changes made a handler throw. */
  get handlerErrors(): number {
    return this.#handlerErrors;
  }

  /** Undefined when there is none. */
  get(namespace: string | undefined, name: string): T | undefined {
    return this.#byNamespace.get(namespace ?? '')?.get(name);
  }

  /** Names of the namespaces that have objects; "" for objects without one. */
  namespaces(): readonly string[] {
    return [...this.#byNamespace.keys()];
  }

  /** Of one namespace or of all, sorted by namespace and name. */
  list(namespace?: string): readonly T[] {
    const known = this.#sorted.get(namespace);
    if (known !== undefined) return known;
    // Who asks may have the name from anybody, so nothing is remembered of one that has nothing.
    if (namespace !== undefined && !this.#byNamespace.has(namespace)) return nothing;
    const sorted =
      namespace === undefined
        ? [...this.#byNamespace.keys()].sort().flatMap((each) => this.list(each))
        : [...(this.#byNamespace.get(namespace)?.entries() ?? [])].sort(byKey).map(([, object]) => object);
    this.#sorted.set(namespace, sorted);
    return sorted;
  }

  /** Calls `handler` for every change from now on; the returned function ends that. */
  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    return () => {
      this.#handlers.delete(handler);
    };
  }

  /** Resolves as soon as the store is synced; rejects with the reason of `signal`. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#synced) return;
    const waiting = this.#waiting;
    await new Promise<void>((resolve, reject) => {
      function done(): void {
        signal.removeEventListener('abort', abort);
        resolve();
      }
      function abort(): void {
        waiting.delete(done);
        reject(signal.reason as Error);
      }
      waiting.add(done);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /**
   * For the reflector: a complete new state, asked for at `listedAt`. What is missing in it was deleted while nobody
   * watched.
   */
  replace(objects: Iterable<T>, resourceVersion: string, listedAt = -Infinity): void {
    this.#listedAt = listedAt;
    const incoming = [...objects];
    const kept = new Set(incoming.map((object) => `${object.namespace ?? ''}/${object.name}`));
    this.#absent = false;
    this.#unreadable = false;
    this.#resourceVersion = resourceVersion;
    for (const old of this.list()) {
      if (!kept.has(`${old.namespace ?? ''}/${old.name}`)) this.#remove(old);
    }
    for (const object of incoming) this.#put(object);
    this.#markSynced();
  }

  /** For the reflector: an ADDED or MODIFIED event. */
  upsert(object: T): void {
    this.advance(object.resourceVersion);
    this.#put(object);
  }

  /** For the reflector: a DELETED event at `resourceVersion`. */
  remove(namespace: string | undefined, name: string, resourceVersion: string): void {
    this.advance(resourceVersion);
    const old = this.get(namespace, name);
    if (old !== undefined) this.#remove(old);
  }

  /** For the reflector: a bookmark; everything up to `resourceVersion` has been seen. */
  advance(resourceVersion: string): void {
    if (atOrAfter(this.#resourceVersion, resourceVersion) !== true) this.#resourceVersion = resourceVersion;
  }

  /** For the reflector: the server does not know the kind, so there are no objects of it. */
  markAbsent(): void {
    this.#absent = true;
    this.#unreadable = false;
    for (const old of this.list()) this.#remove(old);
    this.#markSynced();
  }

  /** For the reflector: we have no right to the kind, and it is one that nobody has to wait for. */
  markUnreadable(): void {
    this.#unreadable = true;
    this.#markSynced();
  }

  #put(object: T): void {
    const old = this.get(object.namespace, object.name);
    if (old?.resourceVersion === object.resourceVersion && old.uid === object.uid) return;
    if (old !== undefined && old.uid !== object.uid) this.#remove(old); // another object of the same name
    const scope = object.namespace ?? '';
    const inNamespace = this.#byNamespace.get(scope) ?? new Map<string, T>();
    inNamespace.set(object.name, object);
    this.#byNamespace.set(scope, inNamespace);
    const previous = old?.uid === object.uid ? { previous: old } : {};
    this.#changed({
      type: 'previous' in previous ? 'modified' : 'added',
      ...keyOf(object),
      ...previous,
      current: object,
    });
  }

  #remove(object: T): void {
    const scope = object.namespace ?? '';
    const inNamespace = this.#byNamespace.get(scope);
    inNamespace?.delete(object.name);
    if (inNamespace?.size === 0) this.#byNamespace.delete(scope);
    this.#changed({ type: 'deleted', ...keyOf(object), previous: object });
  }

  #changed(change: Change<T>): void {
    this.#sorted.delete(change.namespace ?? '');
    this.#sorted.delete(undefined);
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (error) {
        this.#handlerErrors += 1;
        this.#log.error({ err: error, namespace: change.namespace, name: change.name }, 'A change handler failed');
      }
    }
  }

  #markSynced(): void {
    this.#synced = true;
    for (const done of this.#waiting) done();
    this.#waiting.clear();
  }
}

function keyOf(object: Stored): { readonly namespace: string | undefined; readonly name: string } {
  return { namespace: object.namespace, name: object.name };
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
