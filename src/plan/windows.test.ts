import { describe, expect, it } from '@jest/globals';
import { Window } from '../api/windows.ts';
import { durationMs } from '../base/duration.ts';
import { fc } from '../../test/support/properties.ts';
import { openingOf } from './windows.ts';

type Given = Partial<Window> & Pick<Window, 'schedule' | 'duration'>;

function windows(...given: readonly Given[]): readonly Window[] {
  return given.map((each) => Window.parse({ kind: 'Allow', ...each }));
}

function ms(text: string): number {
  return Date.parse(text);
}

function iso(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString().replace(':00.000Z', 'Z');
}

const minuteMs = 60_000;
const nights: Given = { schedule: '0 22 * * 1-5', duration: '4h', timeZone: 'Europe/Berlin' };
const always: Given = { schedule: '0 0 * * *', duration: '24h' };

describe('openingOf', () => {
  it.each<[string, readonly Given[], string, string, string | undefined, string | undefined]>([
    ['before it begins', [nights], '2026-11-30T20:59Z', 'Closed', undefined, '2026-11-30T21:00Z'],
    ['in the moment in which it begins', [nights], '2026-11-30T21:00Z', 'Open', '2026-12-01T01:00Z', undefined],
    ['right before it ends', [nights], '2026-12-01T00:59Z', 'Open', '2026-12-01T01:00Z', undefined],
    ['in the moment in which it ends', [nights], '2026-12-01T01:00Z', 'Closed', undefined, '2026-12-01T21:00Z'],
    ['over a weekend', [nights], '2026-12-05T12:00Z', 'Closed', undefined, '2026-12-07T21:00Z'],
    [
      'while another one denies, whatever that allows',
      [nights, { kind: 'Deny', schedule: '0 0 1 12 *', duration: '1h', timeZone: 'Europe/Berlin' }],
      '2026-11-30T23:30Z',
      'Closed',
      undefined,
      '2026-12-01T00:00Z',
    ],
    [
      'until the next that denies',
      [nights, { kind: 'Deny', schedule: '0 0 1 12 *', duration: '1h', timeZone: 'Europe/Berlin' }],
      '2026-11-30T22:00Z',
      'Open',
      '2026-11-30T23:00Z',
      undefined,
    ],
    [
      'when that ends which denies, if no other one does',
      [
        { kind: 'Deny', schedule: '0 10 * * *', duration: '2h' },
        { kind: 'Deny', schedule: '0 11 * * *', duration: '3h' },
      ],
      '2026-11-30T10:00Z',
      'Closed',
      undefined,
      '2026-11-30T14:00Z',
    ],
    [
      'at any time beside those that deny',
      [{ ...nights, kind: 'Deny' }],
      '2026-12-05T12:00Z',
      'Open',
      '2026-12-07T21:00Z',
      undefined,
    ],
    [
      'by two that follow each other as by one',
      [
        { schedule: '0 10 * * *', duration: '2h' },
        { schedule: '0 12 * * *', duration: '30m' },
      ],
      '2026-11-30T11:00Z',
      'Open',
      '2026-11-30T12:30Z',
      undefined,
    ],
    [
      'on Friday and Saturday as one, where each is longer than a day',
      [{ schedule: '0 0 * * 5,6', duration: '30h' }],
      '2026-12-04T00:00Z',
      'Open',
      '2026-12-06T06:00Z',
      undefined,
    ],
    ['for good where it begins again before it ends', [always], '2026-11-30T12:00Z', 'Open', undefined, undefined],
    [
      'never, where the day does not exist',
      [{ schedule: '0 0 30 2 *', duration: '1h' }],
      '2026-11-30T12:00Z',
      'Closed',
      undefined,
      undefined,
    ],
    [
      'never, where all of it is denied',
      [nights, { ...always, kind: 'Deny' }],
      '2026-11-30T22:00Z',
      'Closed',
      undefined,
      undefined,
    ],
    [
      'every four years',
      [{ schedule: '0 0 29 2 *', duration: '1h' }],
      '2026-11-30T12:00Z',
      'Closed',
      undefined,
      '2028-02-29T00:00Z',
    ],
    [
      'of which one cannot be read',
      [nights, { ...always, schedule: '0 24 * * *' }],
      '2026-11-30T22:00Z',
      'Closed',
      undefined,
      undefined,
    ],
  ])('says of windows %s', (_case, given, now, state, closesAt, nextOpen) => {
    const opening = openingOf(windows(...given), ms(now));
    expect([opening.state, iso(opening.closesAt), iso(opening.nextOpen)]).toEqual([state, closesAt, nextOpen]);
  });

  // Berlin: 2026-03-29 has no 02:00 to 03:00, 2026-10-25 has it twice. New York: 2026-03-08 and 2026-11-01.
  it.each<[string, Given, string, string, string]>([
    [
      'begins when the clock was put forward past it',
      { schedule: '30 2 * * *', duration: '1h', timeZone: 'Europe/Berlin' },
      '2026-03-28T12:00Z',
      '2026-03-29T01:00Z',
      '2026-03-29T02:00Z',
    ],
    [
      'lasts as long in the night that is an hour shorter',
      { schedule: '0 22 * * *', duration: '8h', timeZone: 'Europe/Berlin' },
      '2026-03-28T12:00Z',
      '2026-03-28T21:00Z',
      '2026-03-29T05:00Z',
    ],
    [
      'takes the first of an hour that comes twice',
      { schedule: '30 2 * * *', duration: '1h', timeZone: 'Europe/Berlin' },
      '2026-10-24T12:00Z',
      '2026-10-25T00:30Z',
      '2026-10-25T01:30Z',
    ],
    [
      'does so every half an hour in both',
      { schedule: '*/30 2 * * *', duration: '10m', timeZone: 'Europe/Berlin' },
      '2026-10-25T00:50Z',
      '2026-10-25T01:00Z',
      '2026-10-25T01:10Z',
    ],
    [
      'begins by summer time again',
      { schedule: '30 2 * * *', duration: '1h', timeZone: 'Europe/Berlin' },
      '2026-03-29T12:00Z',
      '2026-03-30T00:30Z',
      '2026-03-30T01:30Z',
    ],
    [
      'has the other days of New York',
      { schedule: '30 2 * * *', duration: '1h', timeZone: 'America/New_York' },
      '2026-03-07T12:00Z',
      '2026-03-08T07:00Z',
      '2026-03-08T08:00Z',
    ],
    [
      'and its first hour of two',
      { schedule: '30 1 * * *', duration: '1h', timeZone: 'America/New_York' },
      '2026-10-31T12:00Z',
      '2026-11-01T05:30Z',
      '2026-11-01T06:30Z',
    ],
    [
      'and its winter',
      { schedule: '30 1 * * *', duration: '1h', timeZone: 'America/New_York' },
      '2026-11-01T12:00Z',
      '2026-11-02T06:30Z',
      '2026-11-02T07:30Z',
    ],
  ])('%s', (_case, given, now, nextOpen, closesAt) => {
    const those = windows(given);
    expect(iso(openingOf(those, ms(now)).nextOpen)).toBe(nextOpen);
    expect(iso(openingOf(those, ms(nextOpen)).closesAt)).toBe(closesAt);
  });

  it('of a whole day leaves open what a day has more', () => {
    const those = windows({ ...always, kind: 'Deny', timeZone: 'Europe/Berlin' });
    expect(iso(openingOf(those, ms('2026-10-20T12:00Z')).nextOpen)).toBe('2026-10-25T22:00Z');
  });
});

