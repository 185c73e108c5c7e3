import { describe, expect, it } from '@jest/globals';
import { migrationSpec, namespace } from '../../test/support/mesh-fixtures.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { journalAnnotation, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import type { NamespaceView } from '../mesh/views.ts';
import {
  admitted as admittedNow,
  failedIn,
  isInFlight,
  leaving,
  noSlot,
  notAdmitted,
  notLeft,
  notTurned,
  progressOf,
  turning,
  type Progress,
  type Return,
} from './admission.ts';
import { journalText, type Journal } from './journal.ts';

function child(namespace: string, status?: NamespaceMigrationStatus): NamespaceMigration {
  return {
    metadata: { name: 'mm', namespace },
    spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
    ...(status && { status }),
  };
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

function home(name: string, journal: Partial<Journal> = {}): NamespaceView {
  const text = journalText({
    migration: 'mm',
    uid: 'u',
    route: { from: 'IstioSidecar', to: 'IstioAmbient' },
    attempt: 1,
    direction: 'Forward',
    itinerary: 'L4',
    capturedAt: failure.at,
    labels: {},
    set: {},
    ...journal,
  });
  return namespace({ name, annotations: { [journalAnnotation]: text } });
}

describe('progressOf', () => {
  const object: MeshMigration = {
    metadata: { name: 'mm' },
    spec: migrationSpec({ namespaces: { names: ['a', 'x', 'y'] } }),
    status: {
      returned: [
        { namespace: 'x', uid: 'u', attempt: 1, reason: 'PodNotEnrolled', at: failure.at },
        { namespace: 'y', uid: 'u', attempt: 1, reason: 'Command', at: failure.at, by: 'ann' },
      ],
    },
  };

  it.each<[string, readonly NamespaceView[], Progress]>([
    ['nothing that is on its way', [namespace()], { inFlight: 0, failed: 1 }],
    ['what goes there and back', [home('a'), home('b', { direction: 'Backward' })], { inFlight: 2, failed: 1 }],
    [
      'no slot for what has arrived',
      [home('a', { arrived: true }), home('b', { migration: 'other' })],
      { inFlight: 0, failed: 1 },
    ],
    [
      'nothing of a namespace that is on its way out',
      [{ ...home('a'), terminating: true }],
      { inFlight: 0, failed: 1 },
    ],
    [
      'each failure once',
      [home('a', { failure }), home('x', { failure, direction: 'Backward' })],
      { inFlight: 2, failed: 2 },
    ],
  ])('counts %s', (_case, namespaces, expected) => {
    const isThere = namespaces.some(({ name }) => name === 'x');

    expect(progressOf(object, isThere ? namespaces : [...namespaces, namespace({ name: 'x' })])).toEqual(expected);
  });

  it('counts no failure of a namespace that has left the scope, so that nobody waits for its repair', () => {
    const left = [namespace({ name: 'x' }), home('a', { failure, direction: 'Backward' })];
    expect(progressOf({ ...object, spec }, left)).toEqual({ inFlight: 1, failed: 0 });
    expect(failedIn({ ...object, spec }, left)).toEqual([]);
  });

  it('counts a failed restart for HBONE like any other failure', () => {
    const staying = { ...object, status: {}, spec: migrationSpec({ restart: { hboneNamespaces: { names: ['a'] } } }) };
    const failed = [home('a', { failure, itinerary: 'Hbone' }), namespace()];
    expect(failedIn(staying, failed)).toEqual(['a']);
    expect(progressOf(staying, failed)).toEqual({ inFlight: 1, failed: 1 });
  });
});

describe('notAdmitted', () => {
  const none: Progress = { inFlight: 0, failed: 0 };
  const names = ['a', 'b', 'c', 'd', 'x', 'y'];
  const admitted = (
    name: string,
    all: readonly NamespaceMigration[],
    slots: number,
    progress = none,
    given = spec,
  ): string | undefined => notAdmitted(name, all, progress, { spec: given, slots, scope: { namespaces: names } });

  it('lets in as many as there are slots, in the order of names, from one and the same picture', () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => child(name, pending));

    expect(['a', 'b', 'c', 'd'].map((name) => admitted(name, all, 2) === undefined)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('counts what is under way', () => {
    const all = [child('a', pending), child('b', pending)];

    expect(['a', 'b'].map((name) => admitted(name, all, 2, { inFlight: 1, failed: 0 }) === undefined)).toEqual([
      true,
      false,
    ]);
    expect(admitted('a', all, 1, { inFlight: 1, failed: 0 })).toBe(
      'waits for its turn: 1 namespace may be under way at once',
    );
  });

  it('never lets in what is not in the scope', () => {
    expect(admitted('outside', [child('outside', pending)], 5)).toContain('not in the scope');
    expect(admitted('b', [child('0-outside', pending), child('b', pending)], 1)).toBeUndefined();
  });

  it.each<[string, NamespaceMigrationStatus | undefined]>([
    ['were not looked at yet', undefined],
    ['are planned', { writtenPhase: 'Planned' }],
    ['were rolled back by spec.action and start again', { writtenPhase: 'RolledBack' }],
  ])('gives a slot to one only of several that %s', (_case, status) => {
    const all = ['a', 'b', 'c'].map((name) => child(name, status));

    expect(['a', 'b', 'c'].filter((name) => admitted(name, all, 1) === undefined)).toHaveLength(1);
  });

  it.each<[string, NamespaceMigrationStatus]>([
    ['is blocked', { writtenPhase: 'Blocked' }],
    ['is there already', { writtenPhase: 'Migrated' }],
    ['was rolled back after a failure', { writtenPhase: 'RolledBack', failure }],
    ['was rolled back by a person', { writtenPhase: 'RolledBack', command }],
    ['is paused before it was started', { writtenPhase: 'Paused', command: { ...command, action: 'Pause' } }],
  ])('keeps no slot for one that %s', (_case, status) => {
    expect(admitted('b', [child('a', status), child('b', pending)], 1)).toBeUndefined();
  });

  it('lets nobody in once more have failed than the budget says', () => {
    const all = [child('a', pending)];

    expect(
      admitted('a', all, 5, { inFlight: 0, failed: 2 }, migrationSpec({ failureBudget: { namespaces: 2 } })),
    ).toBeUndefined();
    expect(
      admitted('a', all, 5, { inFlight: 0, failed: 2 }, migrationSpec({ failureBudget: { namespaces: 1 } })),
    ).toContain('2 namespaces failed and spec.failureBudget.namespaces is 1');
  });

  it('lets nobody in while twice as many as there are slots wait for a person', () => {
    const stalled = (many: number): Progress => ({ inFlight: 0, failed: 0, stalled: many });

    expect(admitted('a', [child('a', pending)], 2, stalled(3))).toBeUndefined();
    expect(admitted('a', [child('a', pending)], 2, stalled(4))).toContain('4 namespaces are under way and Stalled');
  });
});

describe('admitted', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const limits = { spec, scope: { namespaces: names } };
  const next = (
    all: readonly NamespaceMigration[],
    slots: number,
    progress: Progress = { inFlight: 0, failed: 0 },
  ): readonly string[] => admittedNow(all, progress, { ...limits, slots });
  const waiting = names.map((name) => child(name, pending));

  it('names nobody while a window is closed or the migration is frozen, and says why', () => {
    const held = { ...limits, slots: 2, hold: 'window closed' };
    const progress = { inFlight: 0, failed: 0 };
    expect(admittedNow(waiting, progress, held)).toEqual([]);
    expect(names.map((name) => notAdmitted(name, waiting, progress, held))).toEqual(names.map(() => 'window closed'));
    expect(noSlot('a', progress, 2, new Map([['a', 'WantsSlot']]))).toBeUndefined();
  });

  it.each<[string, Progress, readonly string[]]>([
    ['all slots are free', { inFlight: 0, failed: 0 }, ['a', 'b']],
    ['one is taken', { inFlight: 1, failed: 0 }, ['a']],
    ['one wants its slot again', { inFlight: 0, failed: 0, wanting: 1 }, ['a']],
    ['all are taken', { inFlight: 2, failed: 0 }, []],
    ['more are taken than there are', { inFlight: 3, failed: 0 }, []],
    ['nobody is started any more', { inFlight: 0, failed: 9 }, []],
  ])('names those whom a look would let in, when %s', (_case, progress, expected) => {
    expect(next(waiting, 2, progress)).toEqual(expected);
    expect(names.filter((name) => notAdmitted(name, waiting, progress, { ...limits, slots: 2 }) === undefined)).toEqual(
      expected,
    );
  });

  it.each<[string, NamespaceMigration]>([
    ['is blocked', child('a', { writtenPhase: 'Blocked' })],
    [
      'is paused before it was started',
      child('a', { writtenPhase: 'Paused', command: { ...command, action: 'Pause' } }),
    ],
    [
      'cannot be written',
      child('a', {
        ...pending,
        conditions: [
          { type: 'Stalled', status: 'True', reason: 'RecordRefused', message: 'x', lastTransitionTime: failure.at },
        ],
      }),
    ],
    ['has left the scope', child('0-outside', pending)],
  ])('gives no place to one at the head that %s', (_case, head) => {
    expect(next([head, ...waiting.slice(1)], 1)).toEqual(['b']);
  });
});

describe('notTurned', () => {
  const migration: MeshMigration = { metadata: { name: 'mm' }, spec };
  const resting = ['a', 'b', 'c'].map((name) => home(name, { arrived: true }));
  const turned = (
    name: string,
    namespaces: readonly NamespaceView[],
    slots: number,
    parked: readonly string[] = [],
  ): boolean =>
    notTurned(
      name,
      { migration, namespaces, slots },
      progressOf(migration, namespaces, new Map(parked.map((each) => [each, 'Waits']))),
    ) === undefined;

  it('turns as many as there are slots, in the order of names, from one and the same picture', () => {
    expect(['a', 'b', 'c'].map((name) => turned(name, resting, 2))).toEqual([true, true, false]);
  });

  it('counts what is under way, there and back, and not what waits for others', () => {
    const all = [...resting, home('d', { direction: 'Backward' }), home('e')];

    expect(['a', 'b', 'c'].map((name) => turned(name, all, 3))).toEqual([true, false, false]);
    expect(['a', 'b', 'c'].map((name) => turned(name, all, 3, ['d', 'e']))).toEqual([true, true, true]);
  });

  it('names those whom a look would let turn, past who is parked at the head', () => {
    const all = { migration, namespaces: resting, slots: 2 };
    expect(turning(all, { inFlight: 0, failed: 0 })).toEqual(['a', 'b']);
    expect(turning(all, { inFlight: 2, failed: 0 })).toEqual([]);
    expect(turning({ ...all, parking: new Map([['a', 'Waits']]) }, { inFlight: 1, failed: 0 })).toEqual(['b']);
  });

  it('leaves nobody as it is while another is half-way, parked or not, because that may have to take it along', () => {
    const all: Return = {
      migration,
      namespaces: [...resting, home('d', { direction: 'Backward' })],
      slots: 5,
      parking: new Map([['d', 'Waits']]),
    };
    expect([notLeft(all), leaving(all)]).toEqual(['stays as it is; waits until d went back', []]);
    expect([notLeft({ ...all, namespaces: resting }), leaving({ ...all, namespaces: resting })]).toEqual([
      undefined,
      ['a', 'b', 'c'],
    ]);
  });

  it('lets nobody hold the queue up who cannot turn', () => {
    expect(
      notTurned(
        'c',
        {
          migration,
          namespaces: resting,
          slots: 1,
          parking: new Map([
            ['a', 'Stalled'],
            ['b', 'Waits'],
          ]),
        },
        { inFlight: 0, failed: 0 },
      ),
    ).toBeUndefined();
  });

  it('does not ask about other migrations', () => {
    expect(
      turned(
        'c',
        [
          home('a', { arrived: true, migration: 'other' }),
          home('b', { migration: 'other' }),
          home('c', { arrived: true }),
        ],
        1,
      ),
    ).toBe(true);
  });
});
