import type { Clock } from '../base/clock.ts';
import { lateMs } from '../engine/sweep.ts';

/**
 * For how long this process has sent nothing that changes a namespace. Memory that may be lost: of a namespace that was
 * never written to, the time counts from the first look, because what another process sent is not known.
 */
export class Quiet {
  readonly #clock: Clock;
  readonly #since = new Map<string, number>();
  readonly #swept = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds. */
  ms(key: string): number {
    const now = this.#clock.monotonic();
    const since = this.#since.get(key) ?? now;
    this.#since.set(key, since);
    return now - since;
  }

  /** Right before a write is sent: from now on it may arrive. */
  wrote(key: string): void {
    this.#since.set(key, this.#clock.monotonic());
    this.#swept.delete(key);
  }

  /**
   * After objects were looked for that nobody watches, `quietMs` after the last write: it counts when none could arrive
   * any more.
   */
  swept(key: string, quietMs: number): void {
    if (quietMs >= lateMs) this.#swept.add(key);
  }

  /** The namespace is gone, or another one. */
  forget(key: string): void {
    this.#since.delete(key);
    this.#swept.delete(key);
  }

  /** Whether they were, since the last write. */
  isSwept(key: string): boolean {
    return this.#swept.has(key);
  }
}
