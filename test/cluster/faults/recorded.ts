import type { KubeObject, Resource } from '../../../src/api/object.ts';
import type { Commits, Request } from '../../campaign/judge/states.ts';
import type { KeyChange } from './etcd.ts';
import { mayHaveMade, type Written } from './written.ts';

/** Occurs when it cannot be read what the API server has stored. */
export class StoredFormError extends Error {
  override readonly name = 'StoredFormError';
}

type Handler = Parameters<Commits['watch']>[1];

/** Who has written what, and which objects are told of. */
export interface Told {
  readonly written: readonly Written[];
  readonly isOurs: (object: KubeObject) => boolean;
}

/** An object at a commit. */
interface Change {
  readonly facts: KeyChange;
  readonly type: 'PUT' | 'DELETED';
  readonly object: KubeObject;
}

/** Where the API server keeps what is judged. */
const judged =
  /^\/registry\/(namespaces|pods|services\/specs|deployments|statefulsets|daemonsets|configmaps|(security\.istio\.io|gateway\.networking\.k8s\.io|meshmigration\.dev)\/\w+)\//;

/**
 * Plays what etcd recorded to the judge, commit by commit, each with the request of the operator that made it. It has
 * to be told of every kind before the first.
 */
export class RecordedCommits implements Commits {
  readonly #base: readonly KeyChange[];
  readonly #changes: readonly KeyChange[];
  readonly #told: Told;
  readonly #handlers = new Map<string, { readonly resource: Resource; readonly handler: Handler }>();
  readonly #auditors = new Set<(request: Request) => void>();
  #now = 0;
  #made = 0;

  constructor(base: readonly KeyChange[], changes: readonly KeyChange[], told: Told) {
    this.#base = base;
    this.#changes = changes;
    this.#told = told;
  }

  /** The moment of the commit that is being played. */
  get now(): number {
    return this.#now;
  }

  /** Commits of the operator that were played. */
  get made(): number {
    return this.#made;
  }

  watch(resource: Resource, handler: Handler): () => void {
    const of = kindOf(resource.group, resource.kind);
    this.#handlers.set(of, { resource, handler });
    for (const facts of this.#base) {
      const change = changeOf(facts);
      if (change === undefined || kindOfObject(change.object) !== of || !this.#told.isOurs(change.object)) continue;
      handler({ type: 'PUT', object: change.object });
    }
    return () => {
      this.#handlers.delete(of);
    };
  }

  audit(auditor: (request: Request) => void): () => void {
    this.#auditors.add(auditor);
    return () => {
      this.#auditors.delete(auditor);
    };
  }

  /** Plays all of it; `between` is called when a commit has been told of, and before the next. */
  async play(between: () => void): Promise<void> {
    for (const facts of this.#changes) {
      const change = changeOf(facts);
      const told = change === undefined ? undefined : this.#handlers.get(kindOfObject(change.object));
      if (change === undefined || told === undefined || !this.#told.isOurs(change.object)) continue;
      this.#now = facts.at;
      told.handler({ type: change.type, object: change.object });
      this.#tellWho(change, told.resource);
      // The judge looks when it is known who wrote it, and before anything else happens.
      await new Promise((resolve) => setImmediate(resolve));
      between();
    }
  }

  #tellWho({ facts, type, object }: Change, { plural }: Resource): void {
    const { namespace, name } = object.metadata;
    const commit = { ...facts, plural, namespace, name, isDelete: type === 'DELETED' };
    const written = this.#told.written.find((each) => mayHaveMade(each, commit));
    if (written === undefined) return;
    this.#made += 1;
    const request = { user: 'operator', method: written.method, path: written.target, body: undefined, status: 200 };
    for (const auditor of this.#auditors) auditor(request);
  }
}

function changeOf(facts: KeyChange): Change | undefined {
  const { key, value, before, revision } = facts;
  const stored = value ?? before;
  if (!judged.test(key)) return undefined;
  if (stored === undefined) throw new StoredFormError(`of ${key} nobody knows what was deleted`);
  const object = objectIn(key, stored, revision);
  return { facts, type: value === undefined ? 'DELETED' : 'PUT', object };
}

/** The version of an object is the revision of its commit, and is stored nowhere else. */
function objectIn(key: string, stored: string, revision: number): KubeObject {
  if (!stored.startsWith('{')) throw new StoredFormError(`${key} is not stored as JSON`);
  const object = JSON.parse(stored) as KubeObject;
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function kindOfObject(object: KubeObject): string {
  const { apiVersion = 'v1', kind = '' } = object as { readonly apiVersion?: string; readonly kind?: string };
  return kindOf(apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '', kind);
}

function kindOf(group: string, kind: string): string {
  return `${group}/${kind}`;
}
