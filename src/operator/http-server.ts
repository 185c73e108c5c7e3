import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is answered to one request. */
export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  close(): void;
}

/** More than a kubelet and a few Prometheus ever open: whoever can reach the port holds no more sockets than these. */
const mostConnections = 64;

/**
 * Answers each request for a path, whatever its method; what `answer` throws is a 500. Port 0 takes a free one. The
 * server keeps no process alive.
 */
export async function serve(
  answer: (path: string) => HttpAnswer | Promise<HttpAnswer>,
  host: string,
  port: number,
): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const reply = ({ status, type, text }: HttpAnswer): void => {
      response.writeHead(status, { 'content-type': type }).end(text);
    };
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    Promise.resolve(path)
      .then(answer)
      .then(reply, () => {
        reply({ status: 500, type: 'text/plain', text: 'internal error\n' });
      });
  });
  server.maxConnections = mostConnections;
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
