import type { Acknowledgement } from '../api/acknowledged.ts';
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

/** When an entry ends; one of a form that nobody can read has ended. */
function endOf({ until }: Acknowledgement): number {
  const end = Date.parse(until);
  return Number.isNaN(end) ? -Infinity : end;
}

/** The same list for as long as nothing of it ends: what is worked out of it is worked out once. `over`: how many are. */
const listed = memoizeLast((migration: MeshMigration, over: number): readonly Acknowledged[] => {
  const by = writerOf(migration);
  const all = migration.spec.acknowledge.map((entry) => ({ entry, end: endOf(entry) }));
  const ended = all.toSorted((a, b) => (a.end < b.end ? -1 : 1)).slice(0, over);
  return all.map((each) => ({ ...each.entry, ...(by !== undefined && { by }), isOver: ended.includes(each) }));
});

/** What of `spec.acknowledge` there is, at a time in milliseconds since the epoch. */
export function acknowledgedIn(migration: MeshMigration, now: number): readonly Acknowledged[] {
  return listed(migration, migration.spec.acknowledge.filter((entry) => endOf(entry) <= now).length);
}
