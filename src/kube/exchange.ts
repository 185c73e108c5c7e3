import type { Clock } from '../base/clock.ts';
import { DeadlineError, errorFromFailure } from './error-from-failure.ts';
import { errorFromResponse } from './error-from-response.ts';
import type { RequestLabel } from './errors.ts';
import { readText } from './transport.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

/** How long a request may take, and what else ends it. */
export interface ExchangeLimits {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A successful answer, read completely. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** `text` as JSON; an answer that is not JSON counts as no answer. */
  readonly json: unknown;
}

type Unsigned = Omit<HttpRequest, 'signal'>;

/** Sends one request once and reads the whole answer. Throws an `ApiError`, or the reason of `limits.signal`. */
export async function exchange(transport: Transport, request: Unsigned, limits: ExchangeLimits): Promise<Answer> {
  const label = labelOf(transport, request);
  return await bounded(limits, label, async (signal) => {
    const response = await transport.send({ ...request, signal });
    const text = await readText(response);
    if (response.status >= 400) throw errorFromResponse(response.status, response.headers, text, label);
    return { status: response.status, headers: response.headers, text, json: JSON.parse(text) as unknown };
  });
}

/**
 * Sends a request whose body goes on for minutes (a watch). The deadline covers the head only; `limits.signal` ends the
 * body as well.
 */
export async function openStream(
  transport: Transport,
  request: Unsigned,
  limits: ExchangeLimits & { readonly signal: AbortSignal },
): Promise<HttpResponse> {
  const label = labelOf(transport, request);
  const stream = new AbortController();
  function end(): void {
    stream.abort(limits.signal.reason);
  }
  limits.signal.addEventListener('abort', end, { once: true });
  try {
    return await bounded(limits, label, async (signal) => {
      signal.addEventListener(
        'abort',
        () => {
          stream.abort(signal.reason);
        },
        { once: true },
      );
      const response = await transport.send({ ...request, signal: stream.signal });
      if (response.status >= 400) {
        throw errorFromResponse(response.status, response.headers, await readText(response), label);
      }
      return response;
    });
  } catch (error) {
    limits.signal.removeEventListener('abort', end);
    throw error;
  }
}

/** The request as errors name it. */
export function labelOf(
  transport: Transport,
  request: { readonly method: string; readonly path: string },
): RequestLabel {
  return { server: transport.server, method: request.method, path: request.path };
}

/** Races `work` against the deadline and the caller's signal: a transport that ignores its signal cannot hold us up. */
async function bounded<T>(
  limits: ExchangeLimits,
  label: RequestLabel,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  limits.signal?.throwIfAborted();
  const controller = new AbortController();
  const ended = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener(
      'abort',
      () => {
        reject(controller.signal.reason as Error);
      },
      { once: true },
    );
  });
  const cancelTimer = limits.clock.timer(limits.deadlineMs, () => {
    controller.abort(new DeadlineError(limits.deadlineMs));
  });
  function onAbort(): void {
    controller.abort(limits.signal?.reason);
  }
  limits.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(controller.signal), ended]);
  } catch (error) {
    limits.signal?.throwIfAborted();
    throw errorFromFailure(controller.signal.aborted ? controller.signal.reason : error, label);
  } finally {
    cancelTimer();
    limits.signal?.removeEventListener('abort', onAbort);
  }
}
