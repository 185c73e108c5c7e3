import { describe, expect, it } from '@jest/globals';
import { extend, greatest, least } from './lists.ts';

const many = Array.from({ length: 500_000 }, (_, index) => index);

describe('lists of any length', () => {
  it('are put at the end of another, which as arguments of a call they are not', () => {
    const list = [-1];
    expect(() => list.push(...many)).toThrow(RangeError);
    extend(list, many);
    expect(list).toHaveLength(500_001);
    expect(list.at(-1)).toBe(499_999);
  });

  it('have a least and a greatest', () => {
    expect([least(many), greatest(many)]).toEqual([0, 499_999]);
    expect([least([2, -3, 1]), greatest([2, -3, 1])]).toEqual([-3, 2]);
    expect([least([]), greatest([])]).toEqual([Infinity, -Infinity]);
  });
});
