import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as send, Agent, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { sleep, systemClock } from '../../../src/base/clock.ts';
import type { Plan, Sort } from './plan.ts';
import { expiry, refusal, type Reply } from './replies.ts';
import { revisionIn, writtenBy, type Written } from './written.ts';

/** Where the proxy leads, and what it proves of itself to those who come to it. */
export interface ProxyOptions {
  readonly upstream: { readonly port: number; readonly ca: string };
  readonly tls: { readonly cert: string; readonly key: string };
  readonly plan: Plan;
}

/** Something to do at a write: what it waits for is over before the write goes on. */
interface Aim {
  /** Writes that are still to come before. */
  left: number;
  readonly when: 'before' | 'after';
  readonly act: () => Promise<void>;
}

/** A request that was read. */
interface Asked {
  readonly sort: Sort;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly socket: Socket;
  readonly response: ServerResponse;
}

/**
 * Stands on loopback between one process and the API server, with TLS as that has it, and does to requests and answers
 * what the plan says. It remembers each write and what the API server answered, whatever became of the answer.
 */
export class FaultyProxy {
  readonly #options: ProxyOptions;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  readonly #written: Written[] = [];
  readonly #answers = new Map<number, number>();
  #aims: Aim[] = [];
  #writes = 0;
  #expired = 0;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, ca: options.upstream.ca });
    this.#server = createServer({ ...options.tls }, (request, response) => {
      void this.#serve(request, response).catch(() => {
        request.socket.destroy();
      });
    });
    // As long as an API server keeps one.
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** The address to put into a kubeconfig. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `https://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** All writes so far but those of Lease and events. */
  get writes(): number {
    return this.#writes;
  }

  /** What was sent to the API server to be written. */
  get written(): readonly Written[] {
    return this.#written;
  }

  /** How often the API server itself has said that the past of a watch is gone. */
  get expired(): number {
    return this.#expired + this.answered(410);
  }

  /** How often the API server has answered with a status. */
  answered(status: number): number {
    return this.#answers.get(status) ?? 0;
  }

  /** Does something right before, or right after, the write that comes as the nth from now on. */
  atWrite(nth: number, when: Aim['when'], act: Aim['act']): void {
    this.#aims.push({ left: nth, when, act });
  }

  /** Nothing is to be done at any write any more. */
  forgetAims(): void {
    this.#aims = [];
  }

  /** Breaks every connection that there is. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers, socket } = request;
    const sort = sortOf(method, url);
    const asked: Asked = { sort, method, url, headers, body: await textOf(request), socket, response };
    const due = sort === 'Write' ? this.#due() : [];
    await actAll(due, 'before');
    if (socket.destroyed) return;
    const fault = this.#options.plan.next(sort);
    switch (fault?.kind) {
      case undefined:
      case 'CutInMidLine':
        await this.#forward(asked, due);
        return;
      case 'Cut':
        socket.destroy();
        return;
      case 'LoseAnswer':
        await this.#forward(asked, due, () => {
          socket.destroy();
          return Promise.resolve();
        });
        return;
      case 'Delay':
        await this.#forward(asked, due, () => sleep(systemClock, fault.ms));
        return;
      case 'NeverAnswer':
        return;
      case 'Refuse':
        answer(response, refusal(fault.status, fault.retryAfterSeconds));
        return;
      case 'Expired':
        answer(response, expiry(fault.form));
        return;
    }
  }

  #due(): readonly Aim[] {
    this.#writes += 1;
    for (const aim of this.#aims) aim.left -= 1;
    const due = this.#aims.filter(({ left }) => left <= 0);
    this.#aims = this.#aims.filter(({ left }) => left > 0);
    return due;
  }

  /** Sends it on; `then` is what happens to the answer when the API server has given it. */
  async #forward(asked: Asked, due: readonly Aim[], then?: () => Promise<void>): Promise<void> {
    const { sort, method, url, body, socket, response } = asked;
    const written = writtenBy(method, url, body, systemClock.monotonic());
    if (written !== undefined) this.#written.push(written);
    const upstream = await this.#exchange(asked);
    const { statusCode: status = 0 } = upstream;
    this.#answers.set(status, this.answered(status) + 1);
    if (isWatch(sort) && status === 200) {
      this.#stream(upstream, socket, response);
      return;
    }
    const text = await textOf(upstream);
    const revision = revisionIn(text);
    if (written !== undefined) written.answer = { status, ...(revision !== undefined && { revision }) };
    await actAll(due, 'after');
    await then?.();
    if (!socket.destroyed) answer(response, { status, headers: passedOn(upstream), body: text });
  }

  async #exchange({ method, url, headers, body, response }: Asked): Promise<IncomingMessage> {
    const { port } = this.#options.upstream;
    const agent = this.#agent;
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const { 'transfer-encoding': _chunked, connection: _hop, ...others } = headers;
    const options = { host: '127.0.0.1', port, method, path: url, headers: { ...others, ...length }, agent };
    return await new Promise((resolve, reject) => {
      const outgoing = send(options, resolve);
      outgoing.once('error', reject);
      response.once('close', () => {
        if (!response.writableEnded) outgoing.destroy();
      });
      outgoing.end(body);
    });
  }

  /** Passes a watch on as it comes; a piece that is cut ends in the middle, and the connection with it. */
  #stream(upstream: IncomingMessage, socket: Socket, response: ServerResponse): void {
    response.writeHead(200, passedOn(upstream));
    response.flushHeaders();
    upstream.on('error', () => socket.destroy());
    upstream.on('end', () => response.end());
    upstream.on('data', (piece: Buffer) => {
      if (piece.includes('{"type":"ERROR"') && piece.includes('"code":410')) this.#expired += 1;
      const fault = this.#options.plan.next('Line');
      if (fault?.kind !== 'CutInMidLine') {
        response.write(piece);
        return;
      }
      upstream.destroy();
      response.write(piece.subarray(0, Math.ceil(piece.length / 2)), () => socket.destroy());
    });
  }
}

async function actAll(due: readonly Aim[], when: Aim['when']): Promise<void> {
  for (const aim of due) if (aim.when === when) await aim.act();
}

function sortOf(method: string, url: string): Sort {
  if (/\/leases(\/|\?|$)/.test(url)) return 'Lease';
  if (method !== 'GET') return /\/events(\/|\?|$)/.test(url) ? 'Read' : 'Write';
  if (!/[?&]watch=(true|1)(&|$)/.test(url)) return 'Read';
  return /[?&]resourceVersion=[1-9]/.test(url) ? 'Resumed' : 'Watch';
}

function isWatch(sort: Sort): boolean {
  return sort === 'Watch' || sort === 'Resumed';
}

async function textOf(message: IncomingMessage): Promise<string> {
  message.setEncoding('utf8');
  const pieces: string[] = [];
  for await (const piece of message) pieces.push(piece as string);
  return pieces.join('');
}

/** What says how a body was sent is said anew. */
function passedOn({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const { 'transfer-encoding': _chunked, 'content-length': _length, connection: _hop, ...others } = headers;
  return Object.fromEntries(Object.entries(others).map(([name, value]) => [name, String(value)]));
}

function answer(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
  response.end(body);
}
