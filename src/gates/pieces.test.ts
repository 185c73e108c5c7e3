import { describe, expect, it } from '@jest/globals';
import { judge, type GateRule } from './judge.ts';
import { thinned } from './limit.ts';
import { piecesOf, readingOf, type Observed, type Pieces, type Series } from './pieces.ts';

function told(
  by: string,
  totals: Readonly<Record<number, number>>,
  bads: Readonly<Record<number, number>> = {},
): Pieces {
  const series = (
    values: Readonly<Record<number, number>>,
  ): { by: string; points: { at: number; value: number }[] } => ({
    by,
    points: Object.entries(values).map(([at, value]) => ({ at: Number(at), value })),
  });
  return piecesOf([series(totals)], [series(bads)]);
}

function both(...all: readonly Pieces[]): Pieces {
  return new Map(all.flatMap((pieces) => [...pieces]));
}

const nothing: Pieces = new Map();

function callers(before: Pieces, since: Pieces): Observed {
  return { observer: 'Callers', comparable: true, before, since };
}

describe('what was counted', () => {
  it('has no bad ones where some were counted and none of them bad, and is unknown where none were', () => {
    expect(told('web', { 120: 5, 240: 7 }, { 240: 2, 360: 1 }).get('web')).toEqual([
      { at: 120, total: 5, bad: 0 },
      { at: 240, total: 7, bad: 2 },
    ]);
  });

  it('never has more bad ones than there are: each was extrapolated by itself', () => {
    expect(told('web', { 120: 5 }, { 120: 6 }).get('web')).toEqual([{ at: 120, total: 5, bad: 5 }]);
  });

  it.each([1e300, Infinity, Number.MAX_SAFE_INTEGER])('counts no more than anybody can serve (%d)', (value) => {
    const pieces = Array.from({ length: 1000 }, (_each, n) => told(`web-${n}`, { 120: value }, { 120: value }));
    const { since } = readingOf(
      [{ observer: 'Own', comparable: false, before: nothing, since: both(...pieces) }],
      120,
    ) as {
      since: readonly { total: number }[];
    };
    expect(since.every(({ total }) => total <= Number.MAX_SAFE_INTEGER)).toBe(true);
  });

  it.each([1e10, 1e20, 1e99])('keeps its proportion where somebody makes up %d', (value) => {
    const series = (values: readonly number[]): readonly Series[] =>
      values.map((each) => ({ by: 'web', points: [{ at: 120, value: each }] }));
    const [block] = piecesOf(series([value, value]), series([value])).get('web') ?? [];
    expect(block).toEqual({ at: 120, total: expect.closeTo(1e9), bad: expect.closeTo(5e8) });
  });

  it.each([1e101, Infinity])('takes no failure for none, however large its number is (%d)', (value) => {
    expect(told('web', { 120: 5 }, { 120: value }).get('web')).toEqual([{ at: 120, total: 5, bad: 5 }]);
  });

  it('adds up what one who tells has in several series', () => {
    const series = [1, 2].map((value) => ({ by: 'web', points: [{ at: 120, value }] }));
    expect(piecesOf(series, series).get('web')).toEqual([{ at: 120, total: 3, bad: 3 }]);
  });
});

