import {
  AlreadyExistsError,
  AmbiguousWriteError,
  ApiError,
  ConflictError,
  ExpiredError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  ThrottledError,
  UnavailableError,
} from './errors.ts';
import type { ErrorFacts, RequestLabel } from './errors.ts';
import { asStatus, describeObject, parseStatus } from './status.ts';
import type { Status } from './status.ts';

type ErrorClass = new (facts: ErrorFacts) => ApiError;

/** What stands in front of the server's own words, by HTTP status. */
const kinds: Readonly<Partial<Record<number, { readonly type: ErrorClass; readonly remedy?: string }>>> = {
  400: { type: InvalidError },
  401: {
    type: ForbiddenError,
    remedy: 'the credentials are not valid or have expired; check the kubeconfig or the ServiceAccount token',
  },
  403: { type: ForbiddenError },
  404: { type: NotFoundError },
  405: { type: InvalidError },
  409: { type: ConflictError },
  410: { type: ExpiredError },
  413: { type: InvalidError, remedy: 'the object is too large for the API server' },
  415: { type: InvalidError },
  422: { type: InvalidError },
  429: { type: ThrottledError },
  500: { type: UnavailableError },
  502: { type: UnavailableError },
  503: { type: UnavailableError },
  504: { type: UnavailableError },
};

/** For answers without a Status, as a proxy gives them: what the API server itself would have written. */
const reasons: Readonly<Partial<Record<number, string>>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  429: 'TooManyRequests',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** The typed error for an answer that is not a success. */
export function errorFromResponse(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
  request: RequestLabel,
): ApiError {
  return build(status, parseStatus(body) ?? { kind: 'Status', message: body }, request, Number(headers['retry-after']));
}

/** The typed error for the ERROR event of a watch, whose object is a metav1.Status. */
export function errorFromWatchEvent(object: unknown, request: RequestLabel): ApiError {
  const status = asStatus(object) ?? { kind: 'Status' };
  return build(status.code ?? 500, status, request, 0);
}

function build(code: number, status: Status, request: RequestLabel, retryAfter: number): ApiError {
  const reason = status.reason ?? reasons[code] ?? 'Unknown';
  const said = shorten(status.message ?? '');
  const type = classOf(code, reason, said, request);
  const seconds = status.details?.retryAfterSeconds ?? retryAfter;
  return new type({
    request,
    code,
    reason,
    details: status.details,
    retryAfterMs: seconds > 0 ? seconds * 1000 : 0, // a header may also carry a date: NaN here
    message: messageOf(
      `${String(code)} ${reason}`,
      said,
      describeObject(status.details, request),
      request,
      remedyOf(type, code),
    ),
  });
}

function remedyOf(type: ErrorClass, code: number): string | undefined {
  return type === AmbiguousWriteError ? 'whether the change was stored is not known' : kinds[code]?.remedy;
}

function messageOf(
  verdict: string,
  said: string,
  object: string,
  request: RequestLabel,
  remedy: string | undefined,
): string {
  const words = said === '' ? '' : `: ${said}`;
  return `${request.method} ${object} at ${request.server}: ${verdict}${words}${remedy === undefined ? '' : ` (${remedy})`}`;
}

function classOf(code: number, reason: string, message: string, request: RequestLabel): ErrorClass {
  if (code === 409 && reason === 'AlreadyExists') return AlreadyExistsError;
  if (code >= 500 && isWrite(request.method) && !refusedBeforeStorage(code, message)) return AmbiguousWriteError;
  return kinds[code]?.type ?? (code >= 500 ? UnavailableError : ApiError);
}

/** Everything but GET changes something. */
export function isWrite(method: string): boolean {
  return method !== 'GET';
}

/**
 * An admission webhook that cannot be reached fails the request with 500 before storage is asked
 * (apiserver: pkg/admission/plugin/webhook/errors). Any other 5xx may come from storage after the commit.
 */
function refusedBeforeStorage(code: number, message: string): boolean {
  return code === 500 && message.includes('failed calling webhook');
}

/** One line of at most 500 characters: an answer may be a proxy's HTML page. */
function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= 500 ? line : `${line.slice(0, 499)}…`;
}
