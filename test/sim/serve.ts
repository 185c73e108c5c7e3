import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stringify } from 'yaml';
import type { HttpRequest } from '../../src/kube/transport.ts';
import { replyError } from './apiserver/http-reply.ts';
import { decodeProtobuf, protobufType } from './apiserver/protobuf.ts';
import type { SimApiServer } from './apiserver/sim-api-server.ts';

/** How the simulated API server is offered on the network. */
export interface ServeOptions {
  /** Default: any free one. Always on 127.0.0.1. */
  readonly port?: number;
}

/** A simulated API server that listens. */
export interface ServedSim {
  /** For example `http://127.0.0.1:40123`. */
  readonly url: string;
  /** A kubeconfig (YAML) with this server as its only, current context. */
  kubeconfig(): string;
  /** Stops listening and breaks every open connection. */
  close(): Promise<void>;
}

const methods: readonly HttpRequest['method'][] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The body as text; kubectl's typed clients send protobuf, which becomes JSON here. */
async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return message.headers['content-type'] === protobufType && body.length > 0
    ? JSON.stringify(decodeProtobuf(body))
    : body.toString('utf8');
}

function headersOf(message: IncomingMessage): Readonly<Record<string, string>> {
  const pairs = Object.entries(message.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(pairs) as Readonly<Record<string, string>>;
}

async function answer(server: SimApiServer, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = methods.find((known) => known === message.method);
  if (method === undefined) {
    response.writeHead(405).end();
    return;
  }
  const abort = new AbortController();
  response.once('close', () => {
    abort.abort(new Error('the client closed the connection'));
  });
  const request = { method, path: message.url ?? '/', headers: headersOf(message), signal: abort.signal };
  const answered = await readBody(message).then((body) => server.handle({ ...request, body }), replyError);
  response.writeHead(answered.status, answered.headers);
  response.flushHeaders();
  for await (const piece of answered.body) {
    if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  response.end();
}

function listen(server: SimApiServer): Server {
  return createServer((message, response) => {
    // A broken connection is the client's business: the answer just ends there.
    answer(server, message, response).catch(() => {
      response.destroy();
    });
  });
}

function kubeconfigFor(url: string): string {
  const name = 'simulated';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: url } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
  });
}

/** Serves the simulated API server over plain HTTP on the loopback interface. Its clock should be the real one. */
export async function serveSim(server: SimApiServer, options: ServeOptions = {}): Promise<ServedSim> {
  const http = listen(server);
  http.listen(options.port ?? 0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`;
  return {
    url,
    kubeconfig: () => kubeconfigFor(url),
    async close() {
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    },
  };
}