describe('the margin', () => {
  const both = windows({ schedule: '0 1 * * 1-5', duration: '1h' }, { schedule: '0 1 * * 6', duration: '10h' });

  it.each<[string, string, number, string, string | undefined]>([
    ['is kept free at the end', '2026-11-30T01:31Z', 30, 'Closing', '2026-12-01T01:00Z'],
    ['leaves what is as long as it', '2026-11-30T01:30Z', 30, 'Open', undefined],
    ['passes by windows that are shorter', '2026-11-30T01:00Z', 90, 'Closing', '2026-12-05T01:00Z'],
    ['finds none where none is that long', '2026-11-30T00:00Z', 660, 'Closed', undefined],
  ])('%s', (_case, now, minutes, state, nextOpen) => {
    const opening = openingOf(both, ms(now), minutes * minuteMs);
    expect([opening.state, iso(opening.nextOpen)]).toEqual([state, nextOpen]);
  });

  it('is kept free of a window that has no end in sight as long as that is not seen', () => {
    expect(openingOf(windows(always), ms('2026-11-30T12:00Z'), 60 * minuteMs).state).toBe('Open');
  });

  it('is looked at again in the first moment in which too little is left', () => {
    const opening = openingOf(both, ms('2026-11-30T01:10Z'), 30 * minuteMs);
    expect(openingOf(both, opening.changesAt - 1, 30 * minuteMs).state).toBe('Open');
    expect(openingOf(both, opening.changesAt, 30 * minuteMs).state).toBe('Closing');
  });
});

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
const field = (most: number, least = 0): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    fc.integer({ min: least, max: most }).map(String),
    fc
      .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
      .map((both) => `${Math.min(...both)}-${Math.max(...both)}`),
    fc.integer({ min: 2, max: most }).map((step) => `*/${step}`),
  );
