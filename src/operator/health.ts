import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Operator } from './operator.ts';

/** Serves `/livez` and `/readyz`; port 0 takes a free one. Returns the port and how to stop. */
export async function serveHealth(operator: Operator, host: string, port: number): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    const answers: Readonly<Record<string, boolean>> = { '/livez': true, '/readyz': operator.isReady() };
    const healthy = answers[request.url ?? ''];
    response.writeHead(healthy === undefined ? 404 : healthy ? 200 : 503, { 'content-type': 'text/plain' });
    response.end(healthy === undefined ? 'not found\n' : healthy ? 'ok\n' : 'not ready: the cluster has not been read yet\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  server.unref();
  return { port: (server.address() as AddressInfo).port, close: () => { server.close(); } };
}
