import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import type { Sighting } from '../mesh/telemetry.ts';
import { CallHistory, overlapMs, sliceMs, type Slice } from './call-history.ts';

const day = 86_400_000;
const start = Date.UTC(2030, 0, 8);
const freshMs = 5 * 60_000;

function called(workload: string, namespace = 'shop'): Sighting {
  return { kind: 'Call', namespace, workload, by: namespace, caller: { namespace: 'web', serviceAccount: 'front' } };
}

/** Asks until there is nothing to ask, and returns what was asked. */
function askAll(
  history: CallHistory,
  now: number,
  sightings: readonly Sighting[] = [called('cart')],
): readonly Slice[] {
  const asked: Slice[] = [];
  for (let slice = history.next(now, freshMs); slice !== undefined; slice = history.next(now, freshMs)) {
    asked.push(slice);
    history.add(sightings, slice, now);
  }
  return asked;
}

/** Whether slices cover a time without a gap. */
function isCovered(slices: readonly Slice[], from: number, to: number): boolean {
  let reached = from;
  for (const slice of [...slices].sort((a, b) => a.from - b.from))
    if (slice.from <= reached) reached = Math.max(reached, slice.to);
  return reached >= to;
}

describe('what was seen of calls', () => {
  it('is asked piece by piece, the present first, without a gap', () => {
    const history = new CallHistory(7 * day);
    const asked = askAll(history, start);

    expect(asked[0]).toEqual({ from: start - sliceMs, to: start });
    expect(asked.every(({ from, to }) => to - from <= sliceMs)).toBe(true);
    expect(isCovered(asked, start - 7 * day, start)).toBe(true);
    expect(history.covers(start)).toBe(true);
  });

  it('is complete only with its oldest piece', () => {
    const history = new CallHistory(2 * sliceMs);
    history.add([called('cart')], { from: start - sliceMs, to: start }, start);
    expect(history.covers(start)).toBe(false);
    history.add([called('cart')], { from: start - 2 * sliceMs, to: start - sliceMs }, start);
    expect(history.covers(start)).toBe(true);
  });

  it('is too short if the oldest piece is empty, until it has something', () => {
    const history = new CallHistory(7 * day);
    for (let slice = history.next(start, freshMs); slice !== undefined; slice = history.next(start, freshMs))
      history.add(slice.from > start - 3 * day ? [called('cart')] : [], slice, start);

    expect([history.covers(start), history.isTooShort(start)]).toEqual([false, true]);
    history.add([called('cart')], history.oldest(start), start);
    expect([history.covers(start), history.isTooShort(start)]).toEqual([true, false]);
  });

  it('remembers no namespace of which it knows nothing any more, however many names are told', () => {
    const history = new CallHistory(day);
    const tell = (round: number): readonly Sighting[] =>
      Array.from({ length: 500 }, (_, index) => ({ ...called('cart', `x-${round}-${index}`), by: 'mallory' }));
    for (let round = 0; round < 50; round += 1)
      history.add(tell(round), { from: start, to: start + round }, start + round);
    expect(history.gaveUp('mallory')).toBe(true);
    expect(history.size).toBeLessThanOrEqual(10_000);

    history.add([], { from: start, to: start + 3 * day }, start + 3 * day);
    expect(history.size).toBe(0);
  });

  it('of a short window is one piece', () => {
    const history = new CallHistory(3_600_000);

    expect(askAll(history, start)).toEqual([{ from: start - 3_600_000, to: start }]);
    expect(history.covers(start)).toBe(true);
  });

  it('is then asked only for what is new, and again for what may have come late', () => {
    const history = new CallHistory(7 * day);
    askAll(history, start);

    expect(history.next(start + freshMs - 1, freshMs)).toBeUndefined();
    expect(history.next(start + freshMs, freshMs)).toEqual({ from: start - overlapMs, to: start + freshMs });
  });

  it('has no gap after any pauses', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 * day }), { minLength: 1, maxLength: 8 }), (pauses) => {
        const window = 2 * day;
        const history = new CallHistory(window);
        const asked = [...askAll(history, start)];
        let now = start;
        for (const pause of pauses) {
          now += pause;
          asked.push(...askAll(history, now));
          expect(history.covers(now)).toBe(true);
          expect(isCovered(asked, now - window, now - freshMs)).toBe(true);
          expect(now - history.until).toBeLessThan(freshMs);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is forgotten after the window, and not before', () => {
    const history = new CallHistory(day);
    askAll(history, start, [called('cart')]);
    const step = (now: number, sightings: readonly Sighting[]): ReadonlySet<string> =>
      history.add(sightings, { from: now - overlapMs, to: now }, now);

    expect(step(start + day, [called('pay')])).toEqual(new Set(['shop']));
    expect([...history.of('shop').keys()]).toEqual(['cart', 'pay']);
    expect(step(start + day + 1, [called('pay')])).toEqual(new Set(['shop']));
    expect([...history.of('shop').keys()]).toEqual(['pay']);
  });

  it('names the namespaces of which something else is known, and no others', () => {
    const history = new CallHistory(day);
    const slice = { from: start - day, to: start };

    expect(history.add([called('cart'), called('x', 'other')], slice, start)).toEqual(new Set(['shop', 'other']));
    expect(history.add([called('cart')], slice, start)).toEqual(new Set());
    expect(history.add([called('pay'), called('x', 'other')], slice, start)).toEqual(new Set(['shop']));
  });

  it('is put together for each workload', () => {
    const history = new CallHistory(day);
    const of = { namespace: 'shop', workload: 'cart', by: 'shop' };
    history.add(
      [
        called('cart'),
        { ...of, kind: 'CallWithoutIdentity' },
        { ...of, kind: 'CallWithoutIdentity', from: 'legacy' },
        { ...of, kind: 'Reports', side: 'Inbound' },
      ],
      { from: start - day, to: start },
      start,
    );

    expect(history.of('shop')).toEqual(
      new Map([
        [
          'cart',
          {
            callers: [{ namespace: 'web', serviceAccount: 'front' }],
            withoutIdentity: ['', 'legacy'],
            reports: new Set(['Inbound']),
            disbelieved: [],
          },
        ],
      ]),
    );
    expect(history.of('other')).toEqual(new Map());
  });

  it('is one caller, whoever of both sides tells of it', () => {
    const history = new CallHistory(day);
    history.add([called('cart'), { ...called('cart'), by: 'web' }], { from: start - day, to: start }, start);

    expect(history.of('shop').get('cart')?.callers).toEqual([{ namespace: 'web', serviceAccount: 'front' }]);
  });
});

