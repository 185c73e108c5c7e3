import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';

const baseDelayMs = 50;
const maxDelayMs = 60_000;

/**
 * Keys that need a look. A key is in work at most once at a time; added again meanwhile it is looked at once more
 * afterwards, and any number of additions count as one (client-go's workqueue).
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ready = new Set<string>();
  readonly #working = new Set<string>();
  readonly #delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  /** Monotonic time until which a key rests: only while it does, or until it is added again. */
  readonly #restsUntil = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Keys waiting to be taken now. */
  get length(): number {
    return this.#ready.size;
  }

  /** Adds the key now, or when its rest is over. */
  add(key: string): void {
    const restMs = (this.#restsUntil.get(key) ?? 0) - this.#clock.monotonic();
    if (restMs > 0) {
      this.addAfter(key, restMs);
      return;
    }
    this.#restsUntil.delete(key);
    this.#ready.add(key);
    this.#wake();
  }

  /** The key is not taken for `ms`, whatever is added meanwhile: what is dear to look at leaves time for the others. */
  rest(key: string, ms: number): void {
    this.#restsUntil.set(key, this.#clock.monotonic() + ms);
    if (this.#ready.delete(key)) this.addAfter(key, ms);
  }

  /** Adds the key after `ms`; an earlier time that is already set stays. */
  addAfter(key: string, ms: number): void {
    const at = this.#clock.monotonic() + ms;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = this.#clock.timer(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, cancel });
  }

  /** Adds the key after a delay that doubles with every failure in a row, with jitter. */
  addFailed(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAfter(key, Math.min(maxDelayMs, baseDelayMs * 2 ** failures) * (0.5 + this.#random()));
  }

  /** Ends a row of failures. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** How often the key failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, as soon as there is one that is not in work; undefined once `signal` is aborted. */
  async take(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      for (const key of this.#ready) {
        if (this.#working.has(key)) continue;
        this.#ready.delete(key);
        this.#working.add(key);
        return key;
      }
      await this.#somethingToDo(signal);
    }
    return undefined;
  }

  async #somethingToDo(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** The work on a key that was taken is over. */
  done(key: string): void {
    this.#working.delete(key);
    if (this.#ready.has(key)) this.#wake();
  }

  /** Cancels every delay. */
  stop(): void {
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
  }
}
