import { describe, expect, it } from '@jest/globals';
import { wrap } from './lines.ts';

describe('lines for people', () => {
  it('are no longer than a terminal is wide', () => {
    expect(wrap(Array.from({ length: 40 }, () => 'word').join(' '), '  ').map(({ length }) => length <= 100)).toEqual([
      true,
      true,
      true,
    ]);
  });
});
