import { describe, expect, it } from '@jest/globals';
import { nearest } from './nearest.ts';

describe('nearest', () => {
  it.each([
    ['wbe', ['inv', 'web', 'shop'], 'web'],
    ['web', ['webs', 'wobs'], 'webs'],
    ['checkuot-api', ['checkout', 'checkout-api', 'checkout-ap'], 'checkout-api'],
    ['payments', ['payment', 'repayments'], 'payment'],
    ['a', ['b', 'ab'], 'b'],
    ['web', ['shop', 'cart', ''], undefined],
    ['web', [], undefined],
    ['', ['web'], undefined],
  ])('of %j among %j is %j', (word, words, expected) => {
    expect(nearest(word, words)).toBe(expected);
  });
});
