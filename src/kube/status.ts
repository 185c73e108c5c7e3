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
  const status = record(value);
  if (status['kind'] !== 'Status') return undefined;
  const code = number(status['code']);
  return {
    kind: 'Status',
    ...(code !== undefined && { code }),
    ...texts(status, ['reason', 'message']),
    ...(status['details'] !== undefined && { details: detailsOf(record(status['details'])) }),
  };
}

function detailsOf(details: Json): StatusDetails {
  const seconds = number(details['retryAfterSeconds']);
  const causes = Array.isArray(details['causes'])
    ? details['causes'].map((cause) => texts(record(cause), ['reason', 'message', 'field']))
    : undefined;
  return {
    ...texts(details, ['name', 'group', 'kind', 'uid']),
    ...(causes && { causes }),
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
  };
}

type Json = Readonly<Record<string, unknown>>;

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/**
 * The members that are texts, of those that are asked for: what stands between us and the API server may answer
 * anything.
 */
function texts<Name extends string>(value: Json, names: readonly Name[]): Readonly<Partial<Record<Name, string>>> {
  return Object.fromEntries(
    names.flatMap((name) => (typeof value[name] === 'string' ? [[name, value[name]]] : [])),
  ) as Partial<Record<Name, string>>;
}

/** `deployments.apps "cart" in namespace "shop"`, as far as the answer and the path tell. */
export function describeObject(details: StatusDetails | undefined, request: RequestLabel): string {
  const path = request.path.split('?')[0] ?? '';
  const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1];
  const kind = details?.kind === undefined ? path : `${details.kind}${details.group ? `.${details.group}` : ''}`;
  const name = details?.name ? ` "${details.name}"` : '';
  const scope =
    namespace === undefined || details?.kind === undefined ? '' : ` in namespace "${decodeURIComponent(namespace)}"`;
  return `${kind}${name}${scope}`;
}
