import type { HttpResponse } from '../../../src/kube/transport.ts';
import { SimStatusError } from '../sim-api.ts';
import { PathNotFoundError, statusOf } from './errors.ts';
import { asNumber } from './json.ts';
import { wholeText, type TextStream } from './text-stream.ts';

/** An answer with a JSON body. */
export function reply(status: number, text: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: wholeText(text) };
}

/** An answer with a JSON value. */
export function replyJson(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return reply(status, JSON.stringify(value), headers);
}

/** An answer with plain text, as the health endpoints give it. */
export function replyText(status: number, text: string): HttpResponse {
  return reply(status, text, { 'content-type': 'text/plain; charset=utf-8' });
}

/** An open stream of watch events. */
export function replyStream(stream: TextStream): HttpResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: stream };
}

/** An error as a metav1.Status; anything that is not a refusal is a defect of the model, and a 500 that says so. */
export function replyError(error: unknown): HttpResponse {
  if (error instanceof PathNotFoundError) return replyText(404, '404 page not found\n');
  const refusal =
    error instanceof SimStatusError
      ? error
      : new SimStatusError(
          500,
          'InternalError',
          `Internal error occurred: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
  const seconds = asNumber(refusal.details?.['retryAfterSeconds'], 0);
  return replyJson(refusal.code, statusOf(refusal), seconds > 0 ? { 'retry-after': String(seconds) } : {});
}

/** The `Warning` header of warnings collected on the way. */
export function warningHeaders(warnings: readonly string[]): Readonly<Record<string, string>> {
  if (warnings.length === 0) return {};
  return { warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ') };
}
