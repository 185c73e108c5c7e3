import { describe, expect, it } from '@jest/globals';
import { migrationSpec, namespace } from '../../test/support/mesh-fixtures.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { WaveStatus } from '../api/waves.ts';
import { timestamp } from '../base/clock.ts';
import { wavesOf } from '../plan/waves.ts';
import type { Wanted } from './situation.ts';
import { soakedInMs, wavesNow, type Watching } from './waves.ts';

const now = Date.parse('2030-01-02T12:00:00Z');
const hourMs = 3_600_000;
const names = ['a', 'b', 'c'];
const pending: NamespaceMigrationStatus = { writtenPhase: 'Pending' };
const moving: NamespaceMigrationStatus = { writtenPhase: 'Migrating', direction: 'Forward' };
const ready: NamespaceMigrationStatus['conditions'] = [
  { type: 'Ready', status: 'True', reason: 'Migrated', message: '', lastTransitionTime: '2030-01-01T00:00:00Z' },
];
const original = { namespaceUid: 'u', capturedAt: timestamp(now - 10 * hourMs), labels: [] };
const migrated: NamespaceMigrationStatus = {
  writtenPhase: 'Migrated',
  direction: 'Forward',
  conditions: ready,
  original,
};
const blocked: NamespaceMigrationStatus = { writtenPhase: 'Blocked' };
const returning: NamespaceMigrationStatus = { writtenPhase: 'RollingBack', direction: 'Backward' };
const stalled: NamespaceMigrationStatus['conditions'] = [
  { type: 'Stalled', status: 'True', reason: 'X', message: 'x', lastTransitionTime: '2030-01-01T00:00:00Z' },
];

interface Given {
  readonly before?: readonly WaveStatus[];
  readonly wanted?: Wanted;
  readonly maxFailures?: number;
  readonly soak?: string;
  readonly watching?: Watching;
  readonly watch?: string;
  readonly elsewhere?: readonly string[];
  readonly madeAgoMs?: number;
}

/** Waves `one` of `a` and `b`, and `two` of `c`, for namespaces in these states. */
function states(of: readonly (NamespaceMigrationStatus | undefined)[], given: Given = {}): readonly WaveStatus[] {
  const { before = [], wanted = 'Migrate', maxFailures = 0, soak = '24h', watching, watch = '0s' } = given;
  const { elsewhere = [], madeAgoMs = hourMs } = given;
  const object: MeshMigration = {
    metadata: { name: 'mm' },
    spec: migrationSpec({
      namespaces: { names },
      restart: { watch },
      waves: [
        { name: 'one', namespaces: { names: ['a', 'b'] }, soak, maxFailures },
        { name: 'two', namespaces: { names: ['c'] } },
      ],
    }),
    status: { waves: [...before] },
  };
  const children = of.flatMap((status, at): readonly NamespaceMigration[] =>
    status === undefined
      ? []
      : [
          {
            metadata: { name: 'mm', namespace: names[at] ?? '', creationTimestamp: timestamp(now - madeAgoMs) },
            spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
            status,
          },
        ],
  );
  const waves = wavesOf(
    object,
    names.map((name) => namespace({ name })),
  );
  const scope = { namespaces: names, hbone: [], changed: [], findings: [] };
  const isThere = (name: string): boolean => !elsewhere.includes(name);
  return wavesNow({ now, object, scope, children, waves, wanted, watching, isThere });
}

function arrived(agoMs: number): WaveStatus {
  return { name: 'one', state: 'Soaking', total: 2, migrated: 2, unfinished: 0, arrivedAt: timestamp(now - agoMs) };
}

function shown(waves: readonly WaveStatus[]): readonly string[] {
  return waves.map(({ name, state }) => `${name} ${state}`);
}

