import { kindKey } from '../api/object.ts';
import type { WatchedKind } from './watched-kind.ts';

/**
 * A mesh's table of kinds by the names that its rules ask by. Each mesh has its own: two may have policies of one name.
 * Throws a RangeError where one name stands for two kinds, of which one would never be seen, or where one kind stands
 * there twice, which would be watched twice.
 */
export function kindsOf<Row extends Pick<WatchedKind, 'kind' | 'resource'>>(
  table: readonly Row[],
): ReadonlyMap<string, Row> {
  const byName = new Map<string, Row>();
  const keys = new Set<string>();
  for (const row of table) {
    const key = kindKey(row.resource);
    if (byName.has(row.kind)) throw new RangeError(`two kinds have the name ${row.kind}: give ${key} another one`);
    if (keys.has(key)) throw new RangeError(`${key} is in the table twice`);
    byName.set(row.kind, row);
    keys.add(key);
  }
  return byName;
}

/** What there is of the kind of a name. Throws a RangeError of any other: what nobody looks at is not what is not there. */
export function ofKind<T>(kinds: ReadonlyMap<string, T>, name: string): T {
  const found = kinds.get(name);
  if (found === undefined) throw new RangeError(`${name} is no kind that is looked at`);
  return found;
}
