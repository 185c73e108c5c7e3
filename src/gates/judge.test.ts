import { describe, expect, test } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { play, type Traffic } from '../../test/support/gate-traffic.ts';
import { seededRandom } from '../base/random.ts';
import { judge, type GateRule, type Looked, type Part, type Reading } from './judge.ts';
import type { Block } from './limit.ts';

const blockMs = 120_000;
const rule: GateRule = {
  max: 0.01,
  maxIncrease: 0.005,
  falseAlarm: 0.01,
  miss: 0.05,
  noData: 'Inconclusive',
  expectsTraffic: true,
};
const soaked: Looked = { soaked: true, overdue: false };
const overdue: Looked = { soaked: true, overdue: true };
const young: Looked = { soaked: false, overdue: false };

function blocks(from: number, counts: readonly (readonly [bad: number, total: number])[]): readonly Block[] {
  return counts.map(([bad, total], n) => ({ at: (from + n + 1) * blockMs, bad, total }));
}

function repeated(count: number, bad: number, total: number): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, () => [bad, total] as const);
}

const steady = blocks(0, repeated(30, 0, 100));

function read(since: readonly Block[], baseline: readonly Block[] = steady): Reading {
  return { kind: 'Read', blockMs, baseline, since };
}

describe('a gate', () => {
  test('passes who has few enough bad ones for long enough, and not before', () => {
    const well = read(blocks(30, repeated(5, 0, 100)));
    expect(judge(rule, well, soaked)).toMatchObject({ kind: 'Pass', bad: 0, total: 500 });
    expect(judge(rule, well, young)).toMatchObject({ kind: 'Inconclusive', reason: 'Soaking' });
  });

  test('fails a total outage at the first look, with three requests', () => {
    const verdict = judge(rule, read(blocks(30, [[3, 3]])), young);
    expect(verdict).toMatchObject({ kind: 'Fail', reason: 'AboveLimit', bad: 3, total: 3 });
  });

  test('never says that few are well, and waits', () => {
    const few = read(blocks(30, repeated(5, 0, 2)));
    expect(judge(rule, few, soaked)).toMatchObject({ kind: 'Inconclusive', reason: 'TooFew', total: 10 });
    expect(judge(rule, few, overdue)).toMatchObject({ kind: 'Inconclusive', reason: 'TooFew' });
    expect(judge({ ...rule, noData: 'Pass' }, few, soaked).kind).toBe('Inconclusive');
    expect(judge({ ...rule, noData: 'Pass' }, few, overdue)).toMatchObject({ kind: 'Pass', missing: 'TooFew' });
    expect(judge({ ...rule, noData: 'Fail' }, few, soaked).kind).toBe('Inconclusive');
    expect(judge({ ...rule, noData: 'Fail' }, few, overdue)).toMatchObject({ kind: 'Fail', reason: 'TooFew' });
  });

  test('compares with what was before, where that was worse than its limit', () => {
    const bad = blocks(0, repeated(30, 5, 100));
    const same = read(blocks(30, repeated(15, 5, 100)), bad);
    expect(judge(rule, same, soaked).kind).toBe('Inconclusive');
    expect(judge({ ...rule, maxIncrease: 0.05 }, same, soaked).kind).toBe('Pass');
    const { maxIncrease: _none, ...absolute } = rule;
    expect(judge(absolute, same, soaked)).toMatchObject({ kind: 'Fail', limit: 0.01 });
  });

  test('lets nobody pass the sooner for that little was before', () => {
    const little = read(blocks(30, [[0, 60]]), blocks(0, repeated(5, 0, 1)));
    expect(judge(rule, little, soaked)).toMatchObject({ kind: 'Inconclusive', reason: 'TooFew' });
  });

  test.each(['Inconclusive', 'Pass', 'Fail'] as const)(
    'never fails, and never passes, while nobody can be asked (%s)',
    (noData) => {
      const reading: Reading = { kind: 'Unreachable', why: 'it cannot be asked: ECONNREFUSED' };
      for (const looked of [young, soaked, overdue])
        expect(judge({ ...rule, noData }, reading, looked)).toEqual({
          kind: 'NoData',
          reason: 'NoTarget',
          why: 'it cannot be asked: ECONNREFUSED',
        });
    },
  );

  test.each(['Inconclusive', 'Pass', 'Fail'] as const)(
    'never fails, and never passes, before anything can have been counted (%s)',
    (noData) => {
      for (const looked of [young, soaked, overdue])
        expect(judge({ ...rule, noData }, { kind: 'Early' }, looked)).toMatchObject({
          kind: 'NoData',
          reason: 'TooEarly',
        });
    },
  );

  describe('of which nobody answers any more', () => {
    const last = (since: readonly Block[]): Reading => ({ ...read(since), unanswered: 'ECONNREFUSED' }) as Reading;
    const unknown = { kind: 'NoData', reason: 'NoTarget', why: 'ECONNREFUSED' };

    test('passes nobody by what was counted last, however well that was', () => {
      const well = last(blocks(30, repeated(5, 0, 100)));
      expect(judge(rule, well, young)).toMatchObject({ kind: 'Inconclusive', reason: 'Soaking' });
      expect(judge(rule, well, soaked)).toEqual(unknown);
    });

    test.each([
      ['too few', blocks(30, [[0, 2]])],
      ['nothing', blocks(30, [[0, 0]])],
      ['no series', []],
    ])('neither fails nor passes who had counted %s', (_what, since) => {
      for (const noData of ['Pass', 'Fail'] as const)
        expect(judge({ ...rule, noData }, last(since), overdue).kind).toBe('NoData');
    });

    test('fails who was shown to be ill', () => {
      expect(judge(rule, last(blocks(30, [[5, 5]])), young)).toMatchObject({ kind: 'Fail', reason: 'AboveLimit' });
    });
  });

  test('shows nothing by what is no number', () => {
    const endless = read(blocks(30, [[5000, Infinity]]));
    expect(judge(rule, endless, overdue)).toMatchObject({ kind: 'Inconclusive', reason: 'TooFew' });
  });

  test('takes missing series for unknown, and for a failure only where that is asked for', () => {
    const missing = read([], []);
    expect(judge(rule, missing, overdue)).toMatchObject({ kind: 'NoData', reason: 'NoSeries' });
    expect(judge({ ...rule, noData: 'Pass' }, missing, overdue)).toMatchObject({ kind: 'NoData', reason: 'NoSeries' });
    expect(judge({ ...rule, noData: 'Fail' }, missing, soaked).kind).toBe('NoData');
    expect(judge({ ...rule, noData: 'Fail' }, missing, overdue)).toMatchObject({ kind: 'Fail', reason: 'NoSeries' });
  });

  test('is not told that traffic is lost by series that are gone', () => {
    expect(judge(rule, read([]), overdue)).toMatchObject({ kind: 'NoData', reason: 'NoSeries' });
  });

  test('passes a namespace that nobody calls only where that is accepted', () => {
    const idle = read(blocks(30, repeated(5, 0, 0)), blocks(0, repeated(30, 0, 0)));
    expect(judge(rule, idle, overdue)).toMatchObject({ kind: 'NoData', reason: 'NoTraffic' });
    expect(judge({ ...rule, noData: 'Pass' }, idle, young).kind).toBe('NoData');
    expect(judge({ ...rule, noData: 'Pass' }, idle, soaked)).toMatchObject({ kind: 'Pass', missing: 'NoTraffic' });
  });

  describe('that expects traffic', () => {
    const quiet = (count: number): readonly Block[] => blocks(30, repeated(count, 0, 0));

    test('fails when what came all the time has not come for long, and not where it does not expect any', () => {
      expect(judge(rule, read(quiet(4)), soaked).kind).toBe('NoData');
      expect(judge(rule, read(quiet(5)), soaked)).toMatchObject({ kind: 'Fail', reason: 'TrafficLost' });
      expect(judge({ ...rule, expectsTraffic: false }, read(quiet(5)), soaked).kind).toBe('NoData');
    });

    test('does not pass a pause as accepted that may be the end', () => {
      expect(judge({ ...rule, noData: 'Pass' }, read(quiet(4)), soaked).kind).toBe('NoData');
    });

    test('waits five times as long as it ever paused', () => {
      const rare = blocks(
        0,
        Array.from({ length: 30 }, (_each, n) => [0, n % 10 === 0 ? 5 : 0] as const),
      );
      expect(judge(rule, read(quiet(49), rare), soaked).kind).toBe('NoData');
      expect(judge(rule, read(quiet(50), rare), soaked)).toMatchObject({ kind: 'Fail', reason: 'TrafficLost' });
    });

    test('does not take what ended after it had come for what never came', () => {
      const ended = read([...blocks(30, repeated(5, 0, 100)), ...blocks(35, repeated(5, 0, 0))]);
      expect(judge(rule, ended, soaked)).toMatchObject({ kind: 'Fail', reason: 'TrafficLost' });
    });
  });

  test('that fails goes on failing with one more bad one', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), fc.boolean(), (a, b, isSoaked) => {
        const total = Math.max(a, b) + 1;
        const kind = (bad: number): number =>
          ['Pass', 'Inconclusive', 'Fail'].indexOf(
            judge(rule, read(blocks(30, [[bad, total]])), { soaked: isSoaked, overdue: false }).kind,
          );
        expect(kind(Math.min(a, b) + 1)).toBeGreaterThanOrEqual(kind(Math.min(a, b)));
      }),
    );
  });
});

