/** An answer that the proxy gives in the place of the API server. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const refusals: Readonly<Record<429 | 500 | 503, readonly [reason: string, message: string]>> = {
  429: ['TooManyRequests', 'too many requests, please try again later'],
  500: ['InternalError', 'Internal error occurred: etcdserver: request timed out'],
  503: ['ServiceUnavailable', 'apiserver is shutting down'],
};

/** What an API server says that refuses a request before it looks at it. */
export function refusal(code: 429 | 500 | 503, retryAfterSeconds?: number): Reply {
  const [reason, message] = refusals[code];
  const details = retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } };
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return reply(code, { ...status(code, reason, message), ...details }, headers);
}

/** What an API server says whose history begins later: as the answer, or in a watch that was opened. */
export function expiry(form: 'Status' | 'Event'): Reply {
  const gone = status(410, 'Expired', 'too old resource version: 1 (2)');
  return form === 'Status' ? reply(410, gone) : reply(200, { type: 'ERROR', object: gone });
}

function status(code: number, reason: string, message: string): Readonly<Record<string, unknown>> {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

function reply(code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status: code,
    headers: { 'content-type': 'application/json', ...headers },
    body: `${JSON.stringify(body)}\n`,
  };
}
