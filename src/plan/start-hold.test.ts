import { describe, expect, it } from '@jest/globals';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import { freezeAnnotation, type MeshMigration, type NamespaceMigration } from '../api/resources.ts';
import { timestamp } from '../base/clock.ts';
import { frozenBy } from './freeze.ts';
import { marginMs, startHold } from './start-hold.ts';
import { windowFindings } from './window-findings.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const minuteMs = 60_000;
const nights = { kind: 'Allow', schedule: '0 22 * * *', duration: '4h', timeZone: 'Europe/Berlin' };

function migration(windows: readonly object[], annotations: Readonly<Record<string, string>> = {}): MeshMigration {
  return { metadata: { name: 'shop', annotations }, spec: migrationSpec({ windows }) };
}

/** A namespace that took so many minutes. */
function arrived(minutes: number, status: NamespaceMigration['status'] = {}): NamespaceMigration {
  const startedAt = timestamp(now - 1440 * minuteMs);
  const completedAt = timestamp(now + (minutes - 1440) * minuteMs);
  const steps = [
    { name: 'Preflight', startedAt, completedAt: startedAt },
    { name: 'Verify', startedAt, completedAt },
  ];
  return {
    metadata: { name: 'shop', namespace: `took-${minutes}` },
    spec: { migration: 'shop', from: 'IstioSidecar', to: 'IstioAmbient' },
    status: { writtenPhase: 'Migrated', direction: 'Forward', steps, ...status },
  };
}

describe('the margin', () => {
  const day = migration([{ ...nights, duration: '24h' }]);

  it('is the median of the namespaces that have arrived by a way of their own', () => {
    expect(marginMs(day, [])).toBeUndefined();
    expect(marginMs(day, [arrived(10), arrived(600), arrived(30)])).toBe(30 * minuteMs);
    expect(
      marginMs(day, [
        arrived(10, { writtenPhase: 'Migrating' }),
        arrived(10, { direction: 'Backward', writtenPhase: 'RollingBack' }),
        arrived(10, { itinerary: 'Hbone' }),
        arrived(10, { steps: [] }),
        arrived(-10),
      ]),
    ).toBeUndefined();
  });

  it('is half of the shortest window at most: one that was paused for a night keeps nobody else', () => {
    expect(marginMs(migration([{ ...nights, duration: '4h' }]), [arrived(600)])).toBe(120 * minuteMs);
    expect(marginMs(migration([{ ...nights, kind: 'Deny' }]), [arrived(6000)])).toBe(120 * minuteMs);
  });
});

describe('startHold', () => {
  it.each<[string, MeshMigration, readonly NamespaceMigration[], string | undefined]>([
    ['nothing where there are no windows', migration([]), [arrived(600)], undefined],
    [
      'a window that is closed, until it opens',
      migration([nights]),
      [],
      'WindowClosed window closed: by spec.windows nothing is started before 2026-11-30T21:00:00Z',
    ],
    ['nothing in one that is open', migration([{ ...nights, schedule: '0 12 * * *' }]), [arrived(120)], undefined],
    [
      'one that closes before what is started would have arrived',
      migration([{ ...nights, schedule: '0 10 * * *' }]),
      [arrived(190)],
      'WindowClosed the window closes at 2026-11-30T13:00:00Z, which is less than the 2h that a namespace takes (the median of those before, half a window at most): by spec.windows nothing is started before 2026-12-01T09:00:00Z',
    ],
    [
      'one that never opens',
      migration([{ ...nights, schedule: '0 0 30 2 *' }]),
      [],
      'WindowClosed window closed: by spec.windows nothing is started at all: none of them opens',
    ],
    [
      'a freeze before all windows',
      migration([nights], { [freezeAnnotation]: 'year-end' }),
      [],
      `Frozen no namespace is started: MeshMigration shop is frozen by its annotation ${freezeAnnotation}: "year-end"`,
    ],
  ])('is %s', (_case, object, records, said) => {
    const hold = startHold(object, records, now);
    expect(hold && `${hold.kind} ${hold.message}`).toBe(said);
  });
});

