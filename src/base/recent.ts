/**
 * What was worked out lately, by a short key (`sha256`): never more than so many, and the oldest is forgotten for the
 * newest.
 */
export class Recent<V> {
  readonly #most: number;
  readonly #known = new Map<string, V>();

  constructor(most: number) {
    this.#most = most;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#known.size;
  }

  /** Undefined if it is not remembered. */
  get(key: string): V | undefined {
    return this.#known.get(key);
  }

  /** Remembers it. */
  set(key: string, value: V): void {
    this.#known.set(key, value);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#most && oldest !== undefined) this.#known.delete(oldest);
  }
}
