import type { EventRecord } from './events.ts';

/** An event that repeats the last one of its object within this time says nothing new. */
const repeatMs = 600_000;

/**
 * As client-go's spam filter (tools/record/events_cache.go), with more room: it has 25 events at once for an object,
 * and a migration through a waypoint, its rollback and the next attempt are more. What goes round in circles still ends
 * at one a minute.
 */
const burst = 100;
const refillMs = 60_000;

/** Objects remembered at most; client-go's caches have the same size. */
const capacity = 4_096;

/** What was sent about an object last, and how much more may be. */
interface Memory {
  readonly tokens: number;
  readonly at: number;
  readonly last: string;
  readonly sentAt: number;
}

/** Decides which events are worth a request. */
export class EventFilter {
  readonly #objects = new Map<string, Memory>();

  /**
   * Whether to send the event now, on the monotonic clock; if so, it is counted. Only the last event is compared: a
   * second attempt tells the same again.
   */
  admit(event: EventRecord, now: number): boolean {
    const { kind, namespace = '', name, uid = '' } = event.regarding;
    const object = `${kind}/${namespace}/${name}/${uid}`;
    const said = `${event.type} ${event.reason} ${event.action} ${event.note}`;
    const known = this.#objects.get(object) ?? { tokens: burst, at: now, last: '', sentAt: 0 };
    if (known.last === said && now - known.sentAt < repeatMs) return false;
    const tokens = Math.min(burst, known.tokens + (now - known.at) / refillMs);
    if (tokens < 1) return false;
    remember(this.#objects, object, { tokens: tokens - 1, at: now, last: said, sentAt: now });
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
