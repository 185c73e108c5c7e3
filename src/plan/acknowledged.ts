import { managerName } from '../api/managers.ts';
import type { MeshMigration } from '../api/resources.ts';
import { memoizeLast } from '../base/memoize.ts';
import type { Acknowledged } from '../mesh/adapter.ts';
import { record } from '../mesh/json.ts';

/** Who has written the list last; undefined where nobody knows. */
function writerOf({ metadata: { managedFields = [] } }: MeshMigration): string | undefined {
  const entries = managedFields.filter(({ fieldsV1 }) => 'f:acknowledge' in record(record(fieldsV1)['f:spec']));
  const [last] = entries.toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
  return last && managerName(last);
}

/** The same list for as long as nothing of it ends: what is worked out of it is worked out once. `over`: how many are. */
const listed = memoizeLast((migration: MeshMigration, over: number): readonly Acknowledged[] => {
  const by = writerOf(migration);
  const ends = migration.spec.acknowledge.map(({ until }) => Date.parse(until)).sort((a, b) => a - b);
  const last = ends[over - 1] ?? -Infinity;
  return migration.spec.acknowledge.map((entry) => ({
    ...entry,
    ...(by !== undefined && { by }),
    isOver: Date.parse(entry.until) <= last,
  }));
});

/** What of `spec.acknowledge` there is, at a time in milliseconds since the epoch. */
export function acknowledgedIn(migration: MeshMigration, now: number): readonly Acknowledged[] {
  const { acknowledge } = migration.spec;
  return listed(migration, acknowledge.filter(({ until }) => Date.parse(until) <= now).length);
}