describe('a reading', () => {
  it('compares those alone who tell before and since', () => {
    const moved = told('moved', { 120: 100 });
    const reading = readingOf(
      [
        callers(
          both(moved, told('edge', { 120: 10 })),
          both(told('edge', { 360: 11 }), told('new', { 360: 50 }, { 360: 50 })),
        ),
      ],
      120,
    );
    expect(reading).toMatchObject({
      observer: 'Callers',
      baseline: [{ at: 120, total: 10, bad: 0 }],
      since: [{ at: 360, total: 11, bad: 0 }],
    });
  });

  it('expects no traffic of who has moved himself since the restarts', () => {
    const before = both(told('moved', { 120: 100 }), told('edge', { 120: 0 }));
    const reading = readingOf(
      [callers(before, both(told('moved', { 360: 9 }), told('edge', { 360: 0, 720: 0 })))],
      120,
    );
    expect(reading).toMatchObject({
      baseline: [{ at: 120, total: 0 }],
      since: [
        { at: 360, total: 0 },
        { at: 720, total: 0 },
      ],
    });
  });

  it('forgets nobody because a piece or two of his are missing, who may have been scraped late', () => {
    const before = both(told('web', { 120: 100 }), told('edge', { 120: 100 }));
    const since = both(told('web', { 360: 100 }, { 360: 30 }), told('edge', { 360: 100, 480: 100, 600: 100 }));
    const reading = readingOf([callers(before, since)], 120);
    expect(reading).toMatchObject({ baseline: [{ total: 200 }], since: [{ bad: 30 }, { bad: 0 }, { bad: 0 }] });
  });

  it('holds it against nobody that who was well all the time has moved away from beside who never was', () => {
    const before = both(told('web', { 120: 1000 }), told('job', { 120: 20 }, { 120: 2 }));
    const since = both(told('web', { 360: 1000 }), told('job', { 360: 20, 720: 20 }, { 360: 2, 720: 2 }));
    expect(readingOf([callers(before, since)], 120)).toMatchObject({
      baseline: [{ total: 20, bad: 2 }],
      since: [
        { total: 20, bad: 2 },
        { total: 20, bad: 2 },
      ],
    });
  });

  it('is not that of somebody who calls for the first time, as he says', () => {
    const own = { observer: 'Own', comparable: false, before: nothing, since: told('shop', { 360: 5 }) };
    const liar = told('mallory', { 360: 50 }, { 360: 50 });
    for (const before of [nothing, told('moved', { 120: 100 })]) {
      expect(readingOf([callers(before, liar), own], 120)).toMatchObject({ observer: 'Own', since: [{ total: 5 }] });
      expect(readingOf([callers(before, liar)], 120)).toMatchObject({ baseline: [], since: [] });
    }
  });

  it('takes what serves where callers are silent, and compares that with nothing', () => {
    const own = {
      observer: 'Own',
      comparable: false,
      before: told('shop', { 120: 5 }),
      since: told('shop', { 360: 5 }),
    };
    expect(readingOf([callers(nothing, told('edge', { 360: 0 })), own], 120)).toMatchObject({
      observer: 'Own',
      baseline: [],
      since: [{ at: 360, total: 5, bad: 0 }],
    });
    expect(readingOf([callers(told('edge', { 120: 9 }), told('edge', { 360: 0 })), own], 120)).toMatchObject({
      observer: 'Callers',
      since: [{ at: 360, total: 0, bad: 0 }],
    });
  });

  it('has nothing where nobody tells anything', () => {
    expect(readingOf([callers(nothing, nothing)], 120)).toMatchObject({ kind: 'Read', baseline: [], since: [] });
    expect(readingOf([], 120)).toMatchObject({ kind: 'Read', baseline: [], since: [] });
  });
});

describe('numbers that no counter has', () => {
  const ofTelling = (value: number, share: number): Pieces => {
    const times = Array.from({ length: 30 }, (_each, n) => [120_000 * (n + 1), value] as const);
    const bads = times.map(([at]) => [at, value * share] as const);
    return told('web', Object.fromEntries(times), Object.fromEntries(bads));
  };
  const rule: GateRule = {
    max: 0.01,
    maxIncrease: 0.005,
    falseAlarm: 0.01,
    miss: 0.05,
    noData: 'Inconclusive',
    expectsTraffic: true,
  };

  it.each([1e18, 1e99, 1e200, Number.MAX_VALUE])('pass nobody of whom a third is bad (%d)', (value) => {
    const many = ofTelling(value, 0.3);
    for (const before of [many, ofTelling(value, 0.001)]) {
      const verdict = judge(rule, readingOf([callers(before, many)], 120_000), { soaked: true, overdue: false });
      expect(verdict.kind).not.toBe('Pass');
      for (const number of Object.values(verdict)) expect(number).not.toBeNaN();
    }
  });

  it('are not worked out the longer: more of them tell no more', () => {
    for (const total of [1e9, 1e18, 1e100]) {
      const told = thinned({ bad: total / 4, total }, 1);
      expect(told.total).toBeLessThanOrEqual(1e8);
      expect(told.bad / told.total).toBeCloseTo(0.25);
    }
  });
});

