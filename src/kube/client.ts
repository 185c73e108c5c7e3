import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { ExpiredError } from './errors.ts';
import { exchange, openStream } from './exchange.ts';
import { goJson } from './go-json.ts';
import { apiVersionOf, pathOf } from '../api/object.ts';
import type { KubeObject, Resource } from '../api/object.ts';
import { queryOf } from './query.ts';
import type { ListParameters, QueryValues, WatchParameters } from './query.ts';
import { retry } from './retry.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';
import type { DeleteOptions, JsonPatchOperation, ListPageOptions, Page, PatchOptions } from './verbs.ts';

export type { DeleteOptions, JsonPatchOperation, ListPageOptions, Page, PatchOptions } from './verbs.ts';

/** What a client is made of. */
export interface KubeClientOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  /** Appears in the API server's audit log. */
  readonly userAgent?: string;
  /** Under which name the API server records the fields that this client sets. */
  readonly fieldManager: string;
  /** For one attempt, answer included. Default: 15 s. */
  readonly deadlineMs?: number;
  /** Called right before each write is sent; throws when this process may no longer write (the lease is lost). */
  readonly beforeWrite?: () => void;
}

const pageSize = 500;
const readAttempts = 4;
const writeAttempts = 4;

/**
 * The API server is told to end a write earlier than the client gives it up: else it might still be carried out while
 * nobody waits for it.
 */
const serverShare = 2 / 3;

/**
 * Typed access to the API server as JSON. Reads are repeated while the server is unavailable; a write is repeated only
 * when it surely was not committed, and fails with `AmbiguousWriteError` when that is not known.
 */
export class KubeClient {
  readonly #options: KubeClientOptions;
  readonly #deadlineMs: number;

  constructor(options: KubeClientOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? 15_000;
  }

  /** For messages, for example `https://10.0.0.1:6443`. */
  get server(): string {
    return this.#options.transport.server;
  }

