import type { Clock } from '../base/clock.ts';

/** The lease could not be renewed in time or another process holds it: everything this process was doing must end. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/**
 * One term of leadership. It is over, for good, as soon as the renew deadline passes without a renewal: a process that
 * was suspended, or an answer that comes too late, does not bring it back.
 */
export class LeaseTerm {
  readonly #clock: Clock;
  readonly #renewDeadlineMs: number;
  readonly #over = new AbortController();
  #until: number;
  #cancel: () => void;

  /** `sentAt` is when the request that got the lease was sent: the server may have begun to count then. */
  constructor(clock: Clock, renewDeadlineMs: number, sentAt: number) {
    this.#clock = clock;
    this.#renewDeadlineMs = renewDeadlineMs;
    this.#until = sentAt + renewDeadlineMs;
    this.#cancel = this.#arm();
  }

  /** Aborted with a `LeaseLostError` when the term is lost. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Asks the clock, not a timer: right even while the event loop is late. */
  holds(): boolean {
    return !this.#over.signal.aborted && this.#clock.monotonic() < this.#until;
  }

  /** After a renewal that was sent at `sentAt`. */
  extend(sentAt: number): void {
    if (!this.holds()) {
      this.#expire();
      return;
    }
    this.#until = sentAt + this.#renewDeadlineMs;
    this.#cancel();
    this.#cancel = this.#arm();
  }

  /** Ends the term because it was lost. */
  lose(why: string): void {
    this.#cancel();
    this.#over.abort(new LeaseLostError(why));
  }

  /** Ends the term because the work is done. */
  close(): void {
    this.#cancel();
    this.#until = -Infinity;
  }

  #arm(): () => void {
    return this.#clock.timer(this.#until - this.#clock.monotonic(), () => {
      this.#expire();
    });
  }

  #expire(): void {
    this.lose(`the lease could not be renewed within ${String(this.#renewDeadlineMs / 1000)} s`);
  }
}
