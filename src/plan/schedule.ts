import { Cron } from 'croner';
import type { Window } from '../api/windows.ts';

/** Something that begins again and again, by milliseconds since the epoch; undefined where it never did, or will. */
export interface Schedule {
  /** When it began last, at that moment or before. */
  readonly lastAt: (ms: number) => number | undefined;
  /** When it begins next, after that moment. */
  readonly nextAfter: (ms: number) => number | undefined;
}

/** A schedule, or which field of the window cannot be read, and why. */
export type ScheduleRead =
  | { readonly kind: 'Read'; readonly schedule: Schedule }
  | { readonly kind: 'Unreadable'; readonly field: 'schedule' | 'timeZone'; readonly why: string };

/** Time zones are those of the tz database that Node.js has with it. */
function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: (Syntax error, )?/, '');
}

/**
 * Reads when a window begins. As cron does it, an hour that summer time leaves out makes it begin when the clock has
 * been put forward, and of one that comes twice it takes the first; what begins each so many minutes begins in both.
 */
export function readSchedule({ schedule, timeZone }: Pick<Window, 'schedule' | 'timeZone'>): ScheduleRead {
  if (!isTimeZone(timeZone))
    return { kind: 'Unreadable', field: 'timeZone', why: 'it is not in the IANA database of time zones' };
  try {
    const cron = new Cron(schedule, { timezone: timeZone, mode: '5-part', paused: true });
    return {
      kind: 'Read',
      schedule: {
        // What it asks for lies before a moment, not at it.
        lastAt: (ms) => cron.previousRuns(1, new Date(ms + 1))[0]?.getTime(),
        nextAfter: (ms) => cron.nextRun(new Date(ms))?.getTime(),
      },
    };
  } catch (error) {
    return { kind: 'Unreadable', field: 'schedule', why: reason(error) };
  }
}