describe('a wave', () => {
  it.each<[string, Parameters<typeof states>[0], Given, string]>([
    ['is open while its namespaces have not been looked at', [undefined, undefined, undefined], {}, 'Open'],
    ['and while one of them is on its way', [migrated, moving, pending], {}, 'Open'],
    ['soaks from the moment at which all have arrived', [migrated, migrated, pending], {}, 'Soaking'],
    ['is done at once without a soak', [migrated, migrated, pending], { soak: '0s' }, 'Done'],
    ['soaks on until the time is over', [migrated, migrated, pending], { before: [arrived(23 * hourMs)] }, 'Soaking'],
    ['and is done then', [migrated, migrated, pending], { before: [arrived(24 * hourMs)] }, 'Done'],
    ['is held by one that is blocked', [migrated, blocked, pending], {}, 'Held'],
    ['and not if that is one of those that may fail', [migrated, blocked, pending], { maxFailures: 1 }, 'Soaking'],
    ['is held by one that waits for a person', [migrated, { ...moving, conditions: stalled }, pending], {}, 'Held'],
    ['and by one that has arrived and does so', [migrated, { ...migrated, conditions: stalled }, pending], {}, 'Held'],
    ['waits for one that goes back, whatever may fail', [migrated, returning, pending], { maxFailures: 2 }, 'Open'],
  ])('%s', (_case, of, given, state) => {
    expect(shown(states(of, given))[0]).toBe(`one ${state}`);
  });

  const both = [migrated, migrated, pending];
  const claimed: NamespaceMigrationStatus = { writtenPhase: 'Migrated', conditions: ready };
  const hbone: NamespaceMigrationStatus = { ...migrated, itinerary: 'Hbone' };

  it.each<[string, Parameters<typeof states>[0], Given, string]>([
    [
      'soaks on while what a process before has left was not looked at',
      both,
      { before: [arrived(25 * hourMs)], watching: { ms: 29_000, now } },
      'Soaking',
    ],
    [
      'and for as long as it takes to see that something died meanwhile',
      both,
      { before: [arrived(25 * hourMs)], watching: { ms: 149_000, now }, watch: '2m' },
      'Soaking',
    ],
    ['and is done then', both, { before: [arrived(25 * hourMs)], watching: { ms: 150_000, now }, watch: '2m' }, 'Done'],
    [
      'soaks on where its time is over only by a clock that was set',
      both,
      { before: [arrived(24 * hourMs)], watching: { ms: hourMs, now: now - hourMs } },
      'Soaking',
    ],
    ['is not done by one that was only restarted for HBONE', [migrated, hbone, pending], { soak: '0s' }, 'Open'],
    ['is not done by the word of a record', [migrated, claimed, pending], { soak: '0s', elsewhere: ['b'] }, 'Open'],
    ['is done by one that was there already', [migrated, claimed, pending], { soak: '0s' }, 'Done'],
    [
      'is not done by one whose record is lost',
      [migrated, { ...migrated, conditions: undefined }, pending],
      { soak: '0s' },
      'Open',
    ],
    [
      'nor by one whose record was made anew a moment ago',
      both,
      { soak: '0s', watch: '2m', madeAgoMs: 149_000 },
      'Soaking',
    ],
    ['but once its watch is over', both, { soak: '0s', watch: '2m', madeAgoMs: 150_000 }, 'Done'],
    [
      'is done by one whose record is young because all of it is',
      both.map((each) => ({ ...each, original: { ...original, capturedAt: timestamp(now - 30_000) } })),
      { soak: '0s', watch: '2m', madeAgoMs: 40_000 },
      'Done',
    ],
  ])('%s', (_case, of, given, state) => {
    expect(shown(states(of, given))[0]).toBe(`one ${state}`);
  });

  it('begins its soak anew where one of it was lost meanwhile', () => {
    const [one] = states([migrated, moving, pending], { before: [arrived(23 * hourMs)] });
    expect(one).toEqual({ name: 'one', state: 'Open', total: 2, migrated: 1, unfinished: 0 });
    expect(states([migrated, migrated, pending], { before: one === undefined ? [] : [one] })[0]?.arrivedAt).toBe(
      timestamp(now),
    );
  });

  it('that says it arrived in the future has arrived now: a clock went back', () => {
    const [one] = states([migrated, migrated, pending], { before: [arrived(-5 * hourMs)] });
    expect(one).toMatchObject({ state: 'Soaking', arrivedAt: timestamp(now) });
  });

  it('that is done stays so whoever joins it, or goes back', () => {
    const before: WaveStatus = { ...arrived(30 * hourMs), state: 'Done', doneAt: timestamp(now - 6 * hourMs) };
    expect(shown(states([moving, returning, moving], { before: [before] }))).toEqual([
      'one Done',
      'two Open',
      '(others) Waiting',
    ]);
    expect(shown(states([migrated, migrated, migrated], { before: [before], wanted: 'Rollback' }))).toEqual([
      'one Waiting',
      'two Waiting',
      '(others) Waiting',
    ]);
  });

  it('becomes done only after those before it, stays so when these are not, and is at once of nobody', () => {
    expect(shown(states([moving, migrated, migrated]))).toEqual(['one Open', 'two Waiting', '(others) Waiting']);
    const done = { state: 'Done', doneAt: timestamp(now - hourMs) } as const;
    const two: WaveStatus = { name: 'two', total: 1, migrated: 1, unfinished: 0, ...done };
    expect(shown(states([moving, migrated, migrated], { before: [two] }))).toEqual([
      'one Open',
      'two Done',
      '(others) Waiting',
    ]);
    expect(states([migrated, migrated, migrated], { soak: '0s' })[2]).not.toHaveProperty('doneAt');
    expect(shown(states([migrated, migrated, migrated], { soak: '0s' }))).toEqual([
      'one Done',
      'two Done',
      '(others) Done',
    ]);
  });
});

