import { describe, expect, it } from '@jest/globals';
import { failedHomes } from '../../test/support/failed-homes.ts';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import { MeshMigrationStatus, type MigrationPhase } from '../api/mesh-migration-status.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { rollbackFinalizer, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import type { Scope } from '../plan/scope.ts';
import { decideMigration, wantedOf, type MigrationDecision } from './decide-migration.ts';

const now = Date.UTC(2030, 0, 1);
const failure = { reason: 'PodNotEnrolled', message: 'late', at: '2030-01-01T00:00:00Z' };

function migration(
  overrides: {
    readonly spec?: Readonly<Record<string, unknown>>;
    readonly status?: MeshMigrationStatus;
    readonly deleted?: boolean;
    readonly bare?: boolean;
  } = {},
): MeshMigration {
  return {
    metadata: {
      name: 'mm',
      uid: 'mm-uid',
      generation: 2,
      ...(overrides.bare !== true && { finalizers: [rollbackFinalizer] }),
      ...(overrides.deleted === true && { deletionTimestamp: '2030-01-01T00:00:00Z' }),
    },
    spec: migrationSpec(overrides.spec),
    ...(overrides.status && { status: overrides.status }),
  };
}

function child(namespace: string, status?: NamespaceMigrationStatus): NamespaceMigration {
  return {
    metadata: { name: 'mm', namespace, uid: `${namespace}-uid`, resourceVersion: '7' },
    spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
    ...(status && { status }),
  };
}

function scope(namespaces: readonly string[], more: Partial<Scope> = {}): Scope {
  return { namespaces, hbone: [], changed: [], findings: [], ...more };
}

const critical = {
  id: 'MM001',
  severity: 'Critical',
  object: 'Namespace kube-system',
  message: 'x',
  fix: 'y',
} as const;
const migrated: NamespaceMigrationStatus = { writtenPhase: 'Migrated', direction: 'Forward' };
const stalled: NonNullable<NamespaceMigrationStatus['conditions']> = [
  { type: 'Stalled', status: 'True', reason: 'X', message: 'x', lastTransitionTime: '2030-01-01T00:00:00Z' },
];
const flying: NamespaceMigrationStatus = { writtenPhase: 'Migrating', direction: 'Forward' };

function decided(object: MeshMigration, children: readonly NamespaceMigration[], given: Scope): MigrationDecision {
  const selected = {
    ...object,
    spec: { ...object.spec, namespaces: { ...object.spec.namespaces, names: [...given.namespaces] } },
  };
  const decision = decideMigration({ now, object: selected, children, scope: given, homes: failedHomes(children) });
  expect(MeshMigrationStatus.strict().parse(JSON.parse(JSON.stringify(decision.status)))).toEqual(
    JSON.parse(JSON.stringify(decision.status)),
  );
  return decision;
}

describe('the write of a migration', () => {
  it.each<[string, MeshMigration, readonly NamespaceMigration[], Scope, MigrationDecision['write']]>([
    ['protects itself first', migration({ bare: true }), [], scope(['a']), { kind: 'AddFinalizer' }],
    [
      'makes records one by one',
      migration(),
      [child('a')],
      scope(['a', 'b', 'c']),
      { kind: 'CreateChild', namespace: 'b' },
    ],
    ['is none when all are there', migration(), [child('a')], scope(['a']), undefined],
    ['is none while the selection is wrong', migration(), [], scope(['a'], { findings: [critical] }), undefined],
    [
      'takes away a record that is not needed any more',
      migration(),
      [child('a'), child('b')],
      scope(['b']),
      { kind: 'DeleteChild', namespace: 'a', uid: 'a-uid', resourceVersion: '7' },
    ],
    ['keeps one that is under way, in the selection or not', migration(), [child('a', flying)], scope([]), undefined],
    [
      'waits at deletion for what is on its way back',
      migration({ deleted: true }),
      [child('a', { writtenPhase: 'RollingBack', direction: 'Backward' })],
      scope(['a'], { changed: ['a'] }),
      undefined,
    ],
    [
      'waits at deletion for what nobody has looked at yet',
      migration({ deleted: true }),
      [child('a')],
      scope(['a']),
      undefined,
    ],
    [
      'takes the records away at deletion',
      migration({ deleted: true }),
      [child('a', { writtenPhase: 'RolledBack' })],
      scope(['a', 'b']),
      { kind: 'DeleteChild', namespace: 'a', uid: 'a-uid', resourceVersion: '7' },
    ],
    ['lets go at last', migration({ deleted: true }), [], scope(['a']), { kind: 'RemoveFinalizer' }],
    ['is none when it has let go', migration({ deleted: true, bare: true }), [], scope([]), undefined],
    [
      'makes the record of a changed namespace again',
      migration(),
      [],
      scope(['a'], { changed: ['a'] }),
      { kind: 'CreateChild', namespace: 'a' },
    ],
    [
      'makes it again outside the selection too',
      migration(),
      [child('b')],
      scope(['b'], { changed: ['a'] }),
      { kind: 'CreateChild', namespace: 'a' },
    ],
    [
      'makes it again before it lets go at deletion',
      migration({ deleted: true }),
      [],
      scope([], { changed: ['a'] }),
      { kind: 'CreateChild', namespace: 'a' },
    ],
  ])('%s', (_case, object, children, given, write) => {
    expect(decided(object, children, given).write).toEqual(write);
  });
});

