import { describe, expect, it } from '@jest/globals';
import { durationMs, inMinutes } from './duration.ts';

describe('durationMs', () => {
  it.each([
    ['1s', 1000],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['2h0m5s', 7_205_000],
    ['0s', 0],
  ])('reads %s', (duration, ms) => {
    expect(durationMs(duration)).toBe(ms);
  });

  it.each(['', '10', '1.5h', '500ms', '1m1h', '-1s', '1 s', 'ten'])('refuses "%s"', (duration) => {
    expect(() => durationMs(duration)).toThrow(RangeError);
  });
});

describe('inMinutes', () => {
  it.each([
    [0, '0m'],
    [1, '1m'],
    [60_000, '1m'],
    [3_600_000, '1h'],
    [5_340_001, '1h30m'],
  ])('says %i ms as %s', (ms, said) => {
    expect(inMinutes(ms)).toBe(said);
  });
});
