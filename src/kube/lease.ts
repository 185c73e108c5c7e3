import { sleep } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { LeaseLock } from './lease-lock.ts';
import { LeaseTerm } from './lease-term.ts';
import type { Transport } from './transport.ts';

/** Which Lease makes a leader, and its times. */
export interface LeaderElectorOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Of the Lease object. */
  readonly namespace: string;
  readonly name: string;
  /** Must differ between any two processes, also between two runs of the same pod. */
  readonly identity: string;
  /** After so long without a change others may take the lease. Whole seconds. Default: 15 s. */
  readonly leaseDurationMs?: number;
  /** After so long without a successful renewal the leader stops by itself. Default: 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between two tries. Default: 2 s. */
  readonly retryPeriodMs?: number;
}

/** client-go adds up to this share of the retry period, so that candidates do not all ask at once. */
const jitterFactor = 1.2;

/**
 * Leader election on a Lease as in client-go, with its default times 15/10/2 s. The leader gives up 5 s before others
 * may take over; that is a safety margin, not a fence, so writes ask `isLeader` once more right before they are sent.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #lock: LeaseLock;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  #term: LeaseTerm | undefined;
  /** What was logged last, so that an outage is logged once and not every two seconds. */
  #failure = '';

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000;
    this.#lock = new LeaseLock({
      ...options,
      leaseDurationMs: options.leaseDurationMs ?? 15_000,
      requestTimeoutMs: this.#renewDeadlineMs * 0.4, // two tries fit into the deadline
    });
  }

  /** False from the moment the renew deadline has passed, whatever timers or requests are doing. */
  isLeader(): boolean {
    return this.#term?.holds() ?? false;
  }

  /**
   * Waits for leadership and then runs the work until it ends, `signal` is aborted (both resolve; the lease is released
   * after the work has ended), or leadership is lost (aborts the work's signal, then rejects with `LeaseLostError`).
   */
  async run(signal: AbortSignal, onStartedLeading: (leaderSignal: AbortSignal) => Promise<void>): Promise<void> {
    const term = await this.#acquire(signal);
    if (term === undefined) return;
    this.#term = term;
    this.#options.log.info({ identity: this.#options.identity }, 'Started leading');
    const leaderSignal = AbortSignal.any([signal, term.signal]);
    const ended = new AbortController();
    const renewal = this.#renew(term, ended.signal);
    try {
      await onStartedLeading(leaderSignal);
    } catch (error) {
      if (!leaderSignal.aborted) throw error; // work that is told to stop may end by throwing
    } finally {
      ended.abort();
      await renewal; // a renewal under way would overtake the release
      term.close();
      await this.#release();
    }
    term.signal.throwIfAborted();
  }

  /** Tries until this process leads; undefined when `signal` is aborted first. */
  async #acquire(signal: AbortSignal): Promise<LeaseTerm | undefined> {
    const { clock, random, log } = this.#options;
    let holder = '';
    while (!signal.aborted) {
      const sentAt = clock.monotonic();
      if (await this.#try()) return new LeaseTerm(clock, this.#renewDeadlineMs, sentAt);
      if (this.#lock.holder !== holder)
        log.info({ holder: this.#lock.holder }, 'Another process leads; waiting for its lease to end');
      holder = this.#lock.holder;
      await sleep(clock, this.#retryPeriodMs * (1 + jitterFactor * random()), signal).catch(() => undefined);
    }
    return undefined;
  }

  /** Renews until the work has `ended` or the term is lost. */
  async #renew(term: LeaseTerm, ended: AbortSignal): Promise<void> {
    const { clock, identity } = this.#options;
    const over = AbortSignal.any([ended, term.signal]);
    while (!over.aborted) {
      await sleep(clock, this.#retryPeriodMs, over).catch(() => undefined);
      if (!term.holds() || ended.aborted) return;
      const sentAt = clock.monotonic();
      const renewed = await this.#try();
      if (this.#lock.holder !== identity) term.lose(`"${this.#lock.holder}" holds the lease now`);
      else if (renewed) term.extend(sentAt);
    }
  }

  /** One try to get or renew; false also when that could not be found out. */
  async #try(): Promise<boolean> {
    const { log } = this.#options;
    try {
      const held = await this.#lock.acquireOrRenew();
      this.#failure = '';
      return held;
    } catch (error) {
      const failure = String(error);
      log[failure === this.#failure ? 'debug' : 'warn']({ err: error }, 'Cannot get or renew the lease');
      this.#failure = failure;
      return false;
    }
  }

  async #release(): Promise<void> {
    try {
      await this.#lock.release();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'Cannot release the lease; the next leader has to wait for its end');
    }
  }
}
