import { describe, expect, it } from '@jest/globals';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import type { MeshMigrationStatus } from '../api/mesh-migration-status.ts';
import type { MeshMigration } from '../api/resources.ts';
import { isSummaryOnly } from './told.ts';

const at = '2030-01-01T00:00:00Z';
const totals = { total: 3, pending: 3, blocked: 0, inFlight: 0, migrated: 0, incomplete: 0, rolledBack: 0, failed: 0 };
const status: MeshMigrationStatus = { phase: 'Migrating', writtenPhase: 'Migrating', namespaces: totals };
const before: MeshMigration = {
  metadata: { name: 'mm', uid: 'u', resourceVersion: '1' },
  spec: migrationSpec(),
  status,
};

function after(change: MeshMigrationStatus, more: Partial<MeshMigration> = {}): MeshMigration {
  return {
    ...before,
    metadata: { ...before.metadata, resourceVersion: '2' },
    status: { ...status, ...change },
    ...more,
  };
}

describe('isSummaryOnly', () => {
  it('is how far it is', () => {
    expect(
      isSummaryOnly(
        before,
        after({
          namespaces: { ...totals, pending: 2, inFlight: 1 },
          startedAt: at,
          needAttention: 1,
          attention: [{ namespace: 'a', phase: 'Failed', message: 'x' }],
        }),
      ),
    ).toBe(true);
  });

  it.each<[string, MeshMigration | undefined]>([
    ['a command', after({ command: { action: 'Pause', by: 'ann', at } })],
    ['what came of a command', after({ writtenPhase: 'Paused' })],
    [
      'a namespace that went back',
      after({ returned: [{ namespace: 'a', uid: 'u', attempt: 1, reason: 'Command', at }] }),
    ],
    [
      'a finding about the whole',
      after({ findings: [{ id: 'MM002', severity: 'Critical', object: 'x', message: 'x', fix: 'x' }] }),
    ],
    ['another scope', after({ namespaces: { ...totals, total: 2 } })],
    ['its spec', after({}, { spec: migrationSpec({ action: 'Rollback' }) })],
    ['its finalizer', after({}, { metadata: { ...before.metadata, finalizers: ['x'] } })],
    ['its end', undefined],
  ])('is not %s', (_case, change) => {
    expect(isSummaryOnly(before, change)).toBe(false);
  });
});