describe('frozenBy', () => {
  it('takes any value for a freeze, and says of a stranger no more than has room, as one sentence', () => {
    expect(frozenBy(undefined)).toBeUndefined();
    expect(frozenBy({})).toBeUndefined();
    expect(frozenBy({ [freezeAnnotation]: '' })).toBe(`frozen by its annotation ${freezeAnnotation}`);
    expect(frozenBy({ [freezeAnnotation]: 'false' })).toBe(`frozen by its annotation ${freezeAnnotation}: "false"`);
    const told = frozenBy({ [freezeAnnotation]: `a "b"; $(rm)\n\u001b[31m${'😀'.repeat(5000)}` }) ?? '';
    expect(told.length).toBeLessThan(270);
    expect(told).toMatch(/: "a b \(rm\) \\u001b\[31m😀😀.*…"$/u);
    expect(told.isWellFormed()).toBe(true);
  });
});

describe('MM163', () => {
  it.each<[string, readonly object[], readonly NamespaceMigration[], readonly (string | RegExp)[]]>([
    ['nothing', [nights, { ...nights, kind: 'Deny', schedule: '0 0 1 1 *' }], [arrived(60)], []],
    [
      'each field that cannot be read',
      [nights, { ...nights, kind: 'Deny', schedule: '99 * * * *' }, { ...nights, timeZone: 'Europe/Berlinn' }],
      [],
      [
        'Critical spec.windows[1].schedule "99 * * * *" cannot be read: Invalid value for minute: 99',
        'Critical spec.windows[2].timeZone "Europe/Berlinn" cannot be read: it is not in the IANA database of time zones',
      ],
    ],
    [
      'one that allows on a day that does not exist, beside another one',
      [nights, { ...nights, schedule: '0 0 30 2 *' }],
      [],
      ['Warning spec.windows[1].schedule "0 0 30 2 *" names a day that no year has: it never opens'],
    ],
    [
      'one that denies on such a day: whoever counts on it is mistaken',
      [{ ...nights, kind: 'Deny', schedule: '0 0 31 4 *' }],
      [],
      [
        'Critical spec.windows[0].schedule "0 0 31 4 *" names a day that no year has: it never keeps anybody from being started',
      ],
    ],
    [
      'none that opens',
      [nights, { ...nights, kind: 'Deny', duration: '4h30m' }],
      [],
      [
        /^Critical by spec.windows nothing is started until .* at least: none of them opens, or each that does is denied$/,
      ],
    ],
    [
      'none that is long enough, because another one denies',
      [nights, { ...nights, kind: 'Deny', schedule: '0 23 * * *' }],
      [arrived(300)],
      [
        /^Critical by spec.windows nothing is started until .* at least: none of the next windows is open for as long as namespaces take, 2h by the median of those before$/,
      ],
    ],
    [
      'one that never closes',
      [{ ...nights, duration: '25h' }],
      [],
      [
        'Warning spec.windows never closes, as far as is looked: one that allows lasts until it, or another one, begins again',
      ],
    ],
  ])('says of windows: %s', (_case, windows, records, said) => {
    const found = windowFindings(migration(windows), records, now);
    expect(found.map(({ severity, message }) => `${severity} ${message}`)).toEqual(
      said.map((each): unknown => (typeof each === 'string' ? each : expect.stringMatching(each))),
    );
  });

  it('names the field, and what to write there', () => {
    const [finding] = windowFindings(migration([{ ...nights, timeZone: 'CEST' }]), [], now);
    expect(finding).toMatchObject({ id: 'MM163', object: 'MeshMigration shop' });
    expect(finding?.fix).toBe(
      'Write the name of a time zone, for example Europe/Berlin or UTC into spec.windows[0].timeZone.',
    );
  });
});
