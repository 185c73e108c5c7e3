import type { Clock } from '../../base/clock.ts';
import { Places } from '../../base/places.ts';
import type { AskedServer } from './ask-gate.ts';

/** Prometheus works at 20 questions at once, and others have some too (--query.max-concurrency). */
const mostAtOnce = { quick: 3, slow: 2 } as const;

/** What takes longer is slow. */
const slowMs = 10_000;

/** So much is asked at once; of whom the last question was slow, the next one waits for others that are. */
export class LanePlaces {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #places = { quick: new Places(mostAtOnce.quick), slow: new Places(mostAtOnce.slow) };
  readonly #slow = new Set<string>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Works when there is a place; throws what it throws, or the reason of `signal` where that comes first. */
  async take<T>(lane: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return await this.#places[this.#slow.has(lane) ? 'slow' : 'quick'].take(async () => {
      const began = this.#clock.monotonic();
      try {
        return await work();
      } finally {
        if (this.#clock.monotonic() - began > slowMs) this.#slow.add(lane);
        else this.#slow.delete(lane);
      }
    }, signal);
  }

  /** Forgets all but these. */
  keep(lanes: ReadonlySet<string>): void {
    for (const lane of this.#slow) if (!lanes.has(lane)) this.#slow.delete(lane);
  }
}

/** The same server, of which so much is asked at once as there are places. */
export function inPlaces(client: AskedServer['client'], places: LanePlaces, lane: string): AskedServer['client'] {
  return {
    server: client.server,
    get apartMs() {
      return client.apartMs;
    },
    courses: async (expression, times, signal) =>
      await places.take(lane, async () => await client.courses(expression, times, signal), signal),
    query: async (expression, at, signal) =>
      await places.take(lane, async () => await client.query(expression, at, signal), signal),
    alerts: async (signal) => await places.take(lane, async () => await client.alerts(signal), signal),
  };
}
