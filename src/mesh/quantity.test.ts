import { describe, expect, it } from '@jest/globals';
import { thousandths } from './quantity.ts';
import { costOf } from '../../test/support/cost.ts';

describe('a quantity', () => {
  it.each([
    ['100m', 100],
    ['1.5', 1500],
    ['.5', 500],
    ['2Ki', 2_048_000],
    ['1e3', 1_000_000],
    [2, 2000],
  ])('is %j', (written, amount) => {
    expect(thousandths(written)).toBe(amount);
  });

  it.each(['', 'x', '1x', '1..2', undefined])('is none in %j', (written) => {
    expect(thousandths(written)).toBeUndefined();
  });

  it('is none in a long text, which is not read', () => {
    let read: unknown = 'nothing yet';
    const cost = costOf(() => {
      read = thousandths(`${'1'.repeat(40_000)}x`);
    });

    expect(read).toBeUndefined();
    // All ways to divide the digits take seconds.
    expect(cost).toBeLessThan(75);
  });
});
