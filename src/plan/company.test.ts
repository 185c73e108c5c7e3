import { describe, expect, it } from '@jest/globals';
import { migrationSpec, namespace } from '../../test/support/mesh-fixtures.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { journalAnnotation, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import type { NamespaceView } from '../mesh/views.ts';
import type { Approvals } from './approval.ts';
import { companyOf } from './company.ts';
import { noWaves } from './waves.ts';
import { journalText, type Journal } from './journal.ts';
import { isIdle } from './scope.ts';

const spec = migrationSpec({ namespaces: { names: ['shop'], exclude: [] } });

function journal(migration: string, direction: Journal['direction'], route: Journal['route'] = spec): string {
  return journalText({
    migration,
    uid: 'u',
    route: { from: route.from, to: route.to },
    attempt: 1,
    direction,
    itinerary: 'L7',
    capturedAt: '2030-01-01T00:00:00Z',
    labels: {},
    set: {},
  });
}

function record(status: NamespaceMigrationStatus): NamespaceMigration {
  return {
    metadata: { name: 'mm', namespace: 'shop' },
    spec: { migration: 'mm', from: spec.from, to: spec.to },
    status,
  };
}

/** Of a migration whose namespace lost its journal. */
const lost: NonNullable<MeshMigration['status']> = {
  returned: [{ namespace: 'shop', uid: 'u', attempt: 1, reason: 'JournalLost', at: '2030-01-01T00:00:00Z' }],
};

interface Given {
  readonly record?: NamespaceMigrationStatus;
  readonly journal?: string;
  readonly others?: readonly string[];
  readonly isUnwanted?: boolean;
  readonly isBudgetSpent?: boolean;
  readonly frozen?: string;
  readonly approvals?: Approvals;
}

function company(given: Given): ReturnType<typeof companyOf> {
  const shop = namespace({
    name: 'shop',
    ...(given.journal !== undefined && { annotations: { [journalAnnotation]: given.journal } }),
  });
  const others = (given.others ?? []).map((name): MeshMigration => ({ metadata: { name }, spec }));
  return companyOf({
    spec,
    migration: 'mm',
    reserved: [],
    waves: noWaves,
    others,
    isIdle: () => false,
    siblings: () => (given.record === undefined ? [] : [record(given.record)]),
    namespace: (name) => (name === 'shop' ? shop : undefined),
    isUnwanted: () => given.isUnwanted === true,
    isBudgetSpent: () => given.isBudgetSpent === true,
    frozen: () => given.frozen,
    ...(given.approvals && { approvals: given.approvals }),
  });
}

const unmade = 'its NamespaceMigration mm cannot be created: exceeded quota';

function refused(status: NamespaceMigrationStatus): NamespaceMigrationStatus {
  return {
    ...status,
    message: unmade,
    conditions: [{ type: 'Stalled', status: 'True', reason: 'RecordRefused', message: unmade, lastTransitionTime: '' }],
  };
}

describe('what other migrations declare', () => {
  const callers = [{ namespace: 'shop', from: [{ namespace: 'blog' }] }];
  const other: MeshMigration = { metadata: { name: 'other' }, spec: { ...spec, callers } };
  const planned: MeshMigration = { ...other, spec: { ...other.spec, action: 'Plan' } };
  const shop = namespace({ name: 'shop' });
  const begun = namespace({ name: 'shop', annotations: { [journalAnnotation]: journal('other', 'Forward') } });

  it.each<[string, MeshMigration, readonly NamespaceView[], boolean]>([
    ['where it moves a namespace', other, [shop], true],
    ['not where it plans only', planned, [shop], false],
    ['where it plans for more, and has begun', planned, [begun], true],
    ['where it plans again what somebody has to put back', { ...planned, status: lost }, [shop], true],
    ['not where there is no namespace for it', other, [], false],
    ['not where none is left', other, [namespace({ name: 'shop', terminating: true })], false],
  ])('is known %s, and not what the own one does', (_, migration, namespaces, isKnown) => {
    const around = companyOf({
      spec: { ...spec, callers: [{ namespace: 'own', from: [] }] },
      migration: 'mm',
      reserved: [],
      waves: noWaves,
      others: [migration, { metadata: { name: 'third' }, spec }],
      isIdle: (each) => isIdle(each, namespaces, []),
      siblings: () => [],
      namespace: () => undefined,
      isUnwanted: () => false,
      isBudgetSpent: () => false,
      frozen: () => undefined,
    });

    expect(around.declared()).toEqual(isKnown ? callers : []);
  });
});

