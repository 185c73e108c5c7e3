import type { StatusDetails } from './status.ts';

/** Which request failed. */
export interface RequestLabel {
  /** `https://10.0.0.1:6443` */
  readonly server: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** What is known about a failed request. */
export interface ErrorFacts {
  readonly request: RequestLabel;
  /** HTTP status, or 0 when no answer arrived. */
  readonly code: number;
  /** metav1.Status reason, or a word of the same form. */
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails | undefined;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Any failure of a request to the API server; thrown itself for answers that no subclass describes. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** `METHOD path` */
  readonly request: string;
  readonly server: string;

  constructor(facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.reason = facts.reason;
    this.details = facts.details;
    this.request = `${facts.request.method} ${facts.request.path}`;
    this.server = facts.request.server;
  }

  /** The request without its query, and what was answered: one sentence for people, that says each of it once. */
  get sentence(): string {
    const [request = ''] = this.request.split('?');
    const at = ` at ${this.server}: `;
    const place = this.message.indexOf(at);
    return `${request}: ${place < 0 ? this.message : this.message.slice(place + at.length)}`;
  }
}

/** One field that another field manager owns. */
export interface FieldConflict {
  /** For example `.metadata.labels.istio-injection`. */
  readonly field: string;
  /** Names the other manager, for example `conflict with "kubectl-label" using v1`. */
  readonly message: string;
}

/**
 * 409 Conflict: the object changed since it was read, a uid precondition failed, or another field manager owns a field.
 */
export class ConflictError extends ApiError {
  override name = 'ConflictError';

  /** For a server-side apply: the fields that others own; empty for a stale resourceVersion or uid. */
  get fieldConflicts(): readonly FieldConflict[] {
    const causes = this.details?.causes ?? [];
    return causes
      .filter((cause) => cause.reason === 'FieldManagerConflict')
      .map((cause) => ({ field: cause.field ?? '', message: cause.message ?? '' }));
  }
}

/** 409 AlreadyExists: something of that name was there before the create. */
export class AlreadyExistsError extends ApiError {
  override name = 'AlreadyExistsError';
}

/** 404: the object, or the whole kind (its CRD is not installed), does not exist. */
export class NotFoundError extends ApiError {
  override name = 'NotFoundError';
}

/** 410: the resourceVersion or continue token is older than what the server keeps; only a new list helps. */
export class ExpiredError extends ApiError {
  override name = 'ExpiredError';
}

/**
 * 400 or 422: the request itself is wrong and fails in the same way again. A JSON patch whose `test` does not hold
 * is answered in this way too (422, reason Invalid): the object is no longer what the patch was made from.
 */
export class InvalidError extends ApiError {
  override name = 'InvalidError';

  /**
   * The JSON patch does not fit the object: a `test` does not hold, or a path does not exist. A failed validation names
   * its fields in `details.causes`; this refusal has none (apiserver: handlers/patch.go, applyJSPatch).
   */
  get patchDoesNotApply(): boolean {
    return this.code === 422 && this.request.startsWith('PATCH ') && (this.details?.causes ?? []).length === 0;
  }
}

/**
 * 401 or 403: the credentials are not valid, the rights are missing, or admission refuses (quota, policy, terminating
 * namespace).
 */
export class ForbiddenError extends ApiError {
  override name = 'ForbiddenError';

  /** The create was refused because the namespace is being deleted; nothing but waiting for its end helps. */
  get namespaceTerminating(): boolean {
    return this.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false;
  }
}

/** 429: the server is busy, or a PodDisruptionBudget does not allow the eviction now. Nothing was committed. */
export class ThrottledError extends ApiError {
  override name = 'ThrottledError';
  /** What the server asks for; 0 when it says nothing. */
  readonly retryAfterMs: number;

  constructor(facts: ErrorFacts) {
    super(facts);
    this.retryAfterMs = facts.retryAfterMs ?? 0;
  }

  /** True for an eviction that a PodDisruptionBudget holds back: trying again at once is pointless. */
  get disruptionBudget(): boolean {
    return this.details?.causes?.some((cause) => cause.reason === 'DisruptionBudget') ?? false;
  }
}

/** 500, 503 or 504, or no connection at all: the same request may succeed later. Of a write: it was not committed. */
export class UnavailableError extends ApiError {
  override name = 'UnavailableError';
  /** What the server asks for; 0 when it says nothing. */
  readonly retryAfterMs: number;

  constructor(facts: ErrorFacts) {
    super(facts);
    this.retryAfterMs = facts.retryAfterMs ?? 0;
  }
}

/**
 * A write was sent and nobody knows whether it was committed: the connection broke, the time was over, or the server
 * failed while storing it. Read the object again before deciding anything.
 */
export class AmbiguousWriteError extends ApiError {
  override name = 'AmbiguousWriteError';
}

/** Whether the same request may be sent again later without another look at the cluster. */
export function isRetryable(error: unknown): error is ThrottledError | UnavailableError {
  return error instanceof UnavailableError || (error instanceof ThrottledError && !error.disruptionBudget);
}
