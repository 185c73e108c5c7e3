/** The same objects, counting what is read of them, however deep. An object stays the same one. */
export function counting(read: () => void): <T extends object>(object: T) => T {
  const known = new WeakMap<object, object>();
  return function counted<T extends object>(object: T): T {
    const proxy =
      known.get(object) ??
      new Proxy(object, {
        get(target, key) {
          read();
          const value: unknown = Reflect.get(target, key);
          const isFixed = Reflect.getOwnPropertyDescriptor(target, key)?.writable === false;
          return typeof value === 'object' && value !== null && !isFixed ? counted(value) : value;
        },
        getOwnPropertyDescriptor(target, key) {
          read();
          return Reflect.getOwnPropertyDescriptor(target, key);
        },
        ownKeys(target) {
          read();
          return Reflect.ownKeys(target);
        },
      });
    known.set(object, proxy);
    return proxy as T;
  };
}
