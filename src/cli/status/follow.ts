import {
  meshMigrations,
  namespaceMigrations,
  type MeshMigration,
  type NamespaceMigration,
} from '../../api/resources.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Logger } from '../../base/log.ts';
import { namespaces } from '../../engine/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ApiError } from '../../kube/errors.ts';
import { Reflector, watchingAgain } from '../../kube/reflector.ts';
import { Store, type Stored } from '../../kube/store.ts';
import { projectNamespace } from '../../mesh/project.ts';
import type { NamespaceView } from '../../mesh/views.ts';
import type { Host } from '../host.ts';
import { hasWaves, recordsAsked, type Asked, type Seen } from './seen.ts';

interface Whole<T extends KubeObject> extends Stored {
  readonly object: T;
}

function whole<T extends KubeObject>(object: KubeObject): Whole<T> {
  const { namespace, name, uid = '', resourceVersion = '' } = object.metadata;
  return { namespace, name, uid, resourceVersion, object: object as T };
}

/** What was seen of a cluster, kept up to date by one watch for each kind. */
export class Following {
  readonly #migrations = new Store<Whole<MeshMigration>>();
  readonly #records = new Store<Whole<NamespaceMigration>>();
  readonly #homes = new Store<NamespaceView>();
  readonly #runs: ((signal: AbortSignal) => Promise<void>)[] = [];
  readonly #stores: { readonly synced: boolean; whenSynced(signal: AbortSignal): Promise<void> }[] = [];
  readonly #hasWaves: boolean;
  #wake: () => void = () => undefined;
  #isChanged = false;
  /** What keeps us from seeing what happens; undefined while nothing does. What is shown may be old meanwhile. */
  trouble: string | undefined;

  constructor(client: KubeClient, host: Host, asked: Asked, first: Seen) {
    const { clock, random } = host;
    const options = { client, clock, random, log: this.#log() };
    this.#hasWaves = hasWaves(first.migrations) && first.homes !== undefined;
    this.#follow(
      this.#records,
      new Reflector({
        ...options,
        ...recordsAsked(asked),
        resource: namespaceMigrations,
        project: whole<NamespaceMigration>,
        store: this.#records,
      }),
    );
    if (asked.namespace === undefined)
      this.#follow(
        this.#migrations,
        new Reflector({
          ...options,
          fieldSelector: asked.name === undefined ? undefined : `metadata.name=${asked.name}`,
          resource: meshMigrations,
          project: whole<MeshMigration>,
          store: this.#migrations,
        }),
      );
    if (this.#hasWaves)
      this.#follow(
        this.#homes,
        new Reflector({ ...options, resource: namespaces, project: projectNamespace, store: this.#homes }),
      );
  }

  /** Whether all has been read once. */
  get synced(): boolean {
    return this.#stores.every((store) => store.synced);
  }

  get seen(): Seen {
    return {
      migrations: this.#migrations.list().map(({ object }) => object),
      records: this.#records.list().map(({ object }) => object),
      homes: this.#hasWaves ? this.#homes.list() : undefined,
    };
  }

  /** Follows until `signal` is aborted; resolves when all has been read once. */
  async start(signal: AbortSignal): Promise<void> {
    for (const run of this.#runs) void run(signal);
    await Promise.all(this.#stores.map(async (store) => await store.whenSynced(signal)));
  }

  /** Resolves when something is otherwise than at the last call, or `signal` is aborted. */
  async changed(signal: AbortSignal): Promise<void> {
    if (!this.#isChanged && !signal.aborted)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener('abort', wake);
      });
    this.#isChanged = false;
  }

  #follow<T extends Stored>(store: Store<T>, reflector: Reflector<T>): void {
    store.onChange(() => this.#change());
    this.#runs.push(async (signal) => await reflector.run(signal));
    this.#stores.push(store);
  }

  #change(): void {
    this.#isChanged = true;
    this.#wake();
  }

  /** The reflectors say when they cannot see, and when they can again. */
  #log(): Logger {
    const troubled = ({ err }: Readonly<Record<string, unknown>>, message: string): void => {
      this.trouble = err instanceof ApiError ? err.sentence : message;
      this.#change();
    };
    return {
      debug: () => undefined,
      info: (_, message) => {
        if (message !== watchingAgain) return;
        this.trouble = undefined;
        this.#change();
      },
      warn: troubled,
      error: troubled,
    };
  }
}
