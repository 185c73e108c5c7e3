/**
 * The shortest circle that leads from a namespace back to itself, as the names on it; undefined if there is none.
 * `next` are those for which a namespace waits.
 */
export function circleFrom(
  start: string,
  next: (namespace: string) => readonly string[],
): readonly string[] | undefined {
  const visited = new Set<string>();
  let ends: readonly (readonly string[])[] = [[start]];
  while (ends.length > 0) {
    const longer = ends.flatMap((path) => next(path.at(-1) ?? start).map((name) => [...path, name]));
    const closed = longer.find((path) => path.at(-1) === start);
    if (closed !== undefined) return closed;
    ends = longer.filter((path) => !visited.has(path.at(-1) ?? start));
    for (const path of ends) visited.add(path.at(-1) ?? start);
  }
  return undefined;
}
