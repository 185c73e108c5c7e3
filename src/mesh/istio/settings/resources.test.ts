import { describe, expect, it } from '@jest/globals';
import { kindsOf } from '../../kinds.ts';
import { made, watched } from './resources.ts';

describe('what is watched', () => {
  it('has each kind once, and each name', () => {
    expect(kindsOf(watched).size).toBe(watched.length);
  });

  it('has what is made among it, each by the name that it has there', () => {
    expect(made.filter((row) => !watched.includes(row))).toEqual([]);
    expect(made).toHaveLength(6);
  });
});
