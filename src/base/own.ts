/**
 * What a map has under a key of its own: names and labels are anybody's, and `constructor` is one that every object
 * inherits something under.
 */
export function own<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}
