import { describe, expect, it } from '@jest/globals';
import { costOf } from '../../test/support/cost.ts';
import { blanks, trimmed, trimmedEnd } from './trimmed.ts';

describe('a text that is cut at its ends', () => {
  it.each([
    ['', ''],
    ['--', ''],
    ['a', 'a'],
    ['-a-.', '-a'],
    ['a-b', 'a-b'],
  ])('has none of the characters at its end: %j', (text, expected) => {
    expect(trimmedEnd(text, '-.')).toBe(expected);
  });

  it.each([
    ['', ''],
    ['[[]', ''],
    ['[a]b]', 'a]b'],
    ['a', 'a'],
  ])('has none at either: %j', (text, expected) => {
    expect(trimmed(text, '[]')).toBe(expected);
  });

  it('ends with no blank', () => {
    expect(trimmedEnd(`a b${blanks}`, blanks)).toBe('a b');
    expect(blanks).toMatch(/^\s+$/);
  });

  it('is read once, whatever stands in it', () => {
    const text = `a${'/'.repeat(300_000)}a`;
    const cost = costOf(() => {
      expect(trimmed(text, '/')).toBe(text);
    });
    // A pattern takes minutes.
    expect(cost).toBeLessThan(100);
  });
});
