/**
 * A function of an object that is computed once for each object and remembered for as long as the object lives; the
 * objects must never change.
 */
export function memoize<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found.value;
    const value = compute(key);
    known.set(key, { value });
    return value;
  };
}

/**
 * The same for a function of an object and of others beside it: of each object the last answer is remembered, for as
 * long as all the others are the same ones. An answer that does not last depends on more than these: it is forgotten.
 */
export function memoizeLast<K extends object, R extends readonly unknown[], V>(
  compute: (key: K, ...others: R) => V,
  lasts: (value: V) => boolean = () => true,
): (key: K, ...others: R) => V {
  const known = new WeakMap<K, { readonly others: R; readonly value: V }>();
  return (key, ...others) => {
    const found = known.get(key);
    if (found?.others.every((other, at) => other === others[at]) === true) return found.value;
    const value = compute(key, ...others);
    if (lasts(value)) known.set(key, { others, value });
    return value;
  };
}
