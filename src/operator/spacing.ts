import type { Clock } from '../base/clock.ts';

/** So many come as soon as they are there. */
const atOnce = 10;

/** After these, one in so many milliseconds. */
const everyMs = 6000;

interface Spent {
  /** Of `atOnce`, as of that time. */
  readonly count: number;
  readonly at: number;
}

/**
 * Spaces what a tenant can have written as often as he likes: an ordinary beginning takes some statuses at once, and
 * whoever has his namespace judged anew ten times a second gets no more than its newest state now and then. Memory that
 * may be lost.
 */
export class Spacing {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #spent = new Map<string, Spent>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** In how many milliseconds the next may be written; 0 if it may now. */
  dueInMs(key: string): number {
    return Math.max(0, Math.ceil((this.#countOf(key) - atOnce + 1) * everyMs));
  }

  /** One was written. */
  wrote(key: string): void {
    this.#spent.set(key, { count: this.#countOf(key) + 1, at: this.#clock.monotonic() });
  }

  /** Its record is gone. */
  forget(key: string): void {
    this.#spent.delete(key);
  }

  #countOf(key: string): number {
    const known = this.#spent.get(key);
    return known === undefined ? 0 : Math.max(0, known.count - (this.#clock.monotonic() - known.at) / everyMs);
  }
}
