import type { Clock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { TimerQueue, type Timer } from './timer-queue.ts';

/** Occurs when a virtual run cannot go on: nothing is left to do, or the limit of virtual time is reached. */
export class VirtualTimeError extends Error {
  override readonly name = 'VirtualTimeError';
}

/** How a virtual clock starts. */
export interface VirtualClockOptions {
  /** Wall-clock time at the start; default 2026-01-01T00:00:00Z. */
  readonly start?: number;
  /** Orders timers that are due at the same instant; without it they fire in the order they were set. */
  readonly random?: Random;
  /** Records where each timer was set, for the message of {@link VirtualTimeError}; slow. */
  readonly trace?: boolean;
}

/** When a virtual run gives up. */
export interface RunLimits {
  /** Virtual milliseconds from the call; default one day. */
  readonly maxMs?: number;
}

const defaultStart = Date.UTC(2026, 0, 1);
const oneDay = 86_400_000;
/**
 * Event-loop turns without a new timer after which the process counts as idle: a promise chain needs one, a stream two.
 */
const idleTurns = 3;

/**
 * A clock that moves only when nothing else can: `run` lets all promises and immediates settle, then jumps to the next
 * timer. Everything in the process must resolve by promises, immediates and this clock; then a run depends only on its
 * seeds.
 */
export class VirtualClock implements Clock {
  private readonly start: number;
  private readonly trace: boolean;
  private readonly timers: TimerQueue;
  private elapsed = 0;
  private set = 0;

  constructor(options: VirtualClockOptions = {}) {
    this.start = options.start ?? defaultStart;
    this.trace = options.trace ?? false;
    this.timers = new TimerQueue(options.random);
  }

  now(): number {
    return this.start + this.elapsed;
  }

  monotonic(): number {
    return this.elapsed;
  }

  timer(ms: number, callback: () => void): () => void {
    this.set += 1;
    const origin = this.trace ? (new Error().stack ?? '').split('\n').slice(2, 4).join(' ').trim() : callback.name;
    const timer = this.timers.add(this.elapsed + Math.max(0, ms), callback, origin);
    return () => {
      this.timers.cancel(timer);
    };
  }

  /** Timers that are still set. */
  get pending(): number {
    return this.timers.size;
  }

  /**
   * Advances until `until` is settled or returns true; resolves with the promise's value.
   * Throws {@link VirtualTimeError} when no timer is left or the next one lies beyond the limit.
   */
  run<T>(until: Promise<T>, limits?: RunLimits): Promise<T>;
  run(until: () => boolean, limits?: RunLimits): Promise<void>;
  async run<T>(until: Promise<T> | (() => boolean), limits: RunLimits = {}): Promise<T | undefined> {
    const deadline = this.elapsed + (limits.maxMs ?? oneDay);
    const goal: Goal<T> = typeof until === 'function' ? predicate<T>(until) : settlement(until);
    for (;;) {
      await this.idle();
      if (goal.reached()) return goal.value();
      const next = this.timers.peek();
      if (next === undefined)
        throw new VirtualTimeError(`nothing is left to do at ${this.describe()}, and the run has not reached its goal`);
      if (next.due > deadline) throw new VirtualTimeError(`the limit of virtual time is reached at ${this.describe()}`);
      this.fire(next);
    }
  }

  /** Advances by exactly `ms`, firing what becomes due. */
  async advance(ms: number): Promise<void> {
    let due = false;
    this.timer(ms, () => {
      due = true;
    });
    await this.run(() => due && (this.timers.peek()?.due ?? Infinity) > this.elapsed, { maxMs: ms });
  }

  /** Waits until all that can happen without the clock has happened. */
  async idle(): Promise<void> {
    let quiet = 0;
    while (quiet < idleTurns) {
      const before = this.set;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      quiet = this.set === before ? quiet + 1 : 0;
    }
  }

  private fire(timer: Timer): void {
    this.timers.cancel(timer);
    this.elapsed = Math.max(this.elapsed, timer.due);
    timer.callback();
  }

  private describe(): string {
    const listed = this.timers
      .list()
      .slice(0, 10)
      .map(
        (timer) => `  +${String(timer.due - this.elapsed)} ms ${timer.origin === '' ? '(anonymous)' : timer.origin}`,
      );
    const at = `${new Date(this.now()).toISOString()} (+${String(this.elapsed)} ms)`;
    return listed.length === 0
      ? `${at} with no timer pending`
      : `${at} with ${String(this.timers.size)} timers pending:\n${listed.join('\n')}\n`;
  }
}

interface Goal<T> {
  reached(): boolean;
  value(): T | undefined | Promise<T>;
}

function predicate<T>(until: () => boolean): Goal<T> {
  return { reached: until, value: () => undefined };
}

function settlement<T>(until: Promise<T>): Goal<T> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  until.then(mark, mark);
  return { reached: () => settled, value: () => until };
}