it('frees the names of its records from those of another way before anything else', () => {
  const outdated = [child('a', migrated)];

  const { write, status } = decideMigration({
    now,
    object: migration({ bare: true }),
    children: [],
    outdated,
    scope: scope(['a']),
    homes: [],
  });

  expect(write).toEqual({ kind: 'DeleteChild', namespace: 'a', uid: 'a-uid', resourceVersion: '7' });
  expect(status.namespaces).toMatchObject({ total: 1, migrated: 0, pending: 1 });
});

describe('what a migration wants', () => {
  it.each<[string, MeshMigration, string]>([
    ['what the spec says', migration({ spec: { action: 'Pause' } }), 'Pause'],
    [
      'what a person commanded',
      migration({
        status: { command: { action: 'Rollback', by: 'ann', at: '2030-01-01T00:00:00Z', overrides: 'Migrate' } },
      }),
      'Rollback',
    ],
    ['its rollback at deletion', migration({ deleted: true }), 'Rollback'],
    [
      'to leave what is there at deletion',
      migration({ deleted: true, spec: { rollback: { onDelete: 'Leave' } } }),
      'DeleteLeave',
    ],
  ])('is %s', (_case, object, wanted) => {
    expect(wantedOf(object)).toBe(wanted);
  });
});

describe('an edit of the phase', () => {
  const edited = (phase: string, writtenPhase: MigrationPhase, action: string): MigrationDecision['status'] =>
    decided(migration({ spec: { action }, status: { phase, writtenPhase } }), [child('a', flying)], scope(['a']))
      .status;
  const rejected = (status: MeshMigrationStatus): string | undefined =>
    status.conditions?.find(({ type }) => type === 'CommandRejected')?.message;

  it('to RollingBack holds until the spec asks for something else', () => {
    const status = edited('RollingBack', 'Migrating', 'Migrate');

    expect(status).toMatchObject({ phase: 'RollingBack', command: { action: 'Rollback', overrides: 'Migrate' } });
    expect(
      decided(migration({ spec: { action: 'Pause' }, status }), [child('a', flying)], scope(['a'])).status.command,
    ).toBeUndefined();
  });

  it('to Paused holds what migrates, and is refused when nothing does', () => {
    expect(edited('Paused', 'Migrating', 'Migrate')).toMatchObject({ phase: 'Paused' });
    expect(rejected(edited('Paused', 'Planned', 'Plan'))).toContain('nothing is under way');
  });

  it('to Migrating ends a command, and cannot overrule the spec', () => {
    const commanded: MeshMigrationStatus = {
      phase: 'Migrating',
      writtenPhase: 'RolledBack',
      command: { action: 'Rollback', by: 'ann', at: '2030-01-01T00:00:00Z', overrides: 'Migrate' },
    };

    expect(decided(migration({ status: commanded }), [child('a')], scope(['a'])).status.command).toBeUndefined();
    expect(rejected(edited('Migrating', 'Planned', 'Plan'))).toContain('set it to Migrate');
  });

  it('is answered until the phase is another one', () => {
    const status = edited('Migrating', 'Planned', 'Plan');
    const still = decided(migration({ spec: { action: 'Plan' }, status }), [child('a', flying)], scope(['a'])).status;
    expect(rejected(still)).toContain('set it to Migrate');
    expect(
      rejected(decided(migration({ status: still }), [child('a', migrated)], scope(['a'])).status),
    ).toBeUndefined();
  });

  it.each(['nonsense', 'Migrated', ''])('to "%s" is answered and put back', (phase) => {
    const status = edited(phase, 'Migrating', 'Migrate');

    expect(status.phase).toBe('Migrating');
    expect(rejected(status)).toMatch(/it was put back/i);
  });

  it('is too late when the migration is Finalized', () => {
    expect(rejected(edited('RollingBack', 'Finalized', 'Finalize'))).toContain('Finalized');
  });
});

