import { greatest, least } from '../base/lists.ts';
import type { Window } from '../api/windows.ts';
import { durationMs } from '../base/duration.ts';
import { memoize } from '../base/memoize.ts';
import { Recent } from '../base/recent.ts';
import { digestOf } from '../base/sha256.ts';
import { readSchedule, type Schedule, type ScheduleRead } from './schedule.ts';

/** A time in which all stays as it is: namespaces may be started, or may not. In milliseconds since the epoch. */
export interface Span {
  readonly isOpen: boolean;
  readonly from: number;
  /** When it ends; Infinity where it never does. */
  readonly until: number;
  /** It goes on at least until then: further was not looked. */
  readonly isLonger?: true;
}

/** A window of which something cannot be read. */
export interface Unreadable extends Extract<ScheduleRead, { kind: 'Unreadable' }> {
  /** Its place in `spec.windows`. */
  readonly place: number;
  readonly window: Window;
}

/** One that can be. */
export interface Readable {
  readonly place: number;
  readonly window: Window;
  readonly schedule: Schedule;
  readonly durationMs: number;
  /** Whether there is a day on which it begins. */
  readonly isEver: boolean;
}

/** The windows of a migration, and what is open when. */
export interface Timetable {
  readonly readable: readonly Readable[];
  readonly unreadable: readonly Unreadable[];
  /** The time around a moment in which nothing changes, from that moment or before on. */
  readonly spanAt: (ms: number) => Span;
}

/** So often windows are asked for one span: each step asks each of them twice, and that takes some tenths of a ms. */
const mostAsked = 600;

/** When a window that is open at a moment closes, as far as it has begun by then; undefined where it is not open. */
function closesAt({ schedule, durationMs }: Readable, ms: number): number | undefined {
  const last = schedule.lastAt(ms);
  return last !== undefined && last + durationMs > ms ? last + durationMs : undefined;
}

/** What is open at a moment, and before when that cannot be otherwise. */
interface Moment {
  readonly isOpen: boolean;
  readonly until: number;
}

function nextOf(windows: readonly Readable[], ms: number): number {
  return least(windows.map(({ schedule }) => schedule.nextAfter(ms) ?? Infinity));
}

/** Deny over Allow: while somebody denies, the last of them decides; else the last that allows, and the next to deny. */
function momentAt(windows: readonly Readable[], ms: number): Moment {
  const of = (kind: Window['kind']): readonly Readable[] => windows.filter(({ window }) => window.kind === kind);
  const ends = (those: readonly Readable[]): readonly number[] => those.flatMap((each) => closesAt(each, ms) ?? []);
  const [allow, deny] = [of('Allow'), of('Deny')];
  const denied = ends(deny);
  if (denied.length > 0) return { isOpen: false, until: greatest(denied) };
  if (allow.length === 0) return { isOpen: true, until: nextOf(deny, ms) };
  const allowed = ends(allow);
  if (allowed.length === 0) return { isOpen: false, until: nextOf(allow, ms) };
  return { isOpen: true, until: Math.min(greatest(allowed), nextOf(deny, ms)) };
}

/** From a moment on: one window after the other may have it go on as it is. */
function spanFrom(windows: readonly Readable[], from: number): Span {
  let moment = momentAt(windows, from);
  const { isOpen } = moment;
  for (let asked = 0; asked < mostAsked; asked += 2 * windows.length) {
    const { until } = moment;
    if (until === Infinity) return { isOpen, from, until };
    moment = momentAt(windows, until);
    if (moment.isOpen !== isOpen) return { isOpen, from, until };
  }
  return { isOpen, from, until: moment.until, ...(moment.until < Infinity && { isLonger: true }) };
}

/** Whether a span tells of a moment; one whose end was not found tells less and less. */
function tells({ from, until, isLonger }: Span, ms: number): boolean {
  return from <= ms && ms < (isLonger === true ? (from + until) / 2 : until);
}

const never: Schedule = { lastAt: () => undefined, nextAfter: () => undefined };

/** What never begins is found out once: to look for it takes the longest. */
function asReadable(window: Window, place: number, schedule: Schedule): Readable {
  const isEver = schedule.nextAfter(0) !== undefined;
  return { window, place, schedule: isEver ? schedule : never, durationMs: durationMs(window.duration), isEver };
}

/** So many times are remembered of a timetable. */
const mostSpans = 256;

function make(windows: readonly Window[]): Timetable {
  const all = windows.map((window, place) => ({ window, place, ...readSchedule(window) }));
  const readable = all.flatMap((each) =>
    each.kind === 'Read' ? [asReadable(each.window, each.place, each.schedule)] : [],
  );
  let spans: readonly Span[] = [];
  return {
    readable,
    unreadable: all.filter((each) => each.kind === 'Unreadable'),
    spanAt: (ms) => {
      const known = spans.find((span) => tells(span, ms));
      if (known !== undefined) return known;
      const span = spanFrom(readable, ms);
      spans = [span, ...spans].slice(0, mostSpans);
      return span;
    },
  };
}

/** Of so many migrations it is remembered, whatever else of them changes. */
const mostTimetables = 64;

const recent = new Recent<Timetable>(mostTimetables);

/** The timetable of a list of windows: worked out once, because each look of each namespace asks. */
export const timetableOf = memoize((windows: readonly Window[]): Timetable => {
  const key = digestOf(windows);
  const known = recent.get(key) ?? make(windows);
  recent.set(key, known);
  return known;
});
