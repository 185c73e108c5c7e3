import { describe, expect, it } from '@jest/globals';
import { workload } from '../../test/support/mesh-fixtures.ts';
import { mostWorkloads, type WorkloadRecord } from '../api/namespace-migration.ts';
import { withRecord } from './with-record.ts';

const at = '2026-01-01T00:00:00Z';

function recordOf(index: number, more: Partial<WorkloadRecord> = {}): WorkloadRecord {
  return {
    kind: 'Deployment',
    name: `w${index}`,
    uid: `u${index}`,
    step: 'RestartWorkloads',
    pods: 1,
    patches: 1,
    startedAt: at,
    completedAt: at,
    ...more,
  };
}

const all = Array.from({ length: mostWorkloads + 1 }, (_, index) => workload({ name: `w${index}`, uid: `u${index}` }));
const full = Array.from({ length: mostWorkloads }, (_, index) => recordOf(index));
const late = recordOf(mostWorkloads);

describe('one record more than a status has room for', () => {
  it('takes the place of one whose workload is gone', () => {
    const records = withRecord(full, late, all.slice(5));

    expect(records).toHaveLength(mostWorkloads - 5 + 1);
    expect(records.at(-1)).toBe(late);
  });

  it('takes the place of the oldest that is done and had nothing to be put back', () => {
    const kept = [recordOf(0, { original: 'theirs' }), recordOf(1, { completedAt: undefined })];
    const records = withRecord([...kept, ...full.slice(2)], late, all);

    expect(records).toHaveLength(mostWorkloads);
    expect(records.slice(0, 2)).toEqual(kept);
    expect(records.map(({ name }) => name)).not.toContain('w2');
  });

  it('takes the place of one whose template shows its restart before that of one whose pods were evicted', () => {
    const records = withRecord([recordOf(0, { patches: 0 }), ...full.slice(1)], late, all);

    expect(records.map(({ name }) => name)).toContain('w0');
    expect(records.map(({ name }) => name)).not.toContain('w1');
  });
});