  /** The object as it is now: a read without a resourceVersion is never stale. */
  async get<T extends KubeObject = KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
  ): Promise<T> {
    return await this.#read<T>(pathOf(resource, namespace, name), signal, readAttempts);
  }

  /** One page; an `ExpiredError` means that `continue` is too old and the list must start anew. */
  async listPage<T extends KubeObject = KubeObject>(resource: Resource, options: ListPageOptions): Promise<Page<T>> {
    const { namespace, signal, attempts = readAttempts, ...query } = options;
    const list = await this.#read<ListBody<T>>(pathOf(resource, namespace) + queryOf(query), signal, attempts);
    const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    const items = (list.items ?? []).map((item) => (item.kind === undefined ? { ...type, ...item } : item));
    const next = list.metadata?.continue;
    return { items, resourceVersion: list.metadata?.resourceVersion ?? '', ...(next ? { continue: next } : {}) };
  }

  /** API groups that are served, but for the core: discovery tells them to whoever is known (system:discovery). */
  async groups(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { groups } = await this.#read<{ readonly groups?: readonly { readonly name?: string }[] | null }>(
      '/apis',
      signal,
      readAttempts,
    );
    return new Set((groups ?? []).flatMap(({ name }) => name ?? []));
  }

  /** All pages. When the continue token expires on the way, the list is read once more from its beginning. */
  async list<T extends KubeObject = KubeObject>(
    resource: Resource,
    options: ListParameters & { readonly signal: AbortSignal },
  ): Promise<Page<T>> {
    try {
      return await this.#listAll<T>(resource, options);
    } catch (error) {
      if (!(error instanceof ExpiredError)) throw error;
      return await this.#listAll<T>(resource, options);
    }
  }

  /** Throws `AlreadyExistsError` when the name is taken. */
  async create<T extends KubeObject = KubeObject>(
    resource: Resource,
    object: KubeObject,
    signal: AbortSignal,
  ): Promise<T> {
    const path = pathOf(resource, object.metadata.namespace) + queryOf({ fieldManager: this.#options.fieldManager });
    return await this.#write<T>('POST', path, signal, withType(resource, object));
  }

  /**
   * Server-side apply of the fields in `object` under this client's field manager. Throws `ConflictError` (with
   * `fieldConflicts`) when another manager holds one of them, unless `force` takes it over.
   */
  async apply<T extends KubeObject = KubeObject>(
    resource: Resource,
    object: KubeObject,
    options: PatchOptions & { readonly force?: boolean },
  ): Promise<T> {
    const { name, namespace } = object.metadata;
    const query = queryOf({ ...this.#patching(options), force: options.force ?? false });
    const path = pathOf(resource, namespace, name, options.subresource) + query;
    return await this.#write<T>(
      'PATCH',
      path,
      options.signal,
      withType(resource, object),
      'application/apply-patch+yaml',
    );
  }

  /** Throws `InvalidError` when a `test` operation does not hold; then nothing was changed. */
  async jsonPatch<T extends KubeObject = KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    operations: readonly JsonPatchOperation[],
    options: PatchOptions,
  ): Promise<T> {
    return await this.#patch<T>(
      pathOf(resource, namespace, name, options.subresource),
      operations,
      'json-patch',
      options,
    );
  }

  /** A `metadata.resourceVersion` in the patch is a precondition: `ConflictError` when the object has changed since. */
  async mergePatch<T extends KubeObject = KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    patch: Readonly<Record<string, unknown>>,
    options: PatchOptions,
  ): Promise<T> {
    return await this.#patch<T>(pathOf(resource, namespace, name, options.subresource), patch, 'merge-patch', options);
  }

  /** Throws `NotFoundError` when it is gone already and `ConflictError` when a precondition does not hold. */
  async delete(resource: Resource, namespace: string | undefined, name: string, options: DeleteOptions): Promise<void> {
    const { uid, resourceVersion, signal } = options;
    await this.#write('DELETE', pathOf(resource, namespace, name), signal, {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid, resourceVersion },
    });
  }

  /**
   * Ends a pod the way that respects PodDisruptionBudgets. Throws `ThrottledError` with `disruptionBudget` when one
   * does not allow it now.
   */
  async evict(
    namespace: string,
    name: string,
    options: { readonly uid?: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const pods: Resource = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
    await this.#write('POST', pathOf(pods, namespace, name, 'eviction'), options.signal, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace },
      deleteOptions: { preconditions: { uid: options.uid } },
    });
  }

  /** Opens a watch; `signal` ends it, the deadline covers its opening only. Read it with `watchEvents`. */
  async watch(resource: Resource, parameters: WatchParameters, signal: AbortSignal): Promise<HttpResponse> {
    const { namespace, ...query } = parameters;
    const watching: QueryValues = { watch: true, allowWatchBookmarks: true, ...query };
    const path = pathOf(resource, namespace) + queryOf(watching);
    return await openStream(this.#options.transport, this.#request('GET', path), {
      clock: this.#options.clock,
      deadlineMs: this.#deadlineMs,
      signal,
    });
  }

  async #listAll<T extends KubeObject>(
    resource: Resource,
    options: ListParameters & { readonly signal: AbortSignal },
  ): Promise<Page<T>> {
    const items: T[] = [];
    let page = await this.listPage<T>(resource, { ...options, limit: pageSize });
    for (const item of page.items) items.push(item);
    while (page.continue !== undefined) {
      page = await this.listPage<T>(resource, { ...options, limit: pageSize, continue: page.continue });
      for (const item of page.items) items.push(item);
    }
    return { items, resourceVersion: page.resourceVersion };
  }

  async #patch<T extends KubeObject>(
    path: string,
    body: unknown,
    type: 'json-patch' | 'merge-patch',
    options: PatchOptions,
  ): Promise<T> {
    const query = queryOf(this.#patching(options));
    return await this.#write<T>('PATCH', path + query, options.signal, body, `application/${type}+json`);
  }

  #patching({ dryRun = false }: PatchOptions): QueryValues {
    return { fieldManager: this.#options.fieldManager, dryRun: dryRun ? 'All' : undefined };
  }

  async #read<T>(path: string, signal: AbortSignal, attempts: number): Promise<T> {
    const { transport, clock, random } = this.#options;
    const limits = { clock, deadlineMs: this.#deadlineMs, signal };
    const answer = await retry(
      { clock, random, attempts, signal },
      async () => await exchange(transport, this.#request('GET', path), limits),
    );
    return answer.json as T;
  }

  async #write<T extends KubeObject>(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    signal: AbortSignal,
    body: unknown,
    contentType = 'application/json',
  ): Promise<T> {
    const { transport, clock, random, beforeWrite } = this.#options;
    const limits = { clock, deadlineMs: this.#deadlineMs, signal };
    const timeout = `timeout=${Math.max(1, Math.floor((this.#deadlineMs * serverShare) / 1000))}s`;
    const request = this.#request(
      method,
      `${path}${path.includes('?') ? '&' : '?'}${timeout}`,
      goJson(body),
      contentType,
    );
    const answer = await retry({ clock, random, attempts: writeAttempts, signal }, async () => {
      beforeWrite?.();
      return await exchange(transport, request, limits);
    });
    return answer.json as T;
  }

  #request(
    method: HttpRequest['method'],
    path: string,
    body?: string,
    contentType?: string,
  ): Omit<HttpRequest, 'signal'> {
    const headers = {
      accept: 'application/json',
      'user-agent': this.#options.userAgent ?? 'mesh-migration-operator',
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
    return body === undefined ? { method, path, headers } : { method, path, headers, body };
  }
}

interface ListBody<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

function withType(resource: Resource, object: KubeObject): KubeObject {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}