describe('waves while nothing is to be started', () => {
  const paused: NamespaceMigrationStatus = { ...moving, writtenPhase: 'Paused', conditions: stalled };

  it.each<[string, Parameters<typeof states>[0], Given, string]>([
    ['in a plan one that is blocked', [blocked, blocked, pending], { wanted: 'Plan', maxFailures: 2 }, 'Waiting'],
    ['one in which somebody is paused', [migrated, paused, pending], { wanted: 'Pause', maxFailures: 1 }, 'Waiting'],
    [
      'one whose soak is over by the clock',
      [migrated, migrated, pending],
      { wanted: 'Pause', before: [arrived(25 * hourMs)] },
      'Waiting',
    ],
  ])('do not become done: %s', (_case, of, given, state) => {
    expect(shown(states(of, given))).toEqual([`one ${state}`, 'two Waiting', '(others) Waiting']);
  });

  it('go on soaking', () => {
    const before = [arrived(5 * hourMs)];
    const [one] = states([migrated, migrated, pending], { wanted: 'Pause', before });
    expect(one?.arrivedAt).toBe(before[0]?.arrivedAt);
  });
});

describe('a soak that is paused', () => {
  const short = { ...migrated, conditions: stalled };

  it('begins anew when one came to a stop meanwhile, mended since or not', () => {
    const before = [arrived(23.5 * hourMs)];
    const during = states([migrated, short, pending], { wanted: 'Pause', before, maxFailures: 1 });
    const after = states([migrated, short, pending], { before: during, maxFailures: 1 });
    expect(after[0]?.arrivedAt).toBe(timestamp(now));
    const held = states([migrated, short, pending], { wanted: 'Pause', before });
    expect(states([migrated, migrated, pending], { before: held })[0]?.arrivedAt).toBe(timestamp(now));
  });
});

