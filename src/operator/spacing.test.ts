import { describe, expect, it } from '@jest/globals';
import { Spacing } from './spacing.ts';

describe('Spacing', () => {
  it('lets some through at once, and of those that never end one now and then', () => {
    let now = 0;
    const spacing = new Spacing({ monotonic: () => now });
    let written = 0;
    for (; now < 60_000; now += 100) {
      if (spacing.dueInMs('a') > 0) continue;
      spacing.wrote('a');
      written += 1;
      if (now === 0) expect(spacing.dueInMs('b')).toBe(0);
    }
    expect(written).toBeGreaterThanOrEqual(19);
    expect(written).toBeLessThan(22);
  });

  it('is over when nothing was written for a while, and says when the next may be', () => {
    let now = 0;
    const spacing = new Spacing({ monotonic: () => now });
    for (let count = 0; count < 10; count += 1) spacing.wrote('a');
    expect(spacing.dueInMs('a')).toBe(6000);
    now += 6000;
    expect(spacing.dueInMs('a')).toBe(0);
    spacing.forget('a');
    for (let count = 0; count < 9; count += 1) spacing.wrote('a');
    expect(spacing.dueInMs('a')).toBe(0);
  });
});
