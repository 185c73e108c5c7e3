import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';

const baseDelayMs = 50;
const maxDelayMs = 60_000;

/**
 * After a look that took long, its key leaves the others this many times as long: no object of one tenant takes more
 * than a fifth of the time.
 */
const restFactor = 4;
/** Shorter looks need no rest. */
const shortLookMs = 50;
/** The longest rest: a rollback of that namespace has to hear of its pods. */
const longestRestMs = 10_000;

/** How long a key rests after a look that took so long. */
export function restAfterMs(tookMs: number): number {
  return tookMs > shortLookMs ? Math.min(longestRestMs, tookMs * restFactor) : 0;
}

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
  /** Keys in a row of failures that were looked at before their time, because somebody wants something else of them. */
  readonly #hastened = new Set<string>();
  /** Monotonic time until which a key rests: only while it does, or until it is added again. */
  readonly #restsUntil = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  /**
   * While a key was taken in this turn. Looks that write nothing would follow each other without an end: between any
   * two the Lease is renewed and probes are answered.
   */
  #endTurn: (() => void) | undefined;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Keys that are waited for: those of objects that are gone are not among them, or they would be looked at for ever.
   */
  get waiting(): number {
    return this.#delayed.size;
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
    this.#restsUntil.set(key, Math.max(this.#restsUntil.get(key) ?? 0, this.#clock.monotonic() + ms));
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

  /**
   * Adds the key after a delay that doubles with every failure in a row, with jitter; nothing that is added meanwhile
   * shortens it. Whatever makes a look fail, events go on, and a namespace that is next in line is named again at each
   * change: without the rest it would be looked at, and would write, without a pause.
   */
  addFailed(key: string): void {
    const ms = this.#nextDelayMs(key);
    this.rest(key, ms);
    this.addAfter(key, ms);
  }

  /**
   * The same for a picture that was old: what comes next makes it a new one, so whoever adds the key ends the delay.
   */
  addStale(key: string): void {
    this.addAfter(key, this.#nextDelayMs(key));
  }

  /**
   * Adds the key because a person wants something else of it: once in a row of failures that is not left to wait,
   * because the way back may be what does not fail.
   */
  addWanted(key: string): void {
    if ((this.#failures.get(key) ?? 0) > 0 && !this.#hastened.has(key)) {
      this.#hastened.add(key);
      this.#restsUntil.delete(key);
    }
    this.add(key);
  }

  #nextDelayMs(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(maxDelayMs, baseDelayMs * 2 ** failures) * (0.5 + this.#random());
  }

  /** The object of the key is gone: nothing is kept of it. */
  drop(key: string): void {
    this.forget(key);
    this.#restsUntil.delete(key);
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }

  /** Ends a row of failures. */
  forget(key: string): void {
    this.#failures.delete(key);
    this.#hastened.delete(key);
  }

  /** How often the key failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, as soon as there is one that is not in work; undefined once `signal` is aborted. */
  async take(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      const key = this.#endTurn === undefined ? this.#next() : undefined;
      if (key !== undefined) return key;
      await this.#somethingToDo(signal);
    }
    return undefined;
  }

  /** The first that is not in work; whoever takes it is the only one in this turn of the event loop. */
  #next(): string | undefined {
    for (const key of this.#ready) {
      if (this.#working.has(key)) continue;
      this.#ready.delete(key);
      this.#working.add(key);
      this.#endTurn = this.#clock.timer(0, () => {
        this.#endTurn = undefined;
        this.#wake();
      });
      return key;
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
    this.#endTurn?.();
  }
}
