import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Operator } from './operator.ts';

/** Alive is whoever answers; ready is who has read the cluster, whether it leads or not. */
function answer(operator: Operator, path: string): readonly [number, string] {
  if (path === '/livez') return [200, 'ok'];
  if (path !== '/readyz') return [404, 'not found'];
  return operator.isReady() ? [200, 'ok'] : [503, 'not ready: the cluster has not been read yet'];
}

/** Serves `/livez` and `/readyz`; port 0 takes a free one. Returns the port and how to stop. */
export async function serveHealth(
  operator: Operator,
  host: string,
  port: number,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    const [status, text] = answer(operator, request.url ?? '');
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
    },
  };
}
