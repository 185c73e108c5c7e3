import type { Clock } from '../base/clock.ts';
import { readAlerts, readAnswer, readCourses, type Course, type FiringAlert, type Sample } from './answer.ts';
import { readBody } from './body.ts';
import { PrometheusError, PrometheusQueryError, PrometheusRefusedError, PrometheusUnreachableError } from './errors.ts';
import type { PrometheusResponse, PrometheusTransport } from './transport.ts';

/** How long and how large an answer may be. */
export interface PrometheusLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** Below the two minutes after which Prometheus gives a query up (`--query.timeout`); 16 MiB are some 50,000 series. */
export const defaultLimits: PrometheusLimits = { timeoutMs: 60_000, maxBytes: 16 * 2 ** 20 };

/** Times that are equally far from each other; at most some thousand of them (Prometheus refuses more than 11,000). */
export interface Times {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

/** What is to be done about an HTTP status that is no answer. */
const remedies: Readonly<Record<number, string>> = {
  401: 'it wants to know who asks: see --prometheus-token-file',
  403: 'it does not allow the question to the token of --prometheus-token-file',
  404: 'it serves no such path there: --prometheus-url needs the path below which it does',
};

/** Asks one Prometheus, or whatever speaks its HTTP API. */
export class PrometheusClient {
  readonly #transport: PrometheusTransport;
  readonly #clock: Clock;
  readonly #limits: PrometheusLimits;
  #apartMs = 0;

  constructor(transport: PrometheusTransport, clock: Clock, limits = defaultLimits) {
    this.#transport = transport;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** For messages. */
  get server(): string {
    return this.#transport.server;
  }

  /**
   * By how much its clock is ahead of ours at the least, or behind it where that is negative, as its last answer says
   * (`Date`); nothing where that cannot be told.
   */
  get apartMs(): number {
    return this.#apartMs;
  }

  /**
   * The instant vector of an expression at a time (milliseconds since the epoch). Throws a {@link PrometheusError}, or
   * the reason of `signal`.
   */
  async query(expression: string, at: number, signal: AbortSignal): Promise<readonly Sample[]> {
    return await this.#ask('query', { query: expression, time: String(at / 1000) }, readAnswer, signal);
  }

  /**
   * What an expression is at each of some times, the first and the last among them (milliseconds since the epoch). Throws
   * a {@link PrometheusError}, or the reason of `signal`.
   */
  async courses(expression: string, { from, to, stepMs }: Times, signal: AbortSignal): Promise<readonly Course[]> {
    const times = { start: String(from / 1000), end: String(to / 1000), step: String(stepMs / 1000) };
    return await this.#ask('query_range', { query: expression, ...times }, readCourses, signal);
  }

  /** What alerts of its rules fire now. Throws a {@link PrometheusError}, or the reason of `signal`. */
  async alerts(signal: AbortSignal): Promise<readonly FiringAlert[]> {
    return await this.#ask('alerts', {}, readAlerts, signal);
  }

  async #ask<T>(
    endpoint: string,
    question: Readonly<Record<string, string>>,
    read: (text: string) => T,
    signal: AbortSignal,
  ): Promise<T> {
    // Its own timeout is the same: it does not go on for somebody who has gone away.
    const form = new URLSearchParams({ ...question, timeout: `${Math.ceil(this.#limits.timeoutMs / 1000)}s` });
    return await this.#bounded(signal, async (bounded) => {
      const asked = this.#clock.now();
      const response = await this.#transport.get(`/api/v1/${endpoint}?${form.toString()}`, bounded);
      this.#apartMs = apart(response.headers['date'], asked, this.#clock.now());
      return await this.#read(response, read);
    });
  }

  async #read<T>(response: PrometheusResponse, read: (text: string) => T): Promise<T> {
    const text = await readBody(response, this.#limits.maxBytes);
    const { status } = response;
    if (status >= 200 && status < 300) return read(text);
    throw refusal(status, text);
  }

  /** Races the work against deadline and signal: a transport that ignores its signal cannot hold anybody up. */
  async #bounded<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const controller = new AbortController();
    const ended = new Promise<never>((_resolve, reject) => {
      controller.signal.addEventListener(
        'abort',
        () => {
          reject(controller.signal.reason as Error);
        },
        { once: true },
      );
    });
    const { timeoutMs } = this.#limits;
    const cancel = this.#clock.timer(timeoutMs, () => {
      controller.abort(new PrometheusUnreachableError(`it has not answered within ${timeoutMs / 1000} s`));
    });
    const onAbort = (): void => {
      controller.abort(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([work(controller.signal), ended]);
    } catch (error) {
      signal.throwIfAborted();
      throw asPrometheusError(controller.signal.aborted ? controller.signal.reason : error);
    } finally {
      cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** The head is written at some time between these two, and says it in whole seconds. */
function apart(date: string | undefined, asked: number, answered: number): number {
  const written = Date.parse(date ?? '');
  if (Number.isNaN(written)) return 0;
  return Math.max(0, written - answered) + Math.min(0, written + 1000 - asked);
}

/** Prometheus says in JSON why a query failed (400, 422, 503); everything else speaks for whatever stands before it. */
function refusal(status: number, text: string): PrometheusError {
  try {
    readAnswer(text);
  } catch (error) {
    if (error instanceof PrometheusQueryError) return error;
  }
  return new PrometheusRefusedError(
    status,
    remedies[status] === undefined ? `it answers HTTP ${status}` : `it answers HTTP ${status}; ${remedies[status]}`,
  );
}

/** Node.js joins the failures of several addresses into an error without a message. */
function asPrometheusError(error: unknown): PrometheusError {
  if (error instanceof PrometheusError) return error;
  const { message, code = 'no reason is known' } = error as NodeJS.ErrnoException;
  return new PrometheusUnreachableError(`it cannot be asked: ${message === '' ? code : message}`, { cause: error });
}
