import type { Clock } from '../base/clock.ts';
import { errorFromWatchEvent } from './error-from-response.ts';
import type { RequestLabel } from './errors.ts';
import type { KubeObject } from '../api/object.ts';
import type { HttpResponse } from './transport.ts';

/** One line of a watch. A bookmark's object carries its resourceVersion and nothing else of interest. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

/** Nothing arrived for too long: the connection may be half-open (the peer is gone without a FIN). */
export class WatchIdleError extends Error {
  override readonly name = 'WatchIdleError';
  constructor(ms: number) {
    super(`the watch was silent for ${String(ms / 1000)} s`);
  }
}

/**
 * A line that is not a watch event, or half a line at the end. What it said is lost, so the stream cannot be continued.
 */
export class WatchFormatError extends Error {
  override readonly name = 'WatchFormatError';
}

/** What `watchEvents` needs besides the response. */
export interface WatchReading {
  readonly clock: Clock;
  /** After so long without a byte `abort` is called; asked again at each timer, so it may change on the way. */
  readonly idleMs: () => number;
  /** Ends the request, so that the body throws. */
  readonly abort: (reason: Error) => void;
  /** For errors. */
  readonly request: RequestLabel;
}

/**
 * The events of a watch until the server ends it. Throws the `ApiError` of an ERROR event, `WatchFormatError`,
 * `WatchIdleError`, or whatever broke the connection.
 */
export async function* watchEvents(
  response: HttpResponse,
  reading: WatchReading,
): AsyncGenerator<WatchEvent, void, undefined> {
  const idle = new IdleGuard(reading);
  try {
    let line: string[] = [];
    for await (const chunk of response.body) {
      idle.touch();
      const pieces = chunk.split('\n');
      const last = pieces.pop() ?? '';
      for (const piece of pieces) {
        line.push(piece);
        const text = line.join('');
        line = [];
        if (text !== '') yield parseEvent(text, reading.request);
      }
      if (last !== '') line.push(last);
    }
    if (idle.error !== undefined) throw idle.error;
    if (line.length > 0) throw new WatchFormatError('the watch ended in the middle of a line');
  } catch (error) {
    throw idle.error ?? error;
  } finally {
    idle.stop();
  }
}

function parseEvent(line: string, request: RequestLabel): WatchEvent {
  const event = parseLine(line);
  if (event.type === 'ERROR') throw errorFromWatchEvent(event.object, request);
  if (!isWatchEvent(event))
    throw new WatchFormatError(`the watch sent an event of unknown form: ${line.slice(0, 100)}`);
  return event;
}

function parseLine(line: string): { readonly type?: unknown; readonly object?: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    throw new WatchFormatError(`the watch sent a line that is not JSON: ${line.slice(0, 100)}`, { cause: error });
  }
}

const types: readonly unknown[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'];

function isWatchEvent(event: { readonly type?: unknown; readonly object?: unknown }): event is WatchEvent {
  const object = event.object as { readonly metadata?: { readonly resourceVersion?: unknown } } | null | undefined;
  return types.includes(event.type) && typeof object?.metadata?.resourceVersion === 'string';
}

/**
 * One timer for the whole stream instead of one per chunk: it looks when the last byte came and sleeps for the rest.
 */
class IdleGuard {
  readonly #reading: WatchReading;
  #lastByte: number;
  #cancel: () => void;
  error: WatchIdleError | undefined;

  constructor(reading: WatchReading) {
    this.#reading = reading;
    this.#lastByte = reading.clock.monotonic();
    this.#cancel = this.#arm(reading.idleMs());
  }

  touch(): void {
    this.#lastByte = this.#reading.clock.monotonic();
  }

  stop(): void {
    this.#cancel();
  }

  #arm(ms: number): () => void {
    return this.#reading.clock.timer(ms, () => {
      const { clock, abort } = this.#reading;
      const idleMs = this.#reading.idleMs();
      const left = this.#lastByte + idleMs - clock.monotonic();
      if (left > 0) {
        this.#cancel = this.#arm(left);
        return;
      }
      this.error = new WatchIdleError(idleMs);
      abort(this.error);
    });
  }
}
