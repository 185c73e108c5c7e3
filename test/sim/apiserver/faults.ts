import { sleep, type Clock } from '../../../src/base/clock.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../../src/kube/transport.ts';
import { SimStatusError } from '../sim-api.ts';
import { expired, statusOf } from './errors.ts';
import { FaultRules, verbOf, type Fault, type FaultRule } from './fault-rules.ts';
import { HeldBody } from './held-body.ts';
import { replyError } from './http-reply.ts';
import { wholeText } from './text-stream.ts';

/** Occurs when a fault breaks a connection, as a socket error would. */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault';
  readonly code = 'ECONNRESET';
}

const refusals: Readonly<Record<403 | 409 | 422 | 429 | 500 | 503 | 504, readonly [reason: string, message: string]>> =
  {
    403: ['Forbidden', 'admission webhook "policy.example.com" denied the request: not here'],
    409: [
      'Conflict',
      'Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again',
    ],
    422: ['Invalid', 'the object is invalid'],
    429: ['TooManyRequests', 'too many requests, please try again later'],
    500: ['InternalError', 'Internal error occurred: etcdserver: request timed out'],
    503: ['ServiceUnavailable', 'apiserver is shutting down'],
    504: ['Timeout', 'Timeout: request did not complete within the allotted timeout'],
  };

function refuse(fault: Extract<Fault, { kind: 'Refuse' }>): HttpResponse {
  const [reason, message] = refusals[fault.status];
  const details = fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds };
  return replyError(new SimStatusError(fault.status, reason, message, details));
}

function expire(form: 'Status' | 'Event'): HttpResponse {
  const error = expired('too old resource version: 1 (2)');
  if (form === 'Status') return replyError(error);
  const line = `${JSON.stringify({ type: 'ERROR', object: statusOf(error) })}\n`;
  return { status: 200, headers: { 'content-type': 'application/json' }, body: wholeText(line) };
}

async function* cutAfter(body: AsyncIterable<string>, pieces: number): AsyncGenerator<string> {
  let left = pieces;
  for await (const piece of body) {
    if (left <= 0) break;
    left -= 1;
    yield piece;
  }
  throw new ConnectionFault('the connection broke while the body was read');
}

/** Resolves never, rejects when the client gives up. */
async function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * A connection with faults, between a client and any transport. What happens to which request is data (rules), so a run
 * can be repeated; outages, cut and stale watches are switched by the test.
 */
export class FaultyTransport implements Transport {
  readonly server: string;
  private readonly inner: Transport;
  private readonly clock: Clock;
  private readonly rules = new FaultRules();
  private readonly watches = new Set<HeldBody>();
  private staleAt: number | undefined;
  private down = false;
  private written = 0;

  constructor(inner: Transport, clock: Clock, rules: readonly FaultRule[] = []) {
    this.inner = inner;
    this.clock = clock;
    this.server = inner.server;
    for (const rule of rules) this.rules.add(rule);
  }

  /** Writes that the client has sent, whatever became of them: to place a fault at each in turn. */
  get writes(): number {
    return this.written;
  }

  /** Adds a rule; it counts from here. */
  add(rule: FaultRule): void {
    this.rules.add(rule);
  }

  /** Ends all faults: rules, outage and staleness. */
  heal(): void {
    this.rules.clear();
    this.down = false;
    this.refresh();
  }

  /** While on, nothing gets through; it begins by breaking every watch. */
  outage(on: boolean): void {
    this.down = on;
    if (on) this.cutWatches();
  }

  /** Breaks every open watch. */
  cutWatches(): void {
    for (const watch of [...this.watches]) watch.cut(new ConnectionFault('the connection of the watch broke'));
  }

  /**
   * From now on the client's view of the past stands still at a revision: events and bookmarks are held back, and lists
   * that allow any version (resourceVersion=0) show that one. Consistent reads and writes go through, as behind a
   * lagging watch cache.
   */
  goStale(revision: number): void {
    this.staleAt = revision;
    for (const watch of this.watches) watch.hold(true);
  }

  /** Ends staleness: what was held back arrives at once. */
  refresh(): void {
    this.staleAt = undefined;
    for (const watch of this.watches) watch.hold(false);
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    if (verbOf(request) === 'Write') this.written += 1;
    const fault = this.rules.next(request);
    if (this.down) throw new ConnectionFault('connect ECONNREFUSED');
    switch (fault?.kind) {
      case undefined:
        return this.forward(request);
      case 'LostRequest':
        throw new ConnectionFault('the connection broke before the request was sent');
      case 'LostResponse': {
        await this.forward(request);
        throw new ConnectionFault('the connection broke before the answer arrived');
      }
      case 'SlowRequest':
        await sleep(this.clock, fault.ms, request.signal);
        return this.forward(request);
      case 'LateRequest':
        this.clock.timer(fault.ms, () => {
          this.forward({ ...request, signal: new AbortController().signal }).catch(() => undefined);
        });
        return hang(request.signal);
      case 'SlowResponse': {
        const response = await this.forward(request);
        await sleep(this.clock, fault.ms, request.signal);
        return response;
      }
      case 'Hang':
        return hang(request.signal);
      case 'Refuse':
        return refuse(fault);
      case 'Expired':
        return expire(fault.form);
      case 'CutBody': {
        const response = await this.forward(request);
        return { ...response, body: cutAfter(response.body, fault.afterPieces) };
      }
    }
  }

  private async forward(request: HttpRequest): Promise<HttpResponse> {
    const verb = verbOf(request);
    const response = await this.inner.send(verb === 'Read' ? this.inThePast(request) : request);
    if (verb !== 'Watch' || response.status !== 200) return response;
    const body = new HeldBody(response.body, this.staleAt !== undefined, () => {
      this.watches.delete(body);
    });
    this.watches.add(body);
    return { ...response, body };
  }

  private inThePast(request: HttpRequest): HttpRequest {
    if (
      this.staleAt === undefined ||
      !/[?&]resourceVersion=0(&|$)/.test(request.path) ||
      request.path.includes('continue=')
    )
      return request;
    const path = request.path.replace(/([?&]resourceVersion=)0/, `$1${String(this.staleAt)}`);
    return { ...request, path: `${path.replace(/&resourceVersionMatch=[^&]*/, '')}&resourceVersionMatch=Exact` };
  }
}
