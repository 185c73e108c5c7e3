import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runCommand } from '../command.ts';
import type { WrittenSeries } from './series.ts';

/** A server of `/api/v1/query` on loopback. */
export interface PrometheusServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves what the engine of Prometheus makes of these series. */
export async function servePrometheus(program: string, series: readonly WrittenSeries[]): Promise<PrometheusServer> {
  async function evaluated(url: URL): Promise<string> {
    const queries = [
      { expression: url.searchParams.get('query') ?? '', at: Math.round(Number(url.searchParams.get('time')) * 1000) },
    ];
    const answers = JSON.parse(
      await runCommand(program, [], { input: JSON.stringify({ series, queries }) }),
    ) as readonly unknown[];
    return JSON.stringify(answers[0]);
  }
  const server = createServer((request, response) => {
    evaluated(new URL(request.url ?? '', 'http://localhost')).then(
      (body) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      },
      (error: unknown) => {
        response.writeHead(422).end(JSON.stringify({ status: 'error', errorType: 'execution', error: String(error) }));
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