describe('the phase of a migration', () => {
  const waiting: NamespaceMigrationStatus = { writtenPhase: 'Pending' };
  const blocked: NamespaceMigrationStatus = { writtenPhase: 'Blocked' };
  const back: NamespaceMigrationStatus = { writtenPhase: 'RolledBack', failure };
  const incomplete: NamespaceMigrationStatus = {
    writtenPhase: 'Incomplete',
    direction: 'Forward',
    conditions: stalled,
  };

  it.each<[MigrationPhase, string, string, readonly (NamespaceMigrationStatus | undefined)[]]>([
    ['Planning', 'Plan', 'Reconciling', [undefined]],
    ['Planned', 'Plan', 'Ready', [{ writtenPhase: 'Planned' }, blocked]],
    ['Blocked', 'Plan', 'Stalled', [blocked, blocked]],
    ['Paused', 'Plan', 'Stalled', [flying]],
    ['Migrating', 'Migrate', 'Reconciling', [flying, waiting]],
    ['Migrating', 'Migrate', 'Reconciling', [migrated, waiting]],
    ['Migrated', 'Migrate', 'Ready', [migrated, migrated]],
    ['Blocked', 'Migrate', 'Stalled', [migrated, blocked]],
    ['Failed', 'Migrate', 'Stalled', [back, waiting]],
    ['Failed', 'Migrate', 'Stalled', [back, migrated]],
    ['RollingBack', 'Rollback', 'Reconciling', [{ writtenPhase: 'RollingBack', direction: 'Backward' }]],
    ['RolledBack', 'Rollback', 'Ready', [{ writtenPhase: 'RolledBack' }]],
    ['Paused', 'Pause', 'Stalled', [flying]],
    ['Finalized', 'Finalize', 'Ready', [{ writtenPhase: 'Finalized' }]],
    ['Incomplete', 'Migrate', 'Stalled', [migrated, incomplete]],
    ['Incomplete', 'Migrate', 'Stalled', [migrated, { writtenPhase: 'RolledBack' }]],
    ['RolledBack', 'Migrate', 'Stalled', [{ writtenPhase: 'RolledBack' }]],
    ['Incomplete', 'Finalize', 'Stalled', [{ writtenPhase: 'Finalized' }, incomplete]],
    ['Migrated', 'Finalize', 'Stalled', [{ ...migrated, conditions: stalled }]],
    ['Migrated', 'Finalize', 'Reconciling', [migrated, incomplete]],
    ['RollingBack', 'Rollback', 'Reconciling', [{ writtenPhase: 'Finalized' }, migrated]],
    ['Finalized', 'Rollback', 'Stalled', [{ writtenPhase: 'Finalized' }, { writtenPhase: 'RolledBack' }]],
    ['Finalized', 'Rollback', 'Stalled', [{ writtenPhase: 'Finalized' }]],
    ['RolledBack', 'Rollback', 'Ready', [{ writtenPhase: 'Planned' }]],
  ])('is %s when it is to %s, and %s', (phase, action, condition, statuses) => {
    const children = statuses.map((status, n) => child(`ns-${n}`, status));
    const { status } = decided(
      migration({ spec: { action } }),
      children,
      scope(children.map(({ metadata }) => metadata.namespace ?? '')),
    );

    expect(status.phase).toBe(phase);
    expect(status.conditions?.find(({ type }) => type === condition)?.status).toBe('True');
  });

  it('is Blocked by a critical finding about the selection', () => {
    expect(decided(migration(), [], scope([], { findings: [critical] })).status).toMatchObject({ phase: 'Blocked' });
  });

  it('comes with counts that add up', () => {
    const statuses = [
      undefined,
      waiting,
      blocked,
      flying,
      migrated,
      back,
      { writtenPhase: 'Failed', direction: 'Forward', failure } as const,
    ];
    const children = statuses.map((status, n) => child(`ns-${n}`, status));
    const { namespaces } = decided(
      migration(),
      children,
      scope([...children.map(({ metadata }) => metadata.namespace ?? ''), 'not-yet']),
    ).status;

    expect(namespaces).toEqual({
      total: 8,
      pending: 3,
      blocked: 1,
      inFlight: 2,
      migrated: 1,
      incomplete: 0,
      rolledBack: 1,
      failed: 2,
    });
  });

  it('is the same at any later time', () => {
    const object = migration();
    const first = decided(object, [child('a', flying)], scope(['a'])).status;
    const again = decideMigration({
      now: now + 3_600_000,
      object: { ...object, status: first },
      children: [child('a', flying)],
      scope: scope(['a']),
      homes: [],
    }).status;

    expect(again).toEqual(first);
  });

  it('stays within what the status may hold', () => {
    const children = Array.from({ length: 60 }, (_each, n) =>
      child(`ns-${n}`, { ...back, conditions: stalled, message: 'x'.repeat(1024) }),
    );

    expect(decided(migration(), children, scope([])).status).toMatchObject({
      needAttention: 60,
      attention: { length: 20 },
    });
  });
});
