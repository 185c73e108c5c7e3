import { describe, expect, it } from '@jest/globals';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { NamespaceMigration } from '../api/resources.ts';
import { hasFailed, isInFlight, notAdmitted } from './admission.ts';

function child(namespace: string, status?: NamespaceMigrationStatus): NamespaceMigration {
  return { metadata: { name: 'mm', namespace }, spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' }, ...(status && { status }) };
}

const failure = { reason: 'PodNotEnrolled', message: 'late', at: '2030-01-01T00:00:00Z' };
const command = { action: 'Rollback', by: 'ann', at: '2030-01-01T00:00:00Z' } as const;
const pending: NamespaceMigrationStatus = { writtenPhase: 'Pending' };
const spec = migrationSpec();

describe('isInFlight', () => {
  it.each<[string, NamespaceMigrationStatus | undefined, boolean]>([
    ['not looked at', undefined, false],
    ['waiting', pending, false],
    ['blocked', { writtenPhase: 'Blocked' }, false],
    ['under way', { writtenPhase: 'Migrating', direction: 'Forward' }, true],
    ['paused half-way', { writtenPhase: 'Paused', direction: 'Forward' }, true],
    ['failed half-way', { writtenPhase: 'Failed', direction: 'Forward', failure }, true],
    ['migrated, with a way back', { writtenPhase: 'Migrated', direction: 'Forward' }, false],
    ['going back', { writtenPhase: 'RollingBack', direction: 'Backward' }, true],
    ['back', { writtenPhase: 'RolledBack' }, false],
  ])('counts a namespace that is %s', (_case, status, expected) => {
    expect(isInFlight(child('a', status))).toBe(expected);
  });
});

describe('notAdmitted', () => {
  const flying = child('z', { writtenPhase: 'Migrating', direction: 'Forward' });

  it('lets in as many as there are slots, in the order of names, from one and the same picture', () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => child(name, pending));

    expect(all.map((self) => notAdmitted(self, all, spec, 2) === undefined)).toEqual([true, true, false, false]);
  });

  it('counts what is under way', () => {
    const all = [child('a', pending), child('b', pending), flying];

    expect(all.slice(0, 2).map((self) => notAdmitted(self, all, spec, 2) === undefined)).toEqual([true, false]);
    expect(notAdmitted(child('a', pending), all, spec, 1)).toContain('1 namespaces are under way, 1 may be');
  });

  it.each<[string, NamespaceMigrationStatus | undefined]>([
    ['were not looked at yet', undefined],
    ['are planned', { writtenPhase: 'Planned' }],
    ['were rolled back by spec.action and start again', { writtenPhase: 'RolledBack' }],
  ])('gives a slot to one only of several that %s', (_case, status) => {
    const all = ['a', 'b', 'c'].map((name) => child(name, status));

    expect(all.filter((self) => notAdmitted(self, all, spec, 1) === undefined)).toHaveLength(1);
  });

  it.each<[string, NamespaceMigrationStatus]>([
    ['is blocked', { writtenPhase: 'Blocked' }],
    ['is there already', { writtenPhase: 'Migrated' }],
    ['was rolled back after a failure', { writtenPhase: 'RolledBack', failure }],
    ['was rolled back by a person', { writtenPhase: 'RolledBack', command }],
    ['is paused before it was started', { writtenPhase: 'Paused', command: { ...command, action: 'Pause' } }],
  ])('keeps no slot for one that %s', (_case, status) => {
    const self = child('b', pending);

    expect(notAdmitted(self, [child('a', status), self], migrationSpec({ failureBudget: { namespaces: 5 } }), 1)).toBeUndefined();
  });

  it('lets nobody in once more have failed than the budget says, rolled back or not', () => {
    const failed = [child('x', { writtenPhase: 'RolledBack', failure }), child('y', { writtenPhase: 'Failed', direction: 'Forward', failure })];
    const self = child('a', pending);
    const within = migrationSpec({ failureBudget: { namespaces: 2 } });
    const beyond = migrationSpec({ failureBudget: { namespaces: 1 } });

    expect(failed.every(hasFailed)).toBe(true);
    expect(notAdmitted(self, [...failed, self], within, 5)).toBeUndefined();
    expect(notAdmitted(self, [...failed, self], beyond, 5)).toContain('2 namespaces failed');
  });
});
