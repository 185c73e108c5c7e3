import { sleep } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { Backoff } from './backoff.ts';
import { isRetryable } from './errors.ts';

/** How often, and on which clock, a request is repeated. */
export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** In all, the first one included. */
  readonly attempts: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Repeats `attempt` while it fails with an error that surely changed nothing and may pass. Waits grow from 0.2 s and
 * are never shorter than what the server's Retry-After asks for.
 */
export async function retry<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const backoff = new Backoff({ baseMs: 200, maxMs: 5_000, factor: 3, jitter: 0.5 }, options.random);
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (made >= options.attempts || !isRetryable(error)) throw error;
      await sleep(options.clock, backoff.next(error.retryAfterMs), options.signal);
    }
  }
}
