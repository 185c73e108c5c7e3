import type { KubeObject, Resource } from '../../src/api/object.ts';

/** Thrown by every verb that the API server refuses; `code` and `reason` as in metav1.Status. */
export class SimStatusError extends Error {
  override readonly name = 'SimStatusError';
  readonly code: number;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  constructor(code: number, reason: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

export interface SimWatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

export interface SimWriteOptions {
  /** Who writes: becomes the manager in managedFields. */
  readonly manager: string;
  readonly subresource?: 'status' | 'scale' | 'finalize';
}

/**
 * Sees an object that is about to be created and returns what will be stored (the injector is one).
 * Runs before validation, as mutating webhooks do.
 */
export type SimMutatingAdmission = (resource: Resource, object: KubeObject) => KubeObject;

/** Sees an object that is about to be stored, and throws a SimStatusError to refuse it (validating webhooks). */
export type SimValidatingAdmission = (resource: Resource, object: KubeObject, previous: KubeObject | undefined) => void;

/**
 * What the simulated controllers see of the simulated API server: the same storage and rules that HTTP clients get
 * (admission, validation, generation, resourceVersion, finalizers), without the HTTP. All calls are synchronous, so a
 * controller's read-modify-write is atomic; that is a legal schedule of the real system.
 * Objects that are handed out are deeply frozen; build a changed copy to write.
 */
export interface SimApi {
  /** Undefined when absent. */
  get(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined;
  /** Sorted by namespace and name. */
  list(resource: Resource, namespace?: string): readonly KubeObject[];
  create(resource: Resource, object: KubeObject, options: SimWriteOptions): KubeObject;
  /** PUT: a 409 when `metadata.resourceVersion` is given and stale. Storing nothing new does not make a new version. */
  update(resource: Resource, object: KubeObject, options: SimWriteOptions): KubeObject;
  /**
   * Server-side apply that takes fields from other managers (`force`). Creates the object when it is absent, unless it
   * is about a subresource.
   */
  apply(resource: Resource, object: KubeObject, options: SimWriteOptions): KubeObject;
  /** Honours finalizers and uid preconditions; a pod goes through deletionTimestamp unless the grace period is 0. */
  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    options?: { readonly uid?: string; readonly gracePeriodSeconds?: number; readonly propagationPolicy?: string },
  ): void;
  /**
   * Calls back synchronously after each commit, in commit order; first with ADDED for what exists. Returns a stop
   * function.
   */
  watch(resource: Resource, handler: (event: SimWatchEvent) => void): () => void;
  addMutatingAdmission(admission: SimMutatingAdmission): void;
  addValidatingAdmission(admission: SimValidatingAdmission): void;
  /** The resource by group and kind (or undefined if not registered or its CRD is not established). */
  resourceFor(group: string, kind: string): Resource | undefined;
}