describe('a wave of those that went back', () => {
  const back: NamespaceMigrationStatus = { writtenPhase: 'RolledBack' };
  const failure = { reason: 'PodsNotReady', message: '', at: '2030-01-01T00:00:00Z' };

  it('is open where they start again by themselves, and not where they do not', () => {
    expect(shown(states([back, migrated, pending], { maxFailures: 1 }))[0]).toBe('one Open');
    expect(shown(states([{ ...back, failure }, migrated, pending]))[0]).toBe('one Held');
    expect(shown(states([{ ...back, failure }, migrated, pending], { maxFailures: 1 }))[0]).toBe('one Soaking');
  });
});

describe('a wave of which as many as may came to a stop', () => {
  const halted = { ...moving, conditions: stalled };
  const given = { maxFailures: 1, soak: '0s', watch: '2m' };

  it('is not done by what may be for a moment: paused with all until now, for example', () => {
    const before = states([migrated, halted, pending], given);
    expect(shown(before)[0]).toBe('one Soaking');
    expect(shown(states([migrated, moving, pending], { ...given, before }))[0]).toBe('one Open');
  });

  it('is done when that has lasted', () => {
    const before = [{ ...arrived(120_000), migrated: 1, unfinished: 1 }];
    expect(shown(states([migrated, halted, pending], { ...given, before }))[0]).toBe('one Done');
    expect(shown(states([migrated, halted, pending], { ...given, watch: '3m', before }))[0]).toBe('one Soaking');
  });
});

describe('a soak', () => {
  it('begins anew with each that comes to a stop in it, though that many may', () => {
    const before = [arrived(23 * hourMs)];
    const [one] = states([migrated, { ...migrated, conditions: stalled }, pending], { before, maxFailures: 1 });
    expect(one).toMatchObject({ state: 'Soaking', arrivedAt: timestamp(now) });
  });
});

describe('a wave that has nobody', () => {
  function only(namespaces: object, before: readonly WaveStatus[] = [], wanted: Wanted = 'Migrate'): string {
    const object: MeshMigration = {
      metadata: { name: 'mm' },
      spec: migrationSpec({ namespaces: { names }, waves: [{ name: 'one', namespaces }] }),
      status: { waves: [...before] },
    };
    const waves = wavesOf(
      object,
      names.map((name) => namespace({ name })),
    );
    const scope = { namespaces: names, hbone: [], changed: [], findings: [] };
    return wavesNow({ now, object, scope, children: [], waves, wanted })[0]?.state ?? '';
  }
  const selector = { matchLabels: { ring: 'one' } };
  const had = (state: WaveStatus['state'], total: number): readonly WaveStatus[] => [
    { name: 'one', state, total, migrated: 0, unfinished: 0 },
  ];

  it('is passed by where it goes by labels, and holds where it has names', () => {
    expect(only({ selector })).toBe('Done');
    expect(only({ names: ['misspelt'] })).toBe('Held');
    expect(only({ names: ['misspelt'], selector })).toBe('Held');
  });

  it('because they are gone half-way holds, and goes on holding', () => {
    expect(only({ selector }, had('Open', 1))).toBe('Held');
    expect(only({ selector }, had('Held', 0))).toBe('Held');
    expect(only({ selector }, had('Done', 0))).toBe('Done');
  });

  it('holds too where they are gone before its turn, or in a pause', () => {
    expect(only({ selector }, had('Waiting', 1), 'Pause')).toBe('Held');
    expect(only({ selector }, had('Held', 0), 'Pause')).toBe('Held');
    expect(only({ selector }, had('Held', 0))).toBe('Held');
    expect(only({ selector }, had('Waiting', 0), 'Pause')).toBe('Waiting');
  });
});

describe('soakedInMs', () => {
  it('is what is left of the soak', () => {
    const object: MeshMigration = {
      metadata: { name: 'mm' },
      spec: migrationSpec({ waves: [{ name: 'one', namespaces: { names: ['a'] }, soak: '24h' }] }),
    };
    expect(soakedInMs({ now, object }, [arrived(23 * hourMs)])).toBe(hourMs);
    expect(soakedInMs({ now, object }, [{ ...arrived(0), state: 'Open' }])).toBeUndefined();
  });
});
