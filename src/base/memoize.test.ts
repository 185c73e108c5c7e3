import { describe, expect, it } from '@jest/globals';
import { memoizeLast } from './memoize.ts';

describe('memoizeLast', () => {
  it('computes anew when another one of its objects comes, and for each object by itself', () => {
    let times = 0;
    const count = memoizeLast((key: { readonly name: string }, list: readonly number[], more: string | undefined) => {
      times += 1;
      return `${key.name} ${list.length} ${more ?? ''}`;
    });
    const [a, b, none, one] = [{ name: 'a' }, { name: 'b' }, [] as number[], [1]];
    expect([
      count(a, none, undefined),
      count(b, none, undefined),
      count(a, none, undefined),
      count(b, none, undefined),
    ]).toEqual(['a 0 ', 'b 0 ', 'a 0 ', 'b 0 ']);
    expect(times).toBe(2);
    expect([count(a, one, undefined), count(a, one, 'x'), count(a, one, 'x')]).toEqual(['a 1 ', 'a 1 x', 'a 1 x']);
    expect(times).toBe(4);
  });

  it('forgets an answer that does not last', () => {
    let times = 0;
    const next = memoizeLast(
      (_key: object, _other: number) => (times += 1),
      (answer) => answer % 2 === 0,
    );
    const key = {};

    expect([next(key, 1), next(key, 1), next(key, 1), next(key, 2)]).toEqual([1, 2, 2, 3]);
  });
});
