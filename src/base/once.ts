/**
 * What is made of a thing within a whole, once for all for which it means the same, and for as long as both live: whoever
 * asks later has it in common with whoever asked first.
 */
export class Once<W extends object, K extends object, V> {
  readonly #wholes = new WeakMap<W, WeakMap<K, Map<string, { readonly value: V }>>>();

  /** `key` says everything by which what is made of the thing differs within the whole. */
  of(whole: W, thing: K, key: string, make: () => V): V {
    const things = this.#wholes.get(whole) ?? new WeakMap<K, Map<string, { readonly value: V }>>();
    this.#wholes.set(whole, things);
    const made = things.get(thing) ?? new Map<string, { readonly value: V }>();
    things.set(thing, made);
    const found = made.get(key) ?? { value: make() };
    made.set(key, found);
    return found.value;
  }
}
