import type { Clock } from '../base/clock.ts';
import type { Write } from '../engine/situation.ts';
import type { WorkloadView } from '../mesh/views.ts';

const minuteMs = 60_000;

const forgetMs = 60 * minuteMs;

/** How many pods a write has made anew: what podsPerMinute counts. */
export function podsTaken(write: Write, workloads: readonly WorkloadView[]): number {
  switch (write.kind) {
    case 'Evict':
      return 1;
    case 'PatchTemplate':
      return (
        workloads.find(({ kind, name }) => kind === write.workload.kind && name === write.workload.name)?.replicas ?? 0
      );
    default:
      return 0;
  }
}

/**
 * What podsPerMinute still allows, by this process's own clock: a restart is paid for with its pods when it is sent.
 * Nothing is read from statuses, which others can write, and no clock but one's own counts.
 */
export class Pace {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /**
   * By migration: monotonic time at which everything is paid for. What has been for an hour is forgotten when another
   * one pays first.
   */
  readonly #paid = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /**
   * Milliseconds until the next restart may be sent. When the process has not paid yet, `recent` tells what others may
   * have restarted right before: the pods that are younger than a minute. At most a minute's worth, whatever it says.
   */
  msUntilNext(migration: string, podsPerMinute: number, recent: () => number): number {
    const now = this.#clock.monotonic();
    if (!this.#paid.has(migration)) this.#tidy(now);
    if (!this.#paid.has(migration))
      this.#paid.set(migration, now + Math.min(minuteMs, (recent() * minuteMs) / podsPerMinute));
    return Math.max(0, (this.#paid.get(migration) ?? now) - now);
  }

  /** Pays for a restart that is about to be sent; the answer takes it back, for one that was surely not carried out. */
  pay(migration: string, podsPerMinute: number, pods: number): () => void {
    const costMs = (pods * minuteMs) / podsPerMinute;
    const now = this.#clock.monotonic();
    this.#paid.set(migration, Math.max(this.#paid.get(migration) ?? now, now) + costMs);
    return () => {
      this.#paid.set(migration, (this.#paid.get(migration) ?? now) - costMs);
    };
  }

  #tidy(now: number): void {
    for (const [migration, at] of this.#paid) if (at < now - forgetMs) this.#paid.delete(migration);
  }
}