const someWindow: fc.Arbitrary<Window> = fc.record({
  kind: fc.constantFrom('Allow', 'Allow', 'Deny'),
  schedule: fc.tuple(field(59), field(23), field(31, 1), field(12, 1), field(6)).map((fields) => fields.join(' ')),
  duration: fc.constantFrom('1m', '7m', '1h', '1h30m', '9h', '25h', '200h'),
  timeZone: fc.constantFrom(...zones),
});
const someMoment = fc
  .integer({ min: ms('2026-01-01T00:00Z'), max: ms('2028-12-31T00:00Z') })
  // Around the changes of clocks more often than elsewhere.
  .chain((at) => fc.oneof(fc.constant(at), fc.constantFrom('2026-03-29T00:50Z', '2026-10-25T00:50Z').map(ms)));

/** The same windows under another key: nothing is remembered of them. */
function anew([first, ...others]: readonly Window[]): readonly Window[] {
  return first === undefined ? [] : [first, first, ...others];
}

function matches(part: string, value: number, least: number): boolean {
  const [range = '', step] = part.split('/');
  if (range === '*') return (value - least) % Number(step ?? 1) === 0;
  const [from = 0, to = from] = range.split('-').map(Number);
  return from <= value && value <= to;
}

/** Whether a window of UTC without a day of the week begins in a minute. */
function begins({ schedule }: Window, at: number): boolean {
  const [minute = '', hour = '', day = '', month = ''] = schedule.split(' ');
  const date = new Date(at);
  return (
    matches(minute, date.getUTCMinutes(), 0) &&
    matches(hour, date.getUTCHours(), 0) &&
    matches(day, date.getUTCDate(), 1) &&
    matches(month, date.getUTCMonth() + 1, 1)
  );
}

/** Whether it lasts at a moment, minute by minute. */
function lasts(window: Window, at: number): boolean {
  const minutes = durationMs(window.duration) / minuteMs;
  const last = Math.floor(at / minuteMs);
  return Array.from({ length: minutes }, (_, back) => (last - back) * minuteMs).some(
    (began) => begins(window, began) && at < began + minutes * minuteMs,
  );
}

describe('windows at any moment', () => {
  it('are open at nextOpen and closed right before it, and closed at closesAt and open right before', () => {
    fc.assert(
      fc.property(fc.array(someWindow, { minLength: 1, maxLength: 4 }), someMoment, (those, now) => {
        const { state, nextOpen, closesAt } = openingOf(those, now);
        expect(state).not.toBe('Closing');
        const edge = state === 'Open' ? closesAt : nextOpen;
        if (edge === undefined) return;
        expect(edge).toBeGreaterThan(now);
        expect(openingOf(anew(those), edge).state).toBe(state === 'Open' ? 'Closed' : 'Open');
        expect(openingOf([...anew(those), ...those], edge - 1).state).toBe(state);
      }),
      { numRuns: 60 },
    );
  });

  it('say when there is something to be said again, and not before', () => {
    fc.assert(
      fc.property(
        fc.array(someWindow, { minLength: 1, maxLength: 3 }),
        someMoment,
        fc.constantFrom(0, 20 * minuteMs, 600 * minuteMs),
        (those, now, marginMs) => {
          const { changesAt, state } = openingOf(those, now, marginMs);
          if (changesAt === Infinity) return;
          expect(openingOf(anew(those), changesAt - 1, marginMs).state).toBe(state);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are open where one of them allows, or none could, and none denies', () => {
    const simple = someWindow.map((each) => ({
      ...each,
      schedule: [...each.schedule.split(' ').slice(0, 4), '*'].join(' '),
      timeZone: 'UTC',
    }));
    let [open, closed] = [0, 0];
    fc.assert(
      fc.property(fc.array(simple, { minLength: 1, maxLength: 3 }), someMoment, (those, now) => {
        const of = (kind: Window['kind']): readonly Window[] => those.filter((each) => each.kind === kind);
        const isDenied = of('Deny').some((each) => lasts(each, now));
        const isAllowed = of('Allow').length === 0 || of('Allow').some((each) => lasts(each, now));
        expect(openingOf(those, now).state === 'Open').toBe(isAllowed && !isDenied);
        if (isAllowed && !isDenied) open += 1;
        else closed += 1;
      }),
      { numRuns: 100 },
    );
    expect(Math.min(open, closed)).toBeGreaterThan(20);
  });
});
