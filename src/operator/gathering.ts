import type { Clock } from '../base/clock.ts';

/** The shortest delay that is more than none. */
const shortestMs = 100;

interface Last {
  readonly at: number;
  readonly delayMs: number;
}

/** How long changes are gathered before they are told. */
export interface GatheringTimes {
  /** Of a namespace that was quiet. */
  readonly firstMs: number;
  /** The longest, of one that never rests. */
  readonly longestMs: number;
  /** Who has changed nothing for this long after what he changed was told is quiet again. */
  readonly quietMs: number;
}

/**
 * Gathers the changes of restless namespaces. Each change of an object has somebody looked at again: whoever edits one
 * ten times a second would have the operator look, and write what follows from it, ten times a second. So his changes
 * are told the later, the more often they come.
 *
 * Only the waking is late: a look always sees what is there now, whatever it was woken by.
 */
export class Gathering {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #times: GatheringTimes;
  /** By namespace: when its changes are told, and how long they had been gathered. */
  readonly #told = new Map<string, Last>();

  constructor(clock: Pick<Clock, 'monotonic'>, times: GatheringTimes) {
    this.#clock = clock;
    this.#times = times;
  }

  /**
   * A change in the namespace: milliseconds until it is to be told, or undefined when it is told together with an
   * earlier one.
   */
  changed(namespace: string): number | undefined {
    const now = this.#clock.monotonic();
    const told = this.#told.get(namespace);
    if (told !== undefined && told.at > now) return undefined;
    const delayMs = this.#next(told, now);
    this.#told.set(namespace, { at: now + delayMs, delayMs });
    return delayMs;
  }

  #next(told: Last | undefined, now: number): number {
    const { firstMs, longestMs, quietMs } = this.#times;
    if (told === undefined || now > told.at + told.delayMs + quietMs) return firstMs;
    return Math.min(longestMs, Math.max(shortestMs, told.delayMs * 2));
  }

  /** Of a namespace that is gone nothing is kept. */
  forget(namespace: string): void {
    this.#told.delete(namespace);
  }
}

/**
 * What is told of a namespace: to its own records, to those of others, to those that wait for pods of it, and that
 * somebody commands: whoever does so again and again has nobody look as often. What makes pods, and how namespaces are
 * labelled, changes in many at once, so it is told to others of all namespaces together; and so is whatever tenants
 * write to those at rest, who may be all there are. Who has come to have a sidecar is told of each namespace for itself.
 */
export type Told = 'own' | 'strangers' | 'freeing' | 'commands' | 'inhabitants' | 'resting' | 'sidecars';

const times: Readonly<Record<Told, GatheringTimes>> = {
  own: { firstMs: 0, longestMs: 5000, quietMs: 1000 },
  // Each has everybody who is not at rest looked at: nobody edits just slowly enough to be told each time.
  strangers: { firstMs: 250, longestMs: 60_000, quietMs: 10_000 },
  // The same; and a rollout of many pods that others wait for is told once.
  freeing: { firstMs: 1000, longestMs: 60_000, quietMs: 10_000 },
  commands: { firstMs: 0, longestMs: 5000, quietMs: 1000 },
  inhabitants: { firstMs: 1000, longestMs: 60_000, quietMs: 10_000 },
  // Nobody at rest is under way to anything: he is only told what his way back would meet.
  resting: { firstMs: 1000, longestMs: 60_000, quietMs: 10_000 },
  sidecars: { firstMs: 1000, longestMs: 60_000, quietMs: 60_000 },
};

/** One of each. */
export function gatherings(clock: Pick<Clock, 'monotonic'>): Readonly<Record<Told, Gathering>> {
  const of = (told: Told): Gathering => new Gathering(clock, times[told]);
  return {
    own: of('own'),
    strangers: of('strangers'),
    freeing: of('freeing'),
    commands: of('commands'),
    inhabitants: of('inhabitants'),
    resting: of('resting'),
    sidecars: of('sidecars'),
  };
}
