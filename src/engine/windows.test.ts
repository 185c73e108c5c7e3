import { describe, expect, it } from '@jest/globals';
import { migrationSpec, namespace } from '../../test/support/mesh-fixtures.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { freezeAnnotation, type MeshMigration } from '../api/resources.ts';
import type { Window } from '../api/windows.ts';
import { decideMigration, type MigrationDecision } from './decide-migration.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const nights: Window = { kind: 'Allow', schedule: '0 22 * * *', duration: '4h', timeZone: 'UTC' };
const noons: Window = { ...nights, schedule: '0 11 * * *' };
const pending: NamespaceMigrationStatus = { writtenPhase: 'Pending' };
const moving: NamespaceMigrationStatus = { writtenPhase: 'Migrating', direction: 'Forward' };
const [startedAt, completedAt] = ['2026-11-30T08:00:00Z', '2026-11-30T10:00:00Z'];
const migrated: NamespaceMigrationStatus = {
  writtenPhase: 'Migrated',
  direction: 'Forward',
  steps: [{ name: 'Preflight', startedAt, completedAt }],
};

interface Given {
  readonly windows: readonly Window[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly action?: MeshMigration['spec']['action'];
}

function decided(of: readonly NamespaceMigrationStatus[], given: Given): MigrationDecision {
  const names = of.map((_, at) => `shop-${at}`);
  const { windows, action = 'Migrate', annotations = {} } = given;
  const object: MeshMigration = {
    metadata: { name: 'mm', uid: 'uid', annotations },
    spec: migrationSpec({ namespaces: { names }, windows, action }),
  };
  return decideMigration({
    now,
    object,
    scope: { namespaces: names, hbone: [], changed: [], findings: [] },
    children: of.map((status, at) => ({
      metadata: { name: 'mm', namespace: names[at] ?? '' },
      spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
      status,
    })),
    homes: names.map((name) => namespace({ name })),
  });
}

function told({ status }: MigrationDecision, type = 'Ready'): string {
  const { reason = '', message = '' } = status.conditions?.find((each) => each.type === type) ?? {};
  return `${reason}: ${message}`;
}

describe('a migration with windows', () => {
  it('says which is closed, until when, and looks again then', () => {
    const decision = decided([pending, pending], { windows: [nights] });
    expect(decision.status.windows).toEqual({ state: 'Closed', nextOpen: '2026-11-30T22:00:00Z' });
    expect(told(decision, 'Reconciling')).toBe(
      'WindowClosed: 0 of 2 namespaces migrated, 2 to come; window closed: by spec.windows nothing is started before 2026-11-30T22:00:00Z',
    );
    expect(decision.againMs).toBe(10 * 3_600_000);
  });

  it('says it besides while something is under way, and not when nothing is to come', () => {
    expect(told(decided([moving, pending], { windows: [nights] }))).toMatch(
      /^Migrating: .*1 under way.*; window closed/,
    );
    expect(told(decided([moving], { windows: [nights] }))).not.toMatch(/window/);
    expect(decided([migrated], { windows: [nights] }).status.phase).toBe('Migrated');
  });

  it('says when what is open is too short for another one', () => {
    const decision = decided([migrated, pending], { windows: [{ ...noons, schedule: '0 9 * * *', duration: '4h' }] });
    expect(decision.status.windows).toEqual({
      state: 'Closing',
      closesAt: '2026-11-30T13:00:00Z',
      nextOpen: '2026-12-01T09:00:00Z',
      margin: '2h',
    });
    expect(told(decision)).toMatch(/less than the 2h that a namespace takes .* before 2026-12-01T09:00:00Z/);
  });

  it('says nothing of what is open, and looks again before too little of it is left', () => {
    const decision = decided([migrated, pending], { windows: [noons] });
    expect(decision.status.windows).toMatchObject({ state: 'Open', closesAt: '2026-11-30T15:00:00Z' });
    expect(told(decision)).not.toMatch(/window/);
    expect(decision.againMs).toBe(3_600_001);
  });

  it('is blocked where one cannot be read, whatever the others say', () => {
    const decision = decided([pending], { windows: [noons, { ...noons, schedule: '0 24 * * *' }] });
    expect(decision.status.phase).toBe('Blocked');
    expect(told(decision, 'Stalled')).toMatch(/^MM163: .*spec.windows\[1\].schedule "0 24 \* \* \*" cannot be read/);
    expect(decision.status.namespaces).toMatchObject({ pending: 0, blocked: 1 });
  });

  it('goes back, and stays as it is, whatever is closed', () => {
    const status = { windows: [nights] };
    expect(told(decided([moving], { ...status, action: 'Rollback' }))).not.toMatch(/window/);
    expect(told(decided([pending, moving], { ...status, action: 'Pause' }))).not.toMatch(/window/);
  });
});

describe('a migration that is frozen', () => {
  const frozen = { windows: [nights], annotations: { [freezeAnnotation]: 'year-end' } };

  it('needs a person, and says who has to take what off', () => {
    const decision = decided([pending, migrated], frozen);
    expect(told(decision, 'Stalled')).toBe(
      `Frozen: 1 of 2 namespaces migrated, 1 to come; no namespace is started: MeshMigration mm is frozen by its annotation ${freezeAnnotation}: "year-end". Find out whether it may go on, and take the annotation off: kubectl annotate mm mm ${freezeAnnotation}-`,
    );
    expect(decision.status.windows?.state).toBe('Closed');
  });

  it('says so besides while something is under way', () => {
    const decision = decided([pending, moving], frozen);
    expect(told(decision, 'Reconciling')).toMatch(
      /^Migrating: .*; no namespace is started: MeshMigration mm is frozen/,
    );
  });
});
