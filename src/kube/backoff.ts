import type { Random } from '../base/random.ts';

/** How waits grow: `baseMs * factor^n`, at most `maxMs`, plus a random share of up to `jitter` of that. */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly factor: number;
  readonly jitter: number;
}

/** Growing, jittered waits between attempts, so that many clients do not come back at the same instant. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #failures = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** Counts one failure and returns how long to wait; never less than what the server asked for. */
  next(retryAfterMs = 0): number {
    const { baseMs, maxMs, factor, jitter } = this.#options;
    const wait = Math.min(baseMs * factor ** this.#failures, maxMs);
    this.#failures += 1;
    return Math.max(wait, retryAfterMs) * (1 + jitter * this.#random());
  }

  /** After a success: the next wait is short again. */
  reset(): void {
    this.#failures = 0;
  }
}
