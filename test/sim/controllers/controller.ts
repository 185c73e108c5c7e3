import type { Clock } from '../../../src/base/clock.ts';
import type { Random } from '../../../src/base/random.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { SimStatusError, type SimApi } from '../sim-api.ts';
import { customResourceDefinitions, type Kind } from './kinds.ts';
import { controllerOf, keyOf } from './typed-api.ts';

/** What every simulated controller is given. */
export interface ControllerContext {
  readonly api: SimApi;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends all watches and timers. */
  readonly signal: AbortSignal;
}

/** Does what one key needs now; returns after how many milliseconds to look again even without an event. */
export type Reconcile = (key: string) => number | undefined;

/** Keys that wait to be reconciled. */
export interface WorkQueue {
  /** A key that waits already is kept once, at the earlier time. */
  add(key: string, afterMs?: number): void;
}

interface Waiting {
  readonly due: number;
  readonly cancel: () => void;
}

/**
 * The delay of a work queue with little to do, drawn anew each time so that a seed orders controllers against each
 * other.
 */
const maxJitterMs = 5;
/** workqueue.DefaultTypedControllerRateLimiter: 5 ms doubled by each failure up to 1000 s. */
const firstRetryMs = 5;
const lastRetryMs = 1_000_000;

/**
 * A level-based work queue on the injected clock. A burst of events on one key is reconciled once. Only refusals by the
 * API server are retried; any other error is a defect of a model and escapes to the clock.
 */
export function startQueue(context: ControllerContext, reconcile: Reconcile): WorkQueue {
  const { clock, random, signal } = context;
  const waiting = new Map<string, Waiting>();
  const failures = new Map<string, number>();

  function process(key: string): void {
    waiting.delete(key);
    try {
      const again = reconcile(key);
      failures.delete(key);
      if (again !== undefined) add(key, again);
    } catch (error) {
      if (!(error instanceof SimStatusError)) throw error;
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      add(key, Math.min(firstRetryMs * 2 ** count, lastRetryMs));
    }
  }

  function add(key: string, afterMs = 0): void {
    if (signal.aborted) return;
    const earliest = clock.monotonic() + afterMs;
    const present = waiting.get(key);
    if (present !== undefined && present.due <= earliest + maxJitterMs) return;
    present?.cancel();
    const delay = afterMs + 1 + Math.floor(random() * maxJitterMs);
    waiting.set(key, {
      due: clock.monotonic() + delay,
      cancel: clock.timer(delay, () => {
        process(key);
      }),
    });
  }

  signal.addEventListener(
    'abort',
    () => {
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
    },
    { once: true },
  );
  return { add };
}

/** Calls `handler` for every event of a kind until the signal. */
export function watchKind<T extends KubeObject>(
  context: ControllerContext,
  kind: Kind<T>,
  handler: (object: T, deleted: boolean) => void,
): void {
  const stop = context.api.watch(kind, ({ type, object }) => {
    handler(object as T, type === 'DELETED');
  });
  context.signal.addEventListener('abort', stop, { once: true });
}

/** The same for a kind of a definition that may be installed later, or never. */
export function watchCustomKind<T extends KubeObject>(
  context: ControllerContext,
  kind: Kind<T>,
  handler: (object: T, deleted: boolean) => void,
): void {
  let watching = false;
  watchKind(context, customResourceDefinitions, () => {
    if (watching || context.api.resourceFor(kind.group, kind.kind) === undefined) return;
    watching = true;
    watchKind(context, kind, handler);
  });
}

/** Puts every changed object of a kind into the queue. */
export function enqueueChanges<T extends KubeObject>(
  context: ControllerContext,
  kind: Kind<T>,
  queue: WorkQueue,
): void {
  watchKind(context, kind, (object) => {
    queue.add(keyOf(object));
  });
}

/** The queue key of the controller of a changed object, when that controller is of the given kind. */
export function ownerKey<T extends KubeObject>(kind: Kind<T>, object: KubeObject): string | undefined {
  const owner = controllerOf(object);
  return owner?.kind === kind.kind ? `${object.metadata.namespace ?? ''}/${owner.name}` : undefined;
}
