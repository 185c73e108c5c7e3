import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { Condition } from '../api/common.ts';
import { conditionsFor, type Verdict } from './conditions.ts';

const message = fc.string({ maxLength: 40 });
const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.record({ state: fc.constantFrom('Ready', 'InProgress'), reason: fc.constant('Why'), message }),
  fc.record({ state: fc.constant('Stalled'), reason: fc.constantFrom('Paused', 'MM020'), message }),
);
const start = Date.UTC(2030, 0, 1);

describe('conditionsFor', () => {
  it('says exactly one of Ready, Reconciling and Stalled, in words that the API admits', () => {
    fc.assert(
      fc.property(verdict, (given) => {
        const conditions = conditionsFor(given, undefined, 3, start);
        expect(conditions.filter(({ status }) => status === 'True')).toHaveLength(1);
        for (const condition of conditions) expect(Condition.parse(condition)).toEqual(condition);
      }),
    );
  });

  it('keeps the time of a status that stays, and takes that of one that changes', () => {
    const first = conditionsFor({ state: 'InProgress', reason: 'A', message: 'a' }, undefined, 1, start);
    const later = conditionsFor({ state: 'Stalled', reason: 'Paused', message: 'b' }, first, 1, start + 60_000);

    expect(later.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Ready', '2030-01-01T00:00:00Z'],
      ['Reconciling', '2030-01-01T00:01:00Z'],
      ['Stalled', '2030-01-01T00:01:00Z'],
    ]);
  });

  it('is the same for the same verdict at any time', () => {
    fc.assert(
      fc.property(verdict, fc.nat(1e9), (given, ms) => {
        const first = conditionsFor(given, undefined, 1, start, 'no');
        expect(conditionsFor(given, first, 1, start + ms)).toEqual(first);
      }),
    );
  });

  it('keeps an answer to a command, and replaces it by the next', () => {
    const ready: Verdict = { state: 'Ready', reason: 'A', message: 'a' };
    const answered = conditionsFor(ready, undefined, 1, start, 'first');

    expect(conditionsFor(ready, answered, 1, start).find(({ type }) => type === 'CommandRejected')?.message).toBe(
      'first',
    );
    expect(
      conditionsFor(ready, answered, 1, start, 'second').find(({ type }) => type === 'CommandRejected')?.message,
    ).toBe('second');
  });

  it('cuts a message that the API would refuse', () => {
    for (const condition of conditionsFor(
      { state: 'Stalled', reason: 'Paused', message: 'x'.repeat(5000) },
      undefined,
      1,
      start,
      'y'.repeat(5000),
    ))
      expect(Condition.parse(condition)).toEqual(condition);
  });
});