/** So many workloads of a namespace, called. */
function many(count: number, namespace: string): readonly Sighting[] {
  return Array.from({ length: count }, (_each, n) => called(`w${n}`, namespace));
}

describe('too much', () => {
  const slice = { from: start - day, to: start };

  it('of one namespace is not known of it, and of nobody else', () => {
    const history = new CallHistory(day);

    expect(history.add([...many(10_001, 'mallory'), called('cart')], slice, start)).toEqual(
      new Set(['mallory', 'shop']),
    );
    expect([history.covers(start), history.gaveUp('mallory'), history.gaveUp('shop')]).toEqual([true, true, false]);
    expect([...history.of('shop').keys()]).toEqual(['cart']);
    expect(history.of('mallory').size).toBeLessThan(10_000);
  });

  it('that one tells of others is not known of it, and they know what they told themselves', () => {
    const history = new CallHistory(day);
    history.add([called('cart'), ...many(10_001, 'shop').map((each) => ({ ...each, by: 'mallory' }))], slice, start);

    expect([history.gaveUp('mallory'), history.gaveUp('shop')]).toEqual([true, false]);
    expect([...history.of('shop').keys()]).toContain('cart');
  });

  it('piece by piece is too much as well', () => {
    const history = new CallHistory(day);
    for (let piece = 0; piece < 3; piece++)
      history.add(
        many(12_000, 'mallory').slice(piece * 4000, piece * 4000 + 4000),
        { from: start - day, to: start + piece * 1000 },
        start + piece * 1000,
      );

    expect(history.gaveUp('mallory')).toBe(true);
  });

  it('is over once the window has passed, with what was seen since', () => {
    const history = new CallHistory(day);
    history.add(many(10_001, 'mallory'), slice, start);
    history.add([called('late', 'mallory')], { from: start, to: start + day }, start + day);
    expect(history.gaveUp('mallory')).toBe(true);

    expect(history.add([], { from: start, to: start + day + 1 }, start + day + 1)).toContain('mallory');
    expect([history.gaveUp('mallory'), [...history.of('mallory').keys()]]).toEqual([false, ['late']]);
  });

  it('of many together costs the largest first', () => {
    const history = new CallHistory(day);
    const large = Array.from({ length: 11 }, (_each, n) => `large-${n}`);

    history.add([...large.flatMap((name) => many(9500, name)), called('cart')], slice, start);
    expect([history.covers(start), history.gaveUp('shop')]).toEqual([true, false]);
    expect(large.filter((name) => history.gaveUp(name))).toHaveLength(1);
    expect(large.reduce((sum, name) => sum + history.of(name).size, 0)).toBeLessThanOrEqual(100_000);
  });

  it('for one answer is told of by name', () => {
    const history = new CallHistory(day);
    history.take({ sightings: [], tooMuch: ['mallory'] }, start);

    expect(history.cover(slice, start)).toEqual(new Set(['mallory']));
    expect([history.covers(start), history.gaveUp('mallory')]).toEqual([true, true]);
  });
});

describe('metrics of which nothing is believed', () => {
  const stranger: Sighting = { kind: 'Disbelieved', namespace: 'shop', workload: 'cart', by: 'monitoring' };

  it('are named by where they were scraped, until something is believed', () => {
    const history = new CallHistory(day);
    history.add([stranger], { from: start - day, to: start }, start);
    expect([history.covers(start), history.strangers]).toEqual([true, ['monitoring']]);
    expect(history.of('shop').get('cart')).toEqual({
      callers: [],
      withoutIdentity: [],
      reports: new Set(),
      disbelieved: ['monitoring'],
    });

    history.add([called('pay')], { from: start - overlapMs, to: start }, start);
    expect(history.strangers).toEqual([]);
  });

  it('are so too if they are too much', () => {
    const history = new CallHistory(day);
    history.take({ sightings: [], tooMuch: ['monitoring'] }, start);
    history.cover({ from: start - day, to: start }, start);

    expect([history.covers(start), history.strangers]).toEqual([true, ['monitoring']]);
  });
});
