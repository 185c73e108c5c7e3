import type { Clock } from '../base/clock.ts';
import { lateMs } from '../engine/sweep.ts';

/**
 * Until when a write may still be carried out of which nobody knows whether it was: one that this process gave up
 * without an answer, or one of the leader before it. What arrives is swept as long as the migration is there, so it
 * does not go earlier. A write that was answered cannot arrive again.
 */
export class Unanswered {
  readonly #clock: Clock;
  #until = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something may have been sent, by the monotonic clock at this time at the latest. */
  note(sentAt: number): void {
    this.#until = Math.max(this.#until, sentAt + lateMs);
  }

  /** Milliseconds until nothing can arrive any more. */
  msLeft(): number {
    return Math.max(0, this.#until - this.#clock.monotonic());
  }
}
