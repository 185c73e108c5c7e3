import type { HttpRequest, HttpResponse, Transport } from '../../src/kube/transport.ts';
import { connectionRefused } from './scripted-server.ts';

/** What the line does to a chunk of an open body: pass it, break the connection, or change it. */
type ChunkFault = (chunk: string) => string;

/** A connection to a server that a test can break in the ways in which real ones break. */
export class FaultyLine implements Transport {
  readonly server: string;
  readonly requests: HttpRequest[] = [];
  /** While true, connections are refused. */
  down = false;
  readonly #inner: Transport;
  readonly #cuts = new Set<(error: Error) => void>();
  #held: { readonly until: Promise<void>; readonly release: () => void } | undefined;
  #fault: ChunkFault | undefined;

  constructor(inner: Transport) {
    this.#inner = inner;
    this.server = inner.server;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    if (this.down) throw connectionRefused();
    const response = await this.#inner.send(request);
    return request.path.includes('watch=true') ? { ...response, body: this.#body(response, request.signal) } : response;
  }

  /** Breaks every open watch. */
  cut(): void {
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    for (const cut of this.#cuts) cut(error);
  }

  /** Holds back what watches deliver until `release`: the peer is there, its bytes are not. */
  hold(): void {
    if (this.#held !== undefined) return;
    let release: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#held = { until, release };
  }

  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }

  /** Does something to the next piece of any watch. */
  spoilNext(fault: ChunkFault): void {
    this.#fault = fault;
  }

  async *#body({ body }: HttpResponse, signal: AbortSignal): AsyncGenerator<string> {
    let cut: (error: Error) => void = () => undefined;
    const broken = new Promise<never>((_resolve, reject) => {
      cut = reject;
    });
    broken.catch(() => undefined); // it may break when nobody reads
    this.#cuts.add(cut);
    signal.addEventListener('abort', () => {
      cut(signal.reason as Error);
    });
    const pieces = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await Promise.race([pieces.next(), broken]);
        if (next.done === true) return;
        if (this.#held !== undefined) await Promise.race([this.#held.until, broken]);
        const fault = this.#fault;
        this.#fault = undefined;
        yield fault === undefined ? next.value : fault(next.value);
      }
    } finally {
      this.#cuts.delete(cut);
      await pieces.return?.();
    }
  }
}
