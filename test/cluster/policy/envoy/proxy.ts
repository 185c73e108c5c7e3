import { spawn, type ChildProcess } from 'node:child_process';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Request } from '../../../../src/requests/semantics.ts';
import { CommandError, runCommand } from '../../command.ts';
import { freePorts } from '../../ports.ts';
import { NotReadyError, until } from '../../readiness.ts';
import { ensureEnvoy } from './binary.ts';
import { issueIdentities, type TestMesh } from './certificates.ts';
import { envoyConfig, setHeader, type PolicySet } from './config.ts';
import { identities } from './requests.ts';
import { TokenIssuer } from './tokens.ts';

/** The ports of a proxy: one for mTLS, one for plaintext. */
export interface ProxyPorts {
  readonly tls: number;
  readonly plain: number;
}

/** Ports that nobody listens on now. */
export async function proxyPorts(): Promise<ProxyPorts> {
  const { etcdClient: tls, etcdPeer: plain } = await freePorts();
  return { tls, plain };
}

/** A real Envoy on loopback. */
export class TestProxy {
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #ports: ProxyPorts;
  readonly #mesh: TestMesh;
  readonly #tokens: TokenIssuer;
  readonly #agents = new Map<string, HttpAgent>();
  /** However this process ends, so does Envoy. */
  readonly #kill = (): void => {
    this.#process.kill('SIGKILL');
  };

  private constructor(
    process: ChildProcess,
    directory: string,
    ports: ProxyPorts,
    mesh: TestMesh,
    tokens: TokenIssuer,
  ) {
    this.#process = process;
    this.#directory = directory;
    this.#ports = ports;
    this.#mesh = mesh;
    this.#tokens = tokens;
    globalThis.process.once('exit', this.#kill);
  }

  /** Starts one that judges by these policies. */
  static async start(ports: ProxyPorts, sets: readonly PolicySet[], signal: AbortSignal): Promise<TestProxy> {
    const program = await ensureEnvoy(signal);
    const directory = mkdtempSync(join(tmpdir(), 'mesh-migration-envoy-'));
    const mesh = await issueIdentities(directory, identities, signal);
    const tokens = new TokenIssuer();
    const file = join(directory, 'envoy.json');
    writeFileSync(file, JSON.stringify(envoyConfig(ports, mesh, tokens.jwks, sets)));
    const child = spawn(
      program,
      ['--config-path', file, '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'error'],
      { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const proxy = new TestProxy(child, directory, ports, mesh, tokens);
    const errors: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (part: string) => errors.push(part));
    try {
      await proxy.#untilReady(errors, signal);
    } catch (error) {
      await proxy.stop();
      throw error;
    }
    return proxy;
  }

  /** Whether Envoy would start with these policies. */
  static async accepts(sets: readonly PolicySet[], signal: AbortSignal): Promise<boolean> {
    const program = await ensureEnvoy(signal);
    const directory = mkdtempSync(join(tmpdir(), 'mesh-migration-envoy-'));
    try {
      const mesh = await issueIdentities(directory, [], signal);
      const file = join(directory, 'envoy.json');
      writeFileSync(file, JSON.stringify(envoyConfig({ tls: 1, plain: 2 }, mesh, new TokenIssuer().jwks, sets)));
      await runCommand(program, ['--mode', 'validate', '--config-path', file, '--log-level', 'critical'], {
        cwd: directory,
        signal,
      });
      return true;
    } catch (error) {
      if (error instanceof CommandError && error.code === undefined) return false;
      throw error;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** The status with which it answers the request. */
  async answer(set: string, request: Request): Promise<number> {
    const { http, identity, sourceIp, remoteIp } = request;
    if (http === undefined) throw new Error('only HTTP requests can be sent');
    const headers = {
      ...http.headers,
      host: http.host,
      [setHeader]: set,
      ...(remoteIp !== sourceIp && { 'x-forwarded-for': remoteIp }),
      ...(http.token && { authorization: `Bearer ${this.#tokens.sign(http.token)}` }),
    };
    const options = {
      host: '127.0.0.1',
      localAddress: sourceIp,
      method: http.method,
      path: http.path,
      headers,
      agent: this.#agent(identity, sourceIp),
      setHost: false,
    };
    const sent =
      identity === undefined
        ? httpRequest({ ...options, port: this.#ports.plain })
        : httpsRequest({ ...options, port: this.#ports.tls });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response.statusCode ?? 0;
  }

  /** Ends it, and removes its files. */
  async stop(): Promise<void> {
    for (const agent of this.#agents.values()) agent.destroy();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exit = once(this.#process, 'exit');
      this.#kill();
      await exit;
    }
    process.off('exit', this.#kill);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** A connection is one of one caller from one address. */
  #agent(identity: string | undefined, sourceIp: string): HttpAgent {
    const key = `${identity ?? ''} ${sourceIp}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const pair = identity === undefined ? undefined : this.#mesh.clients.get(identity);
    // The proxy's certificate has a SPIFFE identity and no host name: it is checked by its authority only.
    const agent =
      pair === undefined
        ? new HttpAgent({ keepAlive: true, maxSockets: 2 })
        : new HttpsAgent({
            keepAlive: true,
            maxSockets: 2,
            ca: this.#mesh.ca,
            ...pair,
            checkServerIdentity: () => undefined,
          });
    this.#agents.set(key, agent);
    return agent;
  }

  async #untilReady(errors: readonly string[], signal: AbortSignal): Promise<void> {
    await until(signal, async () => {
      const message = `Envoy did not start:\n${errors.join('')}`;
      if (this.#process.exitCode !== null) throw new Error(message);
      if (!((await listens(this.#ports.plain)) && (await listens(this.#ports.tls)))) throw new NotReadyError(message);
    });
  }
}

async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
