import type { RequestLabel } from './errors.ts';

/** One machine-readable reason of a refusal (metav1.StatusCause). */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** What the API server says about the object it refused to touch (metav1.StatusDetails). */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** The body of a refusal (metav1.Status), as far as anything here reads it. */
export interface Status {
  readonly kind: 'Status';
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: StatusDetails;
}

/** The Status in a response body, or undefined: proxies and load balancers answer with other text. */
export function parseStatus(body: string): Status | undefined {
  try {
    return asStatus(JSON.parse(body));
  } catch {
    return undefined;
  }
}

/** The value as a Status when it is one, for example the object of an ERROR event in a watch. */
export function asStatus(value: unknown): Status | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as { kind?: unknown }).kind === 'Status' ? value as Status : undefined;
}

/** `deployments.apps "cart" in namespace "shop"`, as far as the answer and the path tell. */
export function describeObject(details: StatusDetails | undefined, request: RequestLabel): string {
  const path = request.path.split('?')[0] ?? '';
  const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1];
  const kind = details?.kind === undefined ? path : `${details.kind}${details.group ? `.${details.group}` : ''}`;
  const name = details?.name ? ` "${details.name}"` : '';
  const scope = namespace === undefined || details?.kind === undefined ? '' : ` in namespace "${decodeURIComponent(namespace)}"`;
  return `${kind}${name}${scope}`;
}
