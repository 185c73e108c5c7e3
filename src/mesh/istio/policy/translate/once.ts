import type { ConfigObject } from './world.ts';

/**
 * What is made of an object, once for all for which it means the same, and for as long as the picture lasts: copies for
 * many Services then have it in common, and what is asked of it later is asked once.
 */
export class Once<T> {
  readonly #pictures = new WeakMap<object, Map<ConfigObject, Map<string, T>>>();

  /** `key` says everything by which what is made of the object differs within the picture. */
  of(picture: object, object: ConfigObject, key: string, make: () => T): T {
    const objects = this.#pictures.get(picture) ?? new Map<ConfigObject, Map<string, T>>();
    this.#pictures.set(picture, objects);
    const made = objects.get(object) ?? new Map<string, T>();
    objects.set(object, made);
    const found = made.get(key) ?? make();
    made.set(key, found);
    return found;
  }
}
