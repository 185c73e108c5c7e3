import { describe, expect, it } from '@jest/globals';
import { Gathering, gatherings } from './gathering.ts';

/** How often the changes of `a`, ten in each second, are told within so many seconds. */
function toldWithin(seconds: number, firstMs: number): readonly number[] {
  let now = 0;
  const gathering = new Gathering({ monotonic: () => now }, { firstMs, longestMs: 5000, quietMs: 1000 });
  const told: number[] = [];
  for (; now < seconds * 1000; now += 100) {
    const delayMs = gathering.changed('a');
    if (delayMs !== undefined) told.push(now + delayMs);
  }
  return told;
}

describe('Gathering', () => {
  it.each([0, 250])('tells a change after %i ms, and the next ones of a restless namespace ever later', (firstMs) => {
    const told = toldWithin(60, firstMs);
    const gaps = told.slice(1).map((at, index) => at - (told[index] ?? 0));

    expect(told[0]).toBe(firstMs);
    expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
    expect(told.length).toBeLessThan(20);
  });

  it('never leaves a change untold: each is at or before one that is told', () => {
    expect(toldWithin(60, 0).at(-1)).toBeGreaterThanOrEqual(59_900);
  });

  it('has forgotten the unrest of who was quiet, and never counted that of another', () => {
    let now = 0;
    const gathering = new Gathering({ monotonic: () => now }, { firstMs: 250, longestMs: 60_000, quietMs: 1000 });
    for (; now < 60_000; now += 100) gathering.changed('a');
    expect(gathering.changed('b')).toBe(250);
    now += 600_000;
    expect(gathering.changed('a')).toBe(250);
  });

  it.each(['strangers', 'freeing', 'resting', 'sidecars'] as const)(
    'has others (%s) told ever later by whoever rests for some seconds between two changes',
    (who) => {
      let now = 0;
      const gathering = gatherings({ monotonic: () => now })[who];
      let told = 0;
      for (; now < 600_000; now += 3200) if (gathering.changed('a') !== undefined) told += 1;
      expect(told).toBeLessThan(30);
    },
  );
});
