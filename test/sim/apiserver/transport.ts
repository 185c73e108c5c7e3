import { sleep, type Clock } from '../../../src/base/clock.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../../src/kube/transport.ts';

/** How an in-process connection behaves. */
export interface TransportOptions {
  /** Milliseconds of the clock that a request takes to arrive; default none. */
  readonly latencyMs?: () => number;
}

/**
 * Sends requests to a server in the same process. A request whose signal is aborted before it arrives has no effect.
 */
export function inProcessTransport(
  handle: (request: HttpRequest) => Promise<HttpResponse>,
  clock: Clock,
  options: TransportOptions,
): Transport {
  return {
    server: 'sim://apiserver',
    async send(request) {
      const latency = options.latencyMs?.() ?? 0;
      if (latency > 0) await sleep(clock, latency, request.signal);
      request.signal.throwIfAborted();
      return handle(request);
    },
  };
}
