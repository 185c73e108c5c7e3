import type { Refusal } from '../engine/situation.ts';

const none: ReadonlyMap<string, Refusal> = new Map();

/**
 * What the API server has refused, by namespace and write. Memory that may be lost: a write that is still wanted is
 * refused again.
 */
export class Refusals {
  readonly #refused = new Map<string, ReadonlyMap<string, Refusal>>();

  /** Of one namespace, by object and verb (`describeWrite`). */
  of(key: string): ReadonlyMap<string, Refusal> {
    return this.#refused.get(key) ?? none;
  }

  /** Counted for each write by itself: that another one works says nothing about it. */
  note(key: string, write: string, message: string | undefined, taken: boolean): void {
    if (message === undefined) return;
    const known = this.of(key);
    this.#refused.set(
      key,
      new Map([
        ...known,
        [write, { count: (known.get(write)?.count ?? 0) + 1, message, ...(taken && { taken: true as const }) }],
      ]),
    );
  }

  /** It was carried out after all. */
  forget(key: string, write: string): void {
    const others = [...this.of(key)].filter(([each]) => each !== write);
    if (others.length === 0) this.#refused.delete(key);
    else this.#refused.set(key, new Map(others));
  }

  /** Nothing is to be written any more. */
  clear(key: string): void {
    this.#refused.delete(key);
  }
}