describe('who was not seen before the start of a namespace', () => {
  it('is told by its journal, and by nothing else', () => {
    const unseen = { namespaces: ['blog'], policies: ['shop/no-addresses abc'] };
    const written = journalText({
      migration: 'mm',
      uid: 'u',
      route: { from: spec.from, to: spec.to },
      attempt: 1,
      direction: 'Forward',
      itinerary: 'L4',
      capturedAt: '2030-01-01T00:00:00Z',
      labels: {},
      set: {},
      unseen,
    });

    expect(company({ journal: written }).unseenBefore('shop')).toEqual(unseen);
    expect(company({ journal: journal('mm', 'Forward') }).unseenBefore('shop')).toBeUndefined();
    expect(company({ journal: written }).unseenBefore('elsewhere')).toBeUndefined();
  });
});

describe('the way back of a namespace behind its guard', () => {
  it.each<[string, Given, string]>([
    ['of the same migration, which goes forward', { record: { direction: 'Forward' } }, 'ComesAlong'],
    ['of the same migration, which goes back', { record: { direction: 'Forward' }, isUnwanted: true }, 'GoesBack'],
    [
      'whose record cannot be made, and whose migration goes back',
      { record: refused({ direction: 'Forward', writtenPhase: 'Migrated' }), isUnwanted: true },
      'GoesBack',
    ],
    ['whose journal was lost', { record: { writtenPhase: 'Blocked' } }, 'Stays'],
    ['that is finalized', { record: { writtenPhase: 'Finalized' } }, 'Stays'],
    ['of which nothing is there', {}, 'Stays'],
    ['of another migration, which goes forward', { journal: journal('other', 'Forward'), others: ['other'] }, 'Stays'],
    ['of another migration, which goes back', { journal: journal('other', 'Backward'), others: ['other'] }, 'GoesBack'],
    [
      'of another migration, which was deleted by force on its way back',
      { journal: journal('other', 'Backward') },
      'Stays',
    ],
    [
      'of another migration, after which one of another way has its name',
      { journal: journal('other', 'Backward', { from: 'None', to: 'IstioAmbient' }), others: ['other'] },
      'Stays',
    ],
  ])('%s', (_case, given, way) => {
    expect(company(given).wayBack('shop')).toBe(way);
  });

  it('does not go on while its record cannot be made', () => {
    const found = company({ record: refused({ direction: 'Forward', writtenPhase: 'Migrated' }), isUnwanted: true });
    expect(found.goingBack()).toEqual(['shop']);
    expect(found.stalledBack('shop')).toBe(unmade);
  });
});

describe('the way there', () => {
  it('is not begun where too many failed, by the one count of those, whatever records there are besides', () => {
    const failure = { reason: 'WorkloadUnavailable', message: 'x', at: '2030-01-01T00:00:00Z' };
    expect(company({ record: { writtenPhase: 'Pending' }, isBudgetSpent: true }).halted('shop')).toBe(
      'is not started, because too many failed',
    );
    expect(company({ record: { writtenPhase: 'Pending', failure } }).halted('shop')).toBeUndefined();
    expect(
      company({ record: { direction: 'Forward', writtenPhase: 'Migrating' }, isBudgetSpent: true }).halted('shop'),
    ).toBeUndefined();
  });

  it('is not begun where nobody has approved of its plan', () => {
    const record = { writtenPhase: 'Pending', planDigest: 'a.b.' };
    const needed = { isNeeded: () => true, digests: new Map() };
    expect(company({ record, approvals: needed }).halted('shop')).toBe('waits until somebody approves of its plan');
    const approved = { isNeeded: () => true, digests: new Map([['shop', 'a.b.']]) };
    expect(company({ record, approvals: approved }).halted('shop')).toBeUndefined();
  });

  it('is not begun where the migration is frozen, and goes on where it has', () => {
    const frozen = 'MeshMigration mm is frozen';
    expect(company({ record: { writtenPhase: 'Pending' }, frozen }).halted('shop')).toBe(`is not started: ${frozen}`);
    expect(company({ record: { direction: 'Forward', writtenPhase: 'Migrating' }, frozen }).halted('shop')).toBe(
      undefined,
    );
  });

  it('stands still where a record cannot be made, begun or not', () => {
    expect(company({}).halted('shop')).toBeUndefined();
    expect(company({ record: refused({ writtenPhase: 'Pending' }) }).halted('shop')).toBe(`stands still: ${unmade}`);
    expect(company({ record: refused({ direction: 'Forward', writtenPhase: 'Migrating' }) }).halted('shop')).toBe(
      `stands still: ${unmade}`,
    );
  });

  it('stands still where it waits for a person, whatever for', () => {
    const stalled = (status: 'True' | 'False'): NamespaceMigrationStatus => ({
      direction: 'Forward',
      writtenPhase: 'Migrating',
      conditions: [
        { type: 'Stalled', status, reason: 'WaitsForOthers', message: 'waits for books', lastTransitionTime: '' },
      ],
    });
    expect(company({ record: stalled('True') }).halted('shop')).toBe('stands still: waits for books');
    expect(company({ record: stalled('False') }).halted('shop')).toBeUndefined();
  });
});
