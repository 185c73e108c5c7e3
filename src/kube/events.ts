import type { EventsV1Api } from '@kubernetes/client-node';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { printable } from '../base/printable.ts';
import { EventsV1Event, V1MicroTime, V1ObjectMeta, V1ObjectReference, eventsApi } from './client-node.ts';
import { EventFilter } from './event-filter.ts';
import type { Transport } from './transport.ts';

/** The object that an event is about. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid?: string | undefined;
}

/** Something that happened and that a person should find with `kubectl describe`. */
export interface EventRecord {
  readonly regarding: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** Why, one word for machines, for example `StepCompleted`. */
  readonly reason: string;
  /** What was done or tried, one word for machines, for example `Migrate`. */
  readonly action: string;
  /** For people; cut off at 1 kB (the limit of the API). */
  readonly note: string;
}

/** Where and by whom events are recorded. */
export interface EventRecorderOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
  /** The process, for example the name of its pod. */
  readonly instance: string;
}

const reportingController = 'meshmigration.dev/operator';

/** Records events (events.k8s.io/v1). An event is a courtesy: it never blocks, fails or repeats what it reports on. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #api: EventsV1Api;
  readonly #filter = new EventFilter();
  readonly #underway = new Set<Promise<void>>();
  #sequence = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#api = eventsApi(options.transport, { clock: options.clock });
  }

  /**
   * Sends the event in the background, unless it repeats the last one of its object within ten minutes or the object
   * has had too many.
   */
  record(event: EventRecord): void {
    if (!this.#filter.admit(event, this.#options.clock.monotonic())) return;
    const sending = this.#send(event).finally(() => {
      this.#underway.delete(sending);
    });
    this.#underway.add(sending);
  }

  /** Resolves when everything that was recorded has been sent or has failed. */
  async flush(): Promise<void> {
    await Promise.all(this.#underway);
  }

  async #send(event: EventRecord): Promise<void> {
    try {
      // The API wants events about cluster-scoped objects in the namespace `default`.
      const namespace = event.regarding.namespace ?? 'default';
      await this.#api.createNamespacedEvent({ namespace, body: this.#bodyOf(event, namespace) });
    } catch (error) {
      this.#options.log.warn(
        { err: error, reason: event.reason, regarding: event.regarding },
        'Cannot record an event',
      );
    }
  }

  #bodyOf(event: EventRecord, namespace: string): EventsV1Event {
    const { regarding, type, reason, action, note } = event;
    const now = this.#options.clock.now();
    this.#sequence += 1;
    const suffix = `${now.toString(16)}${this.#sequence.toString(16).padStart(4, '0')}`; // client-go: name.<time in hex>
    return Object.assign(new EventsV1Event(), {
      metadata: Object.assign(new V1ObjectMeta(), { namespace, name: `${regarding.name.slice(0, 230)}.${suffix}` }),
      eventTime: new V1MicroTime(now),
      reportingController,
      reportingInstance: this.#options.instance.slice(0, 128),
      regarding: Object.assign(new V1ObjectReference(), regarding),
      type,
      reason,
      action,
      note: cut(printable(note), 1024),
    });
  }
}

/** At most `bytes` bytes of UTF-8, without half a character at the end. */
function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  return `${encoded
    .subarray(0, bytes - 3)
    .toString()
    .replace(/\uFFFD$/, '')}…`;
}