describe('over half an hour of looks', () => {
  /** A hundredth would be allowed to fail; so many of 80 with a chance of one in a thousand. */
  const most = 4;

  function failed(traffic: Traffic, runs: number): number {
    return play(traffic, runs, 1).filter(({ kind }) => kind === 'Fail').length;
  }

  test.each<Traffic>([
    { perSecond: 0.2, before: 0.002, since: 0.002 },
    { perSecond: 1, before: 0.002, since: 0.002 },
    { perSecond: 5, before: 0.01, since: 0.01 },
    { perSecond: 5, before: 0.01, since: 0.01, burst: 0.02 },
  ])('who is as before fails no more often than may be: $perSecond/s, $before', (traffic) => {
    expect(failed(traffic, 80)).toBeLessThanOrEqual(most);
  });

  test.each<Traffic>([
    { perSecond: 1, before: 0.002, since: 0.1 },
    { perSecond: 5, before: 0.002, since: 0.02 },
    { perSecond: 0.2, before: 0, since: 1 },
  ])('who has become much worse fails each time: $perSecond/s, $before to $since', (traffic) => {
    expect(failed(traffic, 30)).toBe(30);
  });
});

describe('a gate of alerts', () => {
  const alerts = (...firing: readonly string[]): Reading => ({ kind: 'Alerts', firing });

  test('fails as soon as one fires, and passes after the soak where none does', () => {
    expect(judge(rule, alerts('A of shop'), young)).toEqual({
      kind: 'Fail',
      reason: 'AlertFiring',
      why: 'A of shop',
    });
    expect(judge(rule, alerts(), young)).toMatchObject({ kind: 'Inconclusive', reason: 'Soaking' });
    expect(judge(rule, alerts(), soaked)).toMatchObject({ kind: 'Pass', reason: 'NoAlert' });
  });

  test('names some, however many there are', () => {
    const many = Array.from({ length: 5000 }, (_each, n) => `A${n}`);
    expect(judge(rule, alerts(...many), young)).toMatchObject({ why: 'A0, A1, A2 and 4997 more' });
  });
});

