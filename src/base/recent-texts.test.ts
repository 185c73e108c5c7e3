import { describe, expect, it } from '@jest/globals';
import { RecentTexts } from './recent-texts.ts';

describe('texts that are remembered', () => {
  it('are no more than so many bytes, whatever is asked', () => {
    const texts = new RecentTexts(10_000);
    for (let index = 0; index < 1000; index += 1) {
      texts.set(`k${index}`, `${index}`.repeat(index % 500));

      expect(texts.bytes).toBeLessThanOrEqual(10_000);
    }

    expect(texts.get('k0')).toBeUndefined();
    expect(texts.get('k999')).toBe('999'.repeat(499));
  });

  it('are forgotten in the order in which they were asked for', () => {
    const texts = new RecentTexts(800);
    for (const key of ['a', 'b', 'c']) texts.set(key, key.repeat(100));
    texts.get('a');
    texts.set('d', 'd'.repeat(100));

    expect(['a', 'b', 'c', 'd'].filter((key) => texts.get(key) !== undefined)).toEqual(['a', 'c', 'd']);
  });

  it('are there once, by however many keys', () => {
    const texts = new RecentTexts(50_000);
    for (let index = 0; index < 100; index += 1) texts.set(`k${index}`, 'x'.repeat(10_000));

    expect(texts.bytes).toBeLessThan(27_000);

    for (let index = 0; index < 100; index += 1) texts.set(`k${index}`, `y${index}`);

    expect(texts.get('k7')).toBe('y7');
    expect(texts.bytes).toBeLessThan(17_000);
  });

  it('that are too long for it are none', () => {
    const texts = new RecentTexts(1000);
    texts.set('a', 'x'.repeat(2000));

    expect(texts.get('a')).toBeUndefined();
    expect(texts.bytes).toBe(0);
  });
});
