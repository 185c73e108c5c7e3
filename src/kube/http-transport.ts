import { isDeepStrictEqual } from 'node:util';
import { Agent } from 'undici';
import { systemClock } from '../base/clock.ts';
import type { ClusterConnection, Credentials, TlsOptions } from './config.ts';
import type { HttpRequest, Transport } from './transport.ts';

/**
 * client-go reads a token file again after a minute (transport/token_source.go); the kubelet renews it long before its
 * end.
 */
const credentialsAgeMs = 60_000;

/** Requests share these; each watch holds one more for minutes (HTTP/1.1), so watches are counted apart. */
const requestConnections = 16;

/** A transport with sockets that must be closed at the end. */
export interface HttpTransport extends Transport {
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Sends over kept-alive connections to one API server, with credentials that are renewed as they change. */
export function createHttpTransport(connection: ClusterConnection): HttpTransport {
  const base = new URL(connection.server);
  const prefix = base.pathname.replace(/\/$/, '');
  const login = new Login(connection);
  return {
    server: connection.server.replace(/\/$/, ''),
    close: () => login.close(),
    async send(request) {
      const used = await login.current();
      const { agents, credentials } = used;
      const agent = isWatch(request) ? agents.watches : agents.requests;
      const response = await agent.request({
        origin: base.origin,
        path: prefix + request.path,
        method: request.method,
        headers: { ...request.headers, ...credentials.headers },
        body: request.body ?? null,
        signal: request.signal,
      });
      if (response.statusCode === 401) login.refuse(used);
      response.body.setEncoding('utf8'); // decodes characters that are split across chunks
      return {
        status: response.statusCode,
        headers: flatten(response.headers),
        body: response.body as AsyncIterable<string>,
      };
    },
  };
}

/** Credentials as they were read, and the connections made with them. */
interface Used {
  readonly credentials: Credentials;
  readonly agents: Agents;
  readonly readAt: number;
}

interface Agents {
  readonly requests: Agent;
  readonly watches: Agent;
}

/**
 * The credentials in use and the connections made with them; another certificate or authority needs new connections.
 */
class Login {
  readonly #connection: ClusterConnection;
  #used: Used | undefined;
  #isRefused = false;
  #reading: Promise<void> | undefined;

  constructor(connection: ClusterConnection) {
    this.#connection = connection;
  }

  async current(): Promise<Used> {
    while (this.#used === undefined || this.#isOver(this.#used)) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#used;
  }

  /**
   * The server did not accept them: they are read again before the next request. Not those that came meanwhile: of many
   * requests that are refused together, one has them read.
   */
  refuse(used: Used): void {
    if (this.#used === used) this.#isRefused = true;
  }

  async close(): Promise<void> {
    const agents = this.#used?.agents;
    await Promise.all([agents?.requests.destroy(), agents?.watches.destroy()]);
  }

  #isOver({ readAt }: Used): boolean {
    return this.#isRefused || systemClock.monotonic() - readAt > credentialsAgeMs;
  }

  async #read(): Promise<void> {
    const credentials = await this.#connection.credentials(this.#isRefused ? 'Refused' : undefined);
    this.#isRefused = false;
    const before = this.#used;
    const same = before !== undefined && isDeepStrictEqual(before.credentials.tls, credentials.tls);
    this.#used = {
      credentials,
      agents: same ? before.agents : agentsFor(credentials.tls),
      readAt: systemClock.monotonic(),
    };
    if (before === undefined || same) return;
    // close() lets what is under way finish; a watch ends by the server's timeoutSeconds.
    void before.agents.requests.close();
    void before.agents.watches.close();
  }
}

function agentsFor(tls: TlsOptions): Agents {
  const options: Agent.Options = {
    connect: { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 15_000 },
    allowH2: false,
    keepAliveTimeout: 30_000,
    headersTimeout: 30_000,
    bodyTimeout: 0, // a quiet watch is watched over by its reader (watch-stream.ts), any other request by its deadline
  };
  return { requests: new Agent({ ...options, connections: requestConnections }), watches: new Agent(options) };
}

function isWatch(request: HttpRequest): boolean {
  return /[?&]watch=(?:true|1)(?:&|$)/.test(request.path);
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