describe('a gate that judges each by himself', () => {
  const many = blocks(30, repeated(5, 0, 100_000));
  const part = (by: string, since: readonly Block[], baseline: readonly Block[] = steady): Part => ({
    by,
    observer: 'Callers',
    baseline,
    since,
  });
  const reading = (...parts: readonly Part[]): Reading => ({
    kind: 'Read',
    blockMs,
    baseline: steady,
    since: many,
    parts,
  });

  test('fails one of whom all is bad, however much the others call, and says who it is', () => {
    const refused = part('web', blocks(30, [[5, 5]]));
    const verdict = judge(rule, reading(part('edge', many), refused), young);
    expect(verdict).toMatchObject({ kind: 'Fail', reason: 'AboveLimit', bad: 5, total: 5, of: { by: 'web' } });
  });

  test('fails nobody for what was so before, nor for less than many at once show by chance', () => {
    const [half, same] = [blocks(0, repeated(30, 50, 100)), blocks(30, repeated(5, 50, 100))];
    expect(judge(rule, reading(part('web', same, half)), soaked).kind).toBe('Pass');
    const three = part('web', blocks(30, [[3, 3]]));
    const others = Array.from({ length: 100_000 }, (_each, n) => part(`other-${n}`, []));
    expect(judge(rule, reading(three), soaked).kind).toBe('Fail');
    expect(judge(rule, reading(three, ...others), soaked).kind).toBe('Pass');
  });

  test('finds the one who is refused among very many who are refused a little more than is allowed', () => {
    const little = Array.from({ length: 20_000 }, (_each, n) => part(`other-${n}`, blocks(30, [[2, 100]])));
    const verdict = judge(rule, reading(...little, part('web', blocks(30, [[50, 50]]))), young);
    expect(verdict).toMatchObject({ kind: 'Fail', bad: 50, of: { by: 'web' } });
  });

  test('passes nobody by parts alone: all together have to be shown to be well', () => {
    const few = { ...reading(part('web', blocks(30, [[0, 2]]))), since: blocks(30, [[0, 2]]) } as Reading;
    expect(judge(rule, few, soaked)).toMatchObject({ kind: 'Inconclusive', reason: 'TooFew' });
    const none = { ...reading(), since: blocks(30, [[0, 0]]) } as Reading;
    expect(judge(rule, none, overdue)).toMatchObject({ kind: 'NoData', reason: 'NoTraffic' });
  });

  test.each([1, 5, 50])('fails no more than falseAlarm of unchanged namespaces, of %i callers each', (callers) => {
    const random = seededRandom(callers);
    const counts = (length: number): readonly (readonly [number, number])[] =>
      Array.from(
        { length },
        () => [Array.from({ length: 20 }, random).filter((one) => one < 0.01).length, 20] as const,
      );
    let failed = 0;
    for (let run = 0; run < 200; run += 1) {
      const parts = Array.from({ length: callers }, (_each, n) =>
        part(`web-${n}`, blocks(30, counts(15)), blocks(0, counts(30))),
      );
      const looks = Array.from({ length: 15 }, (_each, look) =>
        judge(rule, reading(...parts.map((each) => ({ ...each, since: each.since.slice(0, look + 1) }))), young),
      );
      if (looks.some(({ kind }) => kind === 'Fail')) failed += 1;
    }
    expect(failed).toBeLessThanOrEqual(4);
  });
});
