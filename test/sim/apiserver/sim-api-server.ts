import type { Clock } from '../../../src/base/clock.ts';
import { seededRandom, type Random } from '../../../src/base/random.ts';
import type { KubeObject, Resource } from '../../../src/api/object.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../../src/kube/transport.ts';
import type {
  SimApi,
  SimMutatingAdmission,
  SimValidatingAdmission,
  SimWatchEvent,
  SimWriteOptions,
} from '../sim-api.ts';
import { applyObject } from './apply.ts';
import { bootstrap } from './bootstrap.ts';
import { builtinResources } from './builtin-resources.ts';
import { compactRegularly } from './compaction.ts';
import { createObject } from './create.ts';
import { serveDefinitions } from './crd-registrar.ts';
import { deleteObject } from './delete.ts';
import { notFound, pathNotFound } from './errors.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { replyError } from './http-reply.ts';
import { Identity } from './identity.ts';
import { asArray, at, equal } from './json.ts';
import { handleNonResource } from './non-resource-handler.ts';
import { prefixOf } from './list.ts';
import { Registry } from './registry.ts';
import { parseRequest } from './request-info.ts';
import { handleResource } from './resource-handler.ts';
import { scaledObject } from './scale.ts';
import { storeKey, type ServedResource } from './served-resource.ts';
import type { ServerState } from './server-state.ts';
import { Store } from './store.ts';
import { inProcessTransport, type TransportOptions } from './transport.ts';
import { updateObject } from './update.ts';

/** How a simulated API server is set up. */
export interface SimApiServerOptions {
  readonly clock: Clock;
  /** Source of uids and generated names; default a fixed seed. */
  readonly random?: Random;
}

/** One answered request, as an audit log would record it. */
export interface AuditEntry {
  readonly user: string;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body: string | undefined;
  readonly status: number;
}

/**
 * A Kubernetes API server in memory, as far as clients can tell from its HTTP interface. Every request is carried out
 * at one instant of the clock; what a run makes depends only on its requests, its clock and its random source.
 */
export class SimApiServer implements SimApi {
  private readonly state: ServerState;
  private readonly admissions: SimMutatingAdmission[] = [];
  private readonly validations: SimValidatingAdmission[] = [];
  private readonly auditors = new Set<(entry: AuditEntry) => void>();
  private readonly collector: GarbageCollector;

  constructor(options: SimApiServerOptions) {
    const identity = new Identity(options.random ?? seededRandom(1));
    const registry = new Registry();
    const { admissions, validations } = this;
    this.state = { clock: options.clock, store: new Store(), registry, identity, admissions, validations };
    for (const served of builtinResources(() => identity.clusterIp())) registry.add(served);
    serveDefinitions(this.state);
    this.collector = new GarbageCollector(this.state);
    bootstrap(this.state);
    compactRegularly(this.state);
  }

  /** Carries out one HTTP request. Never rejects: refusals and defects are answers. */
  handle(request: HttpRequest, user = 'system:admin'): Promise<HttpResponse> {
    const response = this.answer(request);
    for (const auditor of this.auditors) {
      auditor({ user, method: request.method, path: request.path, body: request.body, status: response.status });
    }
    return Promise.resolve(response);
  }

  /** A connection to this server in the same process. */
  transport(user = 'system:admin', options: TransportOptions = {}): Transport {
    return inProcessTransport((request) => this.handle(request, user), this.state.clock, options);
  }

  /** Hears every answered request. Returns how to stop. */
  audit(auditor: (entry: AuditEntry) => void): () => void {
    this.auditors.add(auditor);
    return () => {
      this.auditors.delete(auditor);
    };
  }

  /** The revision of the last commit. */
  get revision(): number {
    return this.state.store.revision;
  }

  /** Forgets the history up to a revision (default: all), so that older watches and pages answer 410. */
  compact(revision?: number): void {
    this.state.store.compact(revision);
  }