describe('a reading of each by himself', () => {
  const calls = (before: Pieces, since: Pieces): Observed => ({ ...callers(before, since), each: true });
  const refused = (before: Pieces, since: Pieces): Observed => ({
    observer: 'Own',
    comparable: false,
    each: true,
    before,
    since,
  });

  it('leaves out who was refused rather than let in before, and who calls for the first time', () => {
    const [locked, web] = [told('locked', { 120: 10 }, { 120: 9 }), told('web', { 120: 10 }, { 120: 5 })];
    const since = both(
      told('locked', { 360: 90 }, { 360: 90 }),
      told('web', { 360: 10 }, { 360: 5 }),
      told('new', { 360: 5 }, { 360: 5 }),
    );
    expect(readingOf([calls(both(locked, web), since)], 120)).toMatchObject({
      baseline: [{ total: 10, bad: 5 }],
      since: [{ total: 10, bad: 5 }],
      parts: [{ by: 'web', observer: 'Callers', baseline: [{ total: 10 }], since: [{ total: 10, bad: 5 }] }],
    });
  });

  it('has a part for each who counts, also where he does not tell any more', () => {
    const before = both(told('web', { 120: 10 }), told('moved', { 120: 10 }));
    const since = both(told('web', { 360: 10, 720: 10 }), told('moved', { 360: 10 }, { 360: 10 }));
    const { parts } = readingOf([calls(before, since)], 120) as { parts: readonly unknown[] };
    expect(parts).toMatchObject([
      { by: 'web', since: [{ total: 10 }, { total: 10 }] },
      { by: 'moved', since: [{ total: 10, bad: 10 }] },
    ]);
  });

  it('takes what was counted otherwise before for no more than that somebody was let in, and never refused', () => {
    const before = both(
      told('cron', { 120: 10 }),
      told('locked', { 120: 1000 }, { 120: 1 }),
      told('quiet', { 120: 0 }),
    );
    const since = both(...['cron', 'locked', 'quiet', 'new'].map((by) => told(by, { 360: 5 }, { 360: 5 })));
    expect(readingOf([refused(before, since)], 120)).toMatchObject({
      observer: 'Own',
      baseline: [],
      since: [{ total: 5, bad: 5 }],
      parts: [{ by: 'cron', observer: 'Own', baseline: [], since: [{ total: 5, bad: 5 }] }],
    });
  });

  it('says that the series are there where none of those counts whom they are about', () => {
    const reading = readingOf([refused(nothing, told('new', { 360: 5 }, { 360: 5 }))], 120);
    expect(reading).toMatchObject({ since: [{ total: 0, bad: 0 }], parts: [] });
    expect(readingOf([refused(nothing, nothing)], 120)).toMatchObject({ since: [], parts: [] });
  });

  it('judges those of all observers, whoever speaks for all together', () => {
    const reading = readingOf(
      [
        calls(told('web', { 120: 10 }), told('web', { 360: 10 })),
        refused(told('cron', { 120: 10 }), told('cron', { 360: 3 }, { 360: 3 })),
      ],
      120,
    );
    expect(reading).toMatchObject({
      observer: 'Callers',
      since: [{ total: 10, bad: 0 }],
      parts: [{ by: 'web' }, { by: 'cron', since: [{ total: 3, bad: 3 }] }],
    });
  });

  it('accepts that nothing is counted only at the deadline where somebody called before, whatever of it compares', () => {
    const rule: GateRule = { max: 0.01, falseAlarm: 0.01, miss: 0.05, noData: 'Pass', expectsTraffic: false };
    const idle = told('cron', { 360: 0 });
    const busy = readingOf([refused(told('cron', { 120: 10 }), idle)], 120);
    const never = readingOf([refused(told('cron', { 120: 0 }), idle)], 120);
    const [soaked, overdue] = [
      { soaked: true, overdue: false },
      { soaked: true, overdue: true },
    ] as const;
    expect(judge(rule, busy, soaked)).toMatchObject({ kind: 'NoData', reason: 'NoTraffic' });
    expect(judge(rule, busy, overdue)).toMatchObject({ kind: 'Pass', missing: 'NoTraffic' });
    expect(judge(rule, never, soaked)).toMatchObject({ kind: 'Pass', missing: 'NoTraffic' });
  });

  it('fails of a caller who was refused and has ended of it, beside others that are well', () => {
    const rule: GateRule = {
      max: 0.01,
      maxIncrease: 0.01,
      falseAlarm: 0.01,
      miss: 0.05,
      noData: 'Inconclusive',
      expectsTraffic: false,
    };
    const times = [360, 480, 600, 720, 840, 960];
    const edge = told('edge', Object.fromEntries(times.map((at) => [at, 1000])));
    const before = both(told('web', { 120: 1000 }), told('edge', { 120: 1000 }));
    const reading = readingOf([calls(before, both(edge, told('web', { 360: 50 }, { 360: 50 })))], 120);
    expect(judge(rule, reading, { soaked: true, overdue: false })).toMatchObject({
      kind: 'Fail',
      reason: 'AboveLimit',
      of: { by: 'web' },
    });
  });
});
