/**
 * Time, injected everywhere, so that the whole operator also runs on a virtual clock.
 * Nothing outside `systemClock` may read `Date` or set a timer.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch: for timestamps that people or other programs read. */
  now(): number;
  /** Milliseconds from an arbitrary origin that never go back: for deadlines and leases. */
  monotonic(): number;
  /** Calls `callback` once after `ms` milliseconds; the returned function cancels it. */
  timer(ms: number, callback: () => void): () => void;
}

/** The real clock. A pending timer keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, callback) {
    const handle = setTimeout(callback, Math.min(Math.max(ms, 0), 2 ** 31 - 1));
    return () => {
      clearTimeout(handle);
    };
  },
};

/** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as `signal` is aborted. */
export async function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.timer(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    function onAbort(): void {
      cancel();
      reject(signal?.reason as Error);
    }
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The instant as the API server prints it: RFC 3339 in UTC, whole seconds (metav1.Time). */
export function timestamp(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