  /** Ends the components that run on the clock. */
  stop(): Promise<void> {
    this.collector.stop();
    return Promise.resolve();
  }

  get(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined {
    const served = this.served(resource);
    const stored = this.state.store.get(served.storageKey, storeKey(served, namespace, name));
    return stored === undefined ? undefined : served.toVersion(stored);
  }

  list(resource: Resource, namespace?: string): readonly KubeObject[] {
    const served = this.served(resource);
    return this.state.store.list(served.storageKey, prefixOf(served, namespace)).map(served.toVersion);
  }

  create(resource: Resource, object: KubeObject, options: SimWriteOptions): KubeObject {
    return createObject(this.state, this.served(resource), object.metadata.namespace, object, {
      manager: options.manager,
    });
  }

  /**
   * A change of `spec.finalizers` of a namespace goes through the `finalize` subresource, as the namespace controller
   * does it.
   */
  update(resource: Resource, object: KubeObject, options: SimWriteOptions): KubeObject {
    const served = this.served(resource);
    const { name, namespace } = object.metadata;
    const stored = this.state.store.get(served.storageKey, storeKey(served, namespace, name));
    if (stored === undefined) throw notFound(served.resource, name);
    if (options.subresource === 'scale') {
      return updateObject(this.state, served, stored, scaledObject(served, served.toVersion(stored), object), {
        manager: options.manager,
        lenient: true,
      });
    }
    const finalizes =
      served.storageKey === 'namespaces' &&
      !equal(asArray(at(object, 'spec', 'finalizers')), asArray(at(stored, 'spec', 'finalizers')));
    const subresource = options.subresource ?? (finalizes ? 'finalize' : undefined);
    return updateObject(this.state, served, stored, object, {
      manager: options.manager,
      lenient: true,
      ...(subresource === undefined ? {} : { subresource }),
    });
  }

  apply(resource: Resource, object: KubeObject, { manager, subresource }: SimWriteOptions): KubeObject {
    const served = this.served(resource);
    const { name, namespace } = object.metadata;
    const stored = this.state.store.get(served.storageKey, storeKey(served, namespace, name));
    if (stored === undefined && subresource !== undefined) throw notFound(served.resource, name);
    return applyObject(this.state, { served, namespace, name, stored }, object, {
      manager,
      force: true,
      ...(subresource === undefined ? {} : { subresource }),
    });
  }

  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    options: Parameters<SimApi['delete']>[3] = {},
  ): void {
    const served = this.served(resource);
    const stored = this.state.store.get(served.storageKey, storeKey(served, namespace, name));
    if (stored === undefined) throw notFound(served.resource, name);
    deleteObject(this.state, served, stored, options);
  }

  watch(resource: Resource, handler: (event: SimWatchEvent) => void): () => void {
    const served = this.served(resource);
    const stop = this.state.store.subscribe(served.storageKey, (commit) => {
      handler({ type: commit.type, object: served.toVersion(commit.object) });
    });
    for (const object of this.list(resource)) handler({ type: 'ADDED', object });
    return stop;
  }

  addMutatingAdmission(admission: SimMutatingAdmission): void {
    this.admissions.push(admission);
  }

  addValidatingAdmission(admission: SimValidatingAdmission): void {
    this.validations.push(admission);
  }

  resourceFor(group: string, kind: string): Resource | undefined {
    return this.state.registry.findKind(group, kind)?.resource;
  }

  private served(resource: Resource): ServedResource {
    const served = this.state.registry.of(resource);
    if (served === undefined) throw pathNotFound();
    return served;
  }

  private answer(request: HttpRequest): HttpResponse {
    try {
      const info = parseRequest(request.path);
      return handleNonResource(this.state, request, info) ?? this.resource(request, info);
    } catch (error) {
      return replyError(error);
    }
  }

  private resource(request: HttpRequest, info: ReturnType<typeof parseRequest>): HttpResponse {
    if (info.target === undefined) throw pathNotFound();
    return handleResource(this.state, request, info, info.target);
  }
}
