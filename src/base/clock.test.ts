import { describe, expect, it } from '@jest/globals';
import { timestamp } from './clock.ts';
import { seededRandom } from './random.ts';

describe('timestamp', () => {
  it.each([
    [0, '1970-01-01T00:00:00Z'],
    [Date.UTC(2030, 1, 3, 4, 5, 6, 999), '2030-02-03T04:05:06Z'],
  ])('prints %d as the API server does, in whole seconds', (ms, text) => {
    expect(timestamp(ms)).toBe(text);
    expect(Date.parse(text)).toBeLessThanOrEqual(ms);
  });
});

describe('seededRandom', () => {
  it('repeats itself from its seed, and differs from that of another', () => {
    const draw = (seed: number): readonly number[] => Array.from({ length: 5 }, seededRandom(seed));

    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).every((value) => value >= 0 && value < 1)).toBe(true);
  });
});
