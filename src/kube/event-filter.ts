import type { EventRecord } from './events.ts';

/** An event that repeats an earlier one within this time says nothing new. */
const repeatMs = 600_000;

/** client-go's spam filter (tools/record/events_cache.go): 25 events at once per object, then one in 5 minutes. */
const burst = 25;
const refillMs = 300_000;

/** Objects and events remembered at most; client-go's caches have the same size. */
const capacity = 4_096;

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** Decides which events are worth a request. */
export class EventFilter {
  readonly #sent = new Map<string, number>();
  readonly #buckets = new Map<string, Bucket>();

  /** Whether to send the event now, on the monotonic clock; if so, it is counted. */
  admit(event: EventRecord, now: number): boolean {
    const { kind, namespace = '', name, uid = '' } = event.regarding;
    const object = `${kind}/${namespace}/${name}/${uid}`;
    const key = `${object} ${event.type} ${event.reason} ${event.action} ${event.note}`;
    const sentAt = this.#sent.get(key);
    if (sentAt !== undefined && now - sentAt < repeatMs) return false;
    const bucket = this.#buckets.get(object) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs);
    if (tokens < 1) return false;
    remember(this.#buckets, object, { tokens: tokens - 1, at: now });
    remember(this.#sent, key, now);
    return true;
  }
}

/** Keeps the map in order of last use and within its capacity. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > capacity && oldest.done !== true) map.delete(oldest.value);
}
