import type { Clock } from '../base/clock.ts';

const firstPauseMs = 1000;
const longestPauseMs = 60_000;

/** Of what has not been written for so long nobody is left. */
const forgetMs = 15 * 60_000;

interface Lost {
  readonly fields: readonly string[];
  readonly count: number;
  readonly at: number;
}

/**
 * Fields of a status that the API server has answered without: it has an older CRD, or a webhook takes them out. Written again they would be lost
 * again, so that waits, longer each time. By the uid of the object. Memory that may be lost: the next answer tells as much.
 */
export class Unkept {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #lost = new Map<string, Lost>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** After an answer: the fields of the status of an object that are not in it as they were sent. */
  answered(uid: string, fields: readonly string[]): void {
    const now = this.#clock.monotonic();
    for (const [each, { at }] of this.#lost) if (at < now - forgetMs) this.#lost.delete(each);
    if (fields.length === 0) this.#lost.delete(uid);
    else this.#lost.set(uid, { fields, count: (this.#lost.get(uid)?.count ?? 0) + 1, at: now });
  }

  /** In how many milliseconds it is worth while to write these fields, if they are no others than those that were lost; else 0. */
  dueInMs(uid: string, fields: readonly string[]): number {
    const lost = this.#lost.get(uid);
    if (lost === undefined || fields.some((field) => !lost.fields.includes(field))) return 0;
    return Math.max(0, lost.at + Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(lost.count - 1, 10)) - this.#clock.monotonic());
  }
}
