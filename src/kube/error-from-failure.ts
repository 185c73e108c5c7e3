import { AmbiguousWriteError, ApiError, UnavailableError } from './errors.ts';
import type { RequestLabel } from './errors.ts';
import { isWrite } from './error-from-response.ts';

/** Rejects a request whose time is over. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  constructor(ms: number) {
    super(`no complete answer within ${String(ms / 1000)} s`);
  }
}

/** Codes of Node and undici that say that the connection never stood, so that nothing was sent; with what to check. */
const neverConnected: Readonly<Partial<Record<string, string>>> = {
  ECONNREFUSED: 'nothing listens there; is the API server running?',
  ENOTFOUND: 'its name does not resolve; check the server address',
  EAI_AGAIN: 'its name does not resolve now; check DNS',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  UND_ERR_CONNECT_TIMEOUT: 'connecting takes too long; check the address and firewalls',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; check the server address or tls-server-name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by the configured certificate authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by the configured certificate authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by the configured certificate authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not signed by the configured certificate authority',
};

/** The typed error for a request that got no complete answer. Errors that are typed already pass through. */
export function errorFromFailure(cause: unknown, request: RequestLabel): ApiError {
  if (cause instanceof ApiError) return cause;
  const code = codeOf(cause);
  const hint = code === undefined ? undefined : neverConnected[code];
  const said = cause instanceof Error ? cause.message : String(cause);
  const base = { request, code: 0, cause } as const;
  const subject = `${request.method} ${request.path.split('?')[0] ?? ''} at ${request.server}`;
  if (isWrite(request.method) && hint === undefined) {
    const message = `${subject}: ${said} (whether the change was stored is not known)`;
    return new AmbiguousWriteError({ ...base, reason: 'UnknownOutcome', message });
  }
  return new UnavailableError({
    ...base,
    reason: 'NoAnswer',
    message: `${subject}: ${said}${hint === undefined ? '' : ` (${hint})`}`,
  });
}

/** The code of the error or of what caused it; for several attempts (AggregateError) that of the first. */
function codeOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 4) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return codeOf(cause, depth + 1) ?? codeOf(Array.isArray(errors) ? errors[0] : undefined, depth + 1);
}
