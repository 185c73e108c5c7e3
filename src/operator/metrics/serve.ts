import type { Clock } from '../../base/clock.ts';
import { serve, type HttpAnswer, type HttpServer } from '../http-server.ts';
import type { Metrics } from './metrics.ts';

/** However often it is asked: a thousand namespaces take a few milliseconds to count. */
const freshMs = 1000;

/** Answers with a text that is at most a second old. */
export function metricsAnswer(
  metrics: Pick<Metrics, 'text' | 'registry'>,
  clock: Pick<Clock, 'monotonic'>,
): (path: string) => Promise<HttpAnswer> {
  let made: { readonly at: number; readonly text: Promise<string> } | undefined;
  return async (path) => {
    if (path !== '/metrics') return { status: 404, type: 'text/plain', text: 'not found\n' };
    const now = clock.monotonic();
    if (made === undefined || now - made.at >= freshMs) made = { at: now, text: metrics.text() };
    return { status: 200, type: metrics.registry.contentType, text: await made.text };
  };
}

/** Serves `/metrics`; port 0 takes a free one. */
export async function serveMetrics(metrics: Metrics, clock: Clock, host: string, port: number): Promise<HttpServer> {
  return await serve(metricsAnswer(metrics, clock), host, port);
}
