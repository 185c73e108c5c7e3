/**
 * The one seam between the operator and an API server. Production sends over undici (`http-transport.ts`); tests
 * hand in the simulated cluster, a cut line or a fault. Nothing above this file knows which it is.
 */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path with its query, for example `/api/v1/pods?limit=500`. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request, and the body that is still being read. */
  readonly signal: AbortSignal;
}

/** The answer as soon as its headers are there; a watch goes on delivering `body`. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded text in pieces of any size; iterate once. Throws when the connection breaks or `signal` is aborted. */
  readonly body: AsyncIterable<string>;
}

/** Sends one request. Rejects (with any error) when no complete response head arrived. */
export interface Transport {
  /** For messages only, for example `https://10.0.0.1:6443`. */
  readonly server: string;
  send(request: HttpRequest): Promise<HttpResponse>;
}

/** The whole body as one string. */
export async function readText(response: HttpResponse): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of response.body) pieces.push(piece);
  return pieces.join('');
}
