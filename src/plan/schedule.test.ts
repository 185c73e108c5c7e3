import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { readSchedule } from './schedule.ts';

function unreadable(schedule: string, timeZone = 'UTC'): string {
  const read = readSchedule({ schedule, timeZone });
  return read.kind === 'Unreadable' ? `${read.field}: ${read.why}` : 'Read';
}

describe('readSchedule', () => {
  it.each([
    ['60 * * * *', 'schedule: Invalid value for minute: 60'],
    ['0 22-4 * * *', "schedule: From value is larger than to value: '22-4'"],
    ['0 0 * foo *', 'schedule: '],
    ['* * * *', 'schedule: '],
    ['0 0 * * * *', 'schedule: '],
    ['@daily extra', 'schedule: '],
    ['0 0 * * 1#6', 'schedule: '],
  ])('refuses %s and says why', (schedule, why) => {
    expect(unreadable(schedule)).toContain(why);
  });

  it.each(['Europe/Berlinn', 'Nowhere', 'CEST', ''])('refuses the time zone "%s"', (timeZone) => {
    expect(unreadable('0 0 * * *', timeZone)).toMatch(/^timeZone: /);
  });

  it.each(['0 22 * * MON-FRI', '0 0 L * *', '0 0 * * 5#2', '0 0 * * 7', '*/15 1,2 1-7 jan,FEB *', '0 0 13W * *'])(
    'reads %s',
    (schedule) => {
      expect(unreadable(schedule, 'Europe/Berlin')).toBe('Read');
    },
  );

  it('begins last when it began next, in every zone and around the changes of clocks', () => {
    const moments = fc
      .constantFrom('2026-03-29T00:00Z', '2026-10-25T00:00Z', '2026-03-08T06:00Z', '2026-11-01T05:00Z')
      .chain((day) => fc.integer({ min: -36_000_000, max: 36_000_000 }).map((off) => Date.parse(day) + off));
    const schedules = fc.constantFrom('30 2 * * *', '*/20 * * * *', '0 1-3 * * *', '59 23 * * 6', '15 1 * * *');
    const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC');
    fc.assert(
      fc.property(schedules, zones, moments, (schedule, timeZone, at) => {
        const read = readSchedule({ schedule, timeZone });
        if (read.kind !== 'Read') throw new Error(read.why);
        const { lastAt, nextAfter } = read.schedule;
        const next = nextAfter(at) ?? NaN;
        expect(next).toBeGreaterThan(at);
        expect(lastAt(next)).toBe(next);
        expect(lastAt(next - 1) ?? 0).toBeLessThanOrEqual(at);
        expect(nextAfter(next - 1)).toBe(next);
      }),
      { numRuns: 200 },
    );
  });
});
