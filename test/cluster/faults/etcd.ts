import { request, type IncomingMessage } from 'node:http';
import { sleep, systemClock } from '../../../src/base/clock.ts';

/** Occurs when etcd says something else than was asked for, or nothing any more. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError';
}

/** One change of one key, as etcd has committed it. */
export interface KeyChange {
  readonly revision: number;
  /** When it was heard of, by the clock of this process. */
  readonly at: number;
  readonly key: string;
  /** Absent when the key was deleted. */
  readonly value?: string;
  /** What was there before. */
  readonly before?: string;
}

interface KeyValue {
  readonly key: string;
  readonly value?: string;
  readonly mod_revision: string;
}

interface Header {
  readonly header: { readonly revision: string };
}

interface WatchAnswer {
  readonly error?: { readonly message?: string };
  readonly result?: Header & {
    readonly canceled?: boolean;
    readonly cancel_reason?: string;
    readonly events?: readonly { readonly type?: string; readonly kv: KeyValue; readonly prev_kv?: KeyValue }[];
  };
}

/** All keys: from the first to after the last. */
const everything = { key: base64('\0'), range_end: base64('\0') };
const patienceMs = 30_000;

/**
 * Every change of every key since a moment, in the order of the commits: read from etcd itself, whatever becomes of the
 * API servers meanwhile. A stream that ends, or a revision that is missing, is an error of whoever asks for the changes.
 */
export class EtcdHistory {
  readonly #port: number;
  readonly #changes: KeyChange[] = [];
  /** What was there at the beginning. */
  readonly base: readonly KeyChange[];
  #stream: IncomingMessage | undefined;
  #last: number;
  #failure: Error | undefined;

  private constructor(port: number, base: readonly KeyChange[], revision: number) {
    this.#port = port;
    this.base = base;
    this.#last = revision;
  }

  /** Begins now, with what stands below the prefix. */
  static async begin(port: number, prefix: string): Promise<EtcdHistory> {
    const range = { key: base64(prefix), range_end: base64(`${prefix.slice(0, -1)}0`) };
    const answer = (await post(port, '/v3/kv/range', range)) as Header & { readonly kvs?: readonly KeyValue[] };
    const base = (answer.kvs ?? []).map((each) => changeOf(each));
    const history = new EtcdHistory(port, base, Number(answer.header.revision));
    await history.#watch();
    return history;
  }

  /** All changes up to now. */
  async changes(): Promise<readonly KeyChange[]> {
    const until = await revisionOf(this.#port);
    const deadline = systemClock.monotonic() + patienceMs;
    while (this.#last < until) {
      if (this.#failure !== undefined) throw this.#failure;
      if (systemClock.monotonic() > deadline)
        throw new EtcdError(`of revision ${String(until)} only ${String(this.#last)} was heard of`);
      await sleep(systemClock, 50);
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#changes;
  }

  /** Has etcd forget what was before now, once it was read here. */
  async compact(): Promise<void> {
    await this.changes();
    await post(this.#port, '/v3/kv/compaction', { revision: String(this.#last), physical: true });
  }

  stop(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.destroy();
  }

  async #watch(): Promise<void> {
    const create = { ...everything, start_revision: String(this.#last + 1), prev_kv: true };
    this.#stream = await open(this.#port, '/v3/watch', { create_request: create });
    void this.#read(this.#stream);
  }

  async #read(stream: IncomingMessage): Promise<void> {
    let rest = '';
    try {
      for await (const piece of stream) {
        const lines = `${rest}${piece as string}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.#take(JSON.parse(line) as WatchAnswer);
      }
      throw new EtcdError('the watch ended');
    } catch (error) {
      if (this.#stream === stream) this.#failure = error as Error;
    }
  }

  #take({ error, result }: WatchAnswer): void {
    if (error !== undefined || result?.canceled === true)
      throw new EtcdError(error?.message ?? result?.cancel_reason ?? 'the watch was cancelled');
    for (const { kv, prev_kv: before, type } of result?.events ?? []) {
      const change = changeOf(kv, type === 'DELETE', before);
      if (change.revision > this.#last + 1)
        throw new EtcdError(`revision ${String(change.revision)} came after ${String(this.#last)}`);
      this.#last = change.revision;
      this.#changes.push(change);
    }
  }
}

function changeOf(kv: KeyValue, isDelete = false, before?: KeyValue): KeyChange {
  return {
    revision: Number(kv.mod_revision),
    at: systemClock.monotonic(),
    key: plain(kv.key),
    ...(!isDelete && { value: plain(kv.value ?? '') }),
    ...(before !== undefined && { before: plain(before.value ?? '') }),
  };
}

async function revisionOf(port: number): Promise<number> {
  const answer = (await post(port, '/v3/kv/range', { key: base64('none') })) as Header;
  return Number(answer.header.revision);
}

async function post(port: number, path: string, body: object): Promise<unknown> {
  const pieces: string[] = [];
  for await (const piece of await open(port, path, body)) pieces.push(piece as string);
  return JSON.parse(pieces.join('')) as unknown;
}

/** The gateway of etcd takes and gives JSON, with keys and values in base64. */
async function open(port: number, path: string, body: object): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', agent: false }, (response) => {
      response.setEncoding('utf8');
      if (response.statusCode === 200) resolve(response);
      else reject(new EtcdError(`etcd answered ${String(response.statusCode)} to ${path}`));
    });
    outgoing.once('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function plain(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString('utf8');
}
