/**
 * Which objects are meant by a place, a name for example: one that was made anew under the same name is another one.
 */
export class Identities<T extends { readonly key: string }> {
  readonly #met = new Map<string, T>();
  readonly #forget: (identity: T) => void;

  /** `forget` takes away whatever is kept about one that is not there any more. */
  constructor(forget: (identity: T) => void) {
    this.#forget = forget;
  }

  /** It is this one now. */
  meet(place: string, identity: T): T {
    const before = this.#met.get(place);
    if (before?.key === identity.key) return before;
    this.gone(place);
    this.#met.set(place, identity);
    return identity;
  }

  /** Nobody is there. */
  gone(place: string): void {
    const before = this.#met.get(place);
    this.#met.delete(place);
    if (before !== undefined) this.#forget(before);
  }
}
