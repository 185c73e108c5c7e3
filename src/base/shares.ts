interface Held<V> {
  readonly value: V;
  readonly characters: number;
}

/** How much is remembered. */
export interface Most {
  /** The first that was remembered is forgotten for one more. */
  readonly owners: number;
  /** Of each owner. */
  readonly answers: number;
  /** Of all together. */
  readonly characters: number;
}

/**
 * Answers by whose they are and by a short key (`sha256`). What is large is bounded by its size, over all owners:
 * whoever has most loses his oldest first, so that nobody pushes out what others have, however much he writes and
 * however often.
 */
export class Shares<V> {
  readonly #most: Most;
  readonly #owners = new Map<string, Map<string, Held<V>>>();
  #characters = 0;

  constructor(most: Most) {
    this.#most = most;
  }

  /** Of all that is remembered. */
  get characters(): number {
    return this.#characters;
  }

  /** Undefined if it is not remembered. */
  get(owner: string, key: string): V | undefined {
    return this.#owners.get(owner)?.get(key)?.value;
  }

  /** Remembers it; what was set last is never what is forgotten for it. */
  set(owner: string, key: string, value: V, characters: number): void {
    const own = this.#owners.get(owner) ?? new Map<string, Held<V>>();
    this.#owners.set(owner, own);
    this.#forget(own, key);
    own.set(key, { value, characters });
    this.#characters += characters;
    if (own.size > this.#most.answers) this.#forgetOldest(own);
    if (this.#owners.size > this.#most.owners) this.#forgetOwner();
    while (this.#characters > this.#most.characters && this.#forgetOfLargest(own)) {
      /* the next */
    }
  }

  #forget(own: Map<string, Held<V>>, key: string): void {
    this.#characters -= own.get(key)?.characters ?? 0;
    own.delete(key);
  }

  #forgetOldest(own: Map<string, Held<V>>): void {
    const [oldest] = own.keys();
    if (oldest !== undefined) this.#forget(own, oldest);
  }

  #forgetOwner(): void {
    const [first] = this.#owners;
    if (first === undefined) return;
    const [owner, own] = first;
    for (const key of [...own.keys()]) this.#forget(own, key);
    this.#owners.delete(owner);
  }

  /** False if nothing is left but what was set last. */
  #forgetOfLargest(last: ReadonlyMap<string, Held<V>>): boolean {
    let largest: { readonly own: Map<string, Held<V>>; readonly characters: number } | undefined;
    for (const own of this.#owners.values()) {
      const held = [...own.values()];
      const characters = held.reduce((sum, each) => sum + each.characters, 0);
      if (held.length > (own === last ? 1 : 0) && characters > (largest?.characters ?? 0))
        largest = { own, characters };
    }
    if (largest === undefined) return false;
    this.#forgetOldest(largest.own);
    return true;
  }
}
