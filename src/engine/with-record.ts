import { mostWorkloads, type WorkloadRecord } from '../api/namespace-migration.ts';
import type { WorkloadView } from '../mesh/views.ts';

/**
 * The records with one put in, or exchanged for the one of the same workload. When there is no room any more, those go
 * whose workload is gone: another one of its name has another uid, and so a record of its own. Then the oldest go that
 * are done and had nothing to be put back: their templates show that they were restarted (`restartShown`), but for those
 * whose pods were evicted, which go last.
 */
export function withRecord(
  records: readonly WorkloadRecord[],
  record: WorkloadRecord,
  there: readonly WorkloadView[],
): readonly WorkloadRecord[] {
  const others = records.filter(({ kind, name }) => kind !== record.kind || name !== record.name);
  if (others.length < mostWorkloads) return [...others, record];
  const uids = new Set(there.map(({ uid }) => uid));
  const left = others.filter(({ uid }) => uids.has(uid));
  const spare = left.filter(({ original, completedAt }) => original === undefined && completedAt !== undefined);
  const shown = [...spare.filter(({ patches }) => patches > 0), ...spare.filter(({ patches }) => patches === 0)];
  const gone = new Set(shown.slice(0, Math.max(0, left.length + 1 - mostWorkloads)));
  return [...left.filter((each) => !gone.has(each)), record];
}
