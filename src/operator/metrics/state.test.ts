import { describe, expect, it } from '@jest/globals';
import { migrationSpec } from '../../../test/support/mesh-fixtures.ts';
import type { Condition, Finding } from '../../api/common.ts';
import type { MeshMigrationStatus } from '../../api/mesh-migration-status.ts';
import type { NamespaceMigrationStatus } from '../../api/namespace-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';
import { stateGauges, type Sample, type State } from './state.ts';

function migration(name: string, status?: MeshMigrationStatus): MeshMigration {
  return { metadata: { name }, spec: migrationSpec(), ...(status && { status }) };
}

function record(namespace: string, of: string, status?: NamespaceMigrationStatus): NamespaceMigration {
  return {
    metadata: { name: of, namespace },
    spec: { migration: of, from: 'IstioSidecar', to: 'IstioAmbient' },
    ...(status && { status }),
  };
}

function condition(type: string, status: Condition['status'], reason: string): Condition {
  return { type, status, reason, message: '', lastTransitionTime: '2030-01-01T00:00:00Z' };
}

function finding(id: string, severity: Finding['severity']): Finding {
  return { id, severity, object: 'Namespace a', message: '', fix: '' };
}

function samples(name: string, state: Partial<State>): readonly Sample[] {
  const gauge = stateGauges.find((one) => one.name === name);
  if (gauge === undefined) throw new RangeError(`no gauge ${name}`);
  return gauge.samples({ migrations: [], records: [], ...state });
}

describe('gauges of the state', () => {
  it('say nothing where there is nothing', () => {
    for (const { name } of stateGauges) expect(samples(name, {})).toEqual([]);
  });

  it('have each label that they declare, and no other', () => {
    const state: State = {
      migrations: [
        migration('shop', {
          writtenPhase: 'Migrating',
          startedAt: '2030-01-01T00:00:00Z',
          conditions: [condition('Ready', 'False', 'Migrating')],
          findings: [finding('MM003', 'Critical')],
        }),
      ],
      records: [
        record('a', 'shop', {
          writtenPhase: 'Failed',
          pods: { sidecar: 1, ambient: 0, none: 0, transitional: 0 },
          conditions: [condition('Stalled', 'True', 'RestartFailed')],
          gates: [
            { name: 'errors', verdict: 'Pass', reason: 'BelowLimit', message: '', since: '2030-01-01T00:00:00Z' },
          ],
          failure: { reason: 'PodsNotReady', message: '', at: '2030-01-01T00:00:00Z' },
        }),
      ],
    };
    for (const { name, labels } of stateGauges) {
      const made = samples(name, state);
      expect(made.length).toBeGreaterThan(0);
      for (const sample of made) expect(Object.keys(sample.labels)).toEqual(labels);
    }
  });

  it('count namespaces by phase and migration', () => {
    const records = [
      record('a', 'shop', { writtenPhase: 'Migrated' }),
      record('b', 'shop', { writtenPhase: 'Migrated' }),
      record('c', 'shop'),
      record('a', 'bank', { writtenPhase: 'Failed' }),
    ];
    expect(samples('mesh_migration_namespaces', { records })).toEqual([
      { labels: { migration: 'shop', phase: 'Migrated' }, value: 2 },
      { labels: { migration: 'shop', phase: 'Pending' }, value: 1 },
      { labels: { migration: 'bank', phase: 'Failed' }, value: 1 },
    ]);
  });

  it('take an edit of the phase for no phase', () => {
    const edited = migration('shop', { phase: 'RollingBack', writtenPhase: 'Migrating' });
    expect(samples('mesh_migration_phase', { migrations: [edited, migration('new')] })).toEqual([
      { labels: { migration: 'shop', phase: 'Migrating' }, value: 1 },
      { labels: { migration: 'new', phase: 'Planning' }, value: 1 },
    ]);
  });

  it('count who needs a person, and not whose condition says that nobody does', () => {
    const records = [
      record('a', 'shop', { conditions: [condition('Stalled', 'True', 'LabelsChanged')] }),
      record('b', 'shop', { conditions: [condition('Stalled', 'False', 'Migrating')] }),
    ];
    expect(samples('mesh_migration_namespaces_stalled', { records })).toEqual([
      { labels: { migration: 'shop', reason: 'LabelsChanged' }, value: 1 },
    ]);
  });

  it('add up pods and findings', () => {
    const pods = { sidecar: 1, ambient: 2, none: 0, transitional: 3 };
    const findings = [finding('MM020', 'Critical'), finding('MM020', 'Critical'), finding('MM147', 'Info')];
    const records = [record('a', 'shop', { pods, findings }), record('b', 'shop', { pods })];
    expect(samples('mesh_migration_pods', { records }).map(({ labels, value }) => [labels['mode'], value])).toEqual([
      ['sidecar', 2],
      ['ambient', 4],
      ['none', 0],
      ['transitional', 6],
    ]);
    expect(samples('mesh_migration_findings', { records })).toEqual([
      { labels: { migration: 'shop', id: 'MM020', severity: 'Critical' }, value: 2 },
      { labels: { migration: 'shop', id: 'MM147', severity: 'Info' }, value: 1 },
    ]);
  });

  it('leave out a time that is none', () => {
    const migrations = [
      migration('shop', { startedAt: '2030-01-01T00:00:00Z' }),
      migration('bank', { startedAt: 'yesterday' }),
    ];
    expect(samples('mesh_migration_started_timestamp_seconds', { migrations })).toEqual([
      { labels: { migration: 'shop' }, value: 1_893_456_000 },
    ]);
  });
});
