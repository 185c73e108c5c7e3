import { serve, type HttpAnswer, type HttpServer } from './http-server.ts';
import type { Operator } from './operator.ts';

function said(status: number, text: string): HttpAnswer {
  return { status, type: 'text/plain', text: `${text}\n` };
}

/** Alive is whoever answers; ready is who has read the cluster, whether it leads or not. */
function answer(operator: Operator, path: string): HttpAnswer {
  if (path === '/livez') return said(200, 'ok');
  if (path !== '/readyz') return said(404, 'not found');
  return operator.isReady() ? said(200, 'ok') : said(503, 'not ready: the cluster has not been read yet');
}

/** Serves `/livez` and `/readyz`; port 0 takes a free one. */
export async function serveHealth(operator: Operator, host: string, port: number): Promise<HttpServer> {
  return await serve((path) => answer(operator, path), host, port);
}
