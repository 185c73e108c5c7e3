import type { HttpRequest, HttpResponse, Transport } from '../../src/kube/transport.ts';

/** What a scripted server answers: a status with a body, or a watch that goes on. */
export type Reply =
  { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> } | WatchBody;

/** One line of a watch body. */
export function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** A watch body that a test feeds piece by piece. */
export class WatchBody {
  readonly #pieces: string[] = [];
  #end: 'open' | 'clean' | Error = 'open';
  #wake: () => void = () => undefined;

  push(text: string): this {
    this.#pieces.push(text);
    this.#wake();
    return this;
  }

  end(): this {
    this.#end = 'clean';
    this.#wake();
    return this;
  }

  cut(error: Error = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })): this {
    this.#end = error;
    this.#wake();
    return this;
  }

  async *read(signal: AbortSignal): AsyncGenerator<string> {
    signal.addEventListener('abort', () => {
      this.#wake();
    });
    for (;;) {
      signal.throwIfAborted();
      const piece = this.#pieces.shift();
      if (piece !== undefined) yield piece;
      else if (this.#end === 'clean') return;
      else if (this.#end !== 'open') throw this.#end;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

/** A peer at the wire that answers as the test says; `requests` holds what it was sent. */
export class ScriptedServer implements Transport {
  readonly server = 'https://api.test:6443';
  readonly requests: HttpRequest[] = [];
  readonly #answer: (request: HttpRequest, count: number) => Reply | Promise<Reply>;

  constructor(answer: (request: HttpRequest, count: number) => Reply | Promise<Reply>) {
    this.#answer = answer;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    const reply = await this.#answer(request, this.requests.length);
    request.signal.throwIfAborted();
    if (reply instanceof WatchBody) return { status: 200, headers: {}, body: reply.read(request.signal) };
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    return { status: reply.status, headers: reply.headers ?? {}, body: once(text) };
  }
}

/** A refusal as the API server words it. */
export function refusal(code: number, reason: string, message = reason, details?: unknown): Reply {
  return {
    status: code,
    body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details },
  };
}

/** Never answers. */
export async function silence(): Promise<Reply> {
  return await new Promise<Reply>(() => undefined);
}

/** An error of the kind Node raises when nothing listens. */
export function connectionRefused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6443'), { code: 'ECONNREFUSED' });
}

// eslint-disable-next-line @typescript-eslint/require-await -- a body is an async iterable by contract
async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
