import { append } from '../base/collected.ts';

/**
 * The shortest circle that leads from a namespace back to itself, as the names on it; undefined if there is none.
 * `next` are those for which a namespace waits.
 */
export function circleFrom(
  start: string,
  next: (namespace: string) => readonly string[],
): readonly string[] | undefined {
  const visited = new Set<string>();
  const paths: (readonly string[])[] = [[start]];
  for (const path of paths)
    for (const name of next(path.at(-1) ?? start)) {
      if (name === start) return [...path, name];
      // On each way that leads to it the rest would be the same, and there may be more ways than namespaces.
      if (visited.has(name)) continue;
      visited.add(name);
      paths.push([...path, name]);
    }
  return undefined;
}

/** Those of some namespaces from which a way leads to one. Each on the way is asked once, however many lead through it. */
export function leadingTo(
  end: string,
  names: readonly string[],
  next: (namespace: string) => readonly string[],
): ReadonlySet<string> {
  const before = new Map<string, string[]>();
  const asked = new Set(names);
  // What is added to a set while it is gone through is gone through too.
  for (const name of asked) {
    if (name === end) continue;
    for (const other of next(name)) {
      append(before, other, name);
      asked.add(other);
    }
  }
  const leading = new Set([end]);
  for (const name of leading) for (const each of before.get(name) ?? []) leading.add(each);
  return leading;
}
