import type { Window } from '../api/windows.ts';
import { timetableOf, type Span, type Timetable } from './timetable.ts';

/** What the windows of a migration say at a moment, in milliseconds since the epoch. */
export interface Opening {
  /** `Closing`: open, but not for as long as a namespace takes. */
  readonly state: 'Open' | 'Closing' | 'Closed';
  /** When what is open closes; absent where no end is in sight. */
  readonly closesAt?: number;
  /** When namespaces may be started next, while they may not be now; absent where that is not in sight. */
  readonly nextOpen?: number;
  /** The first moment at which any of this may be otherwise; Infinity for never. */
  readonly changesAt: number;
  /** Until when was looked for `nextOpen`, and nothing found. */
  readonly lookedUntil?: number;
}

/** How many times are looked at for one that is long enough, and how many by all windows together. */
const mostAhead = 70;
const mostAheadByAll = 256;

/** Whether a namespace that is started then is expected to arrive in time. */
function isEnough({ isOpen, until, isLonger }: Span, from: number, marginMs: number): boolean {
  return isOpen && (isLonger === true || until - from >= marginMs);
}

interface Ahead {
  readonly nextOpen?: number;
  readonly lookedUntil?: number;
}

function aheadOf({ spanAt, readable }: Timetable, first: Span, marginMs: number): Ahead {
  let span = first;
  const most = Math.min(mostAhead, Math.ceil(mostAheadByAll / Math.max(1, readable.length)));
  for (let ahead = 0; ahead < most; ahead++) {
    if (span.until === Infinity || span.isLonger === true) break;
    span = spanAt(span.until);
    if (isEnough(span, span.from, marginMs)) return { nextOpen: span.from };
  }
  return { lookedUntil: span.until };
}

/**
 * Whether namespaces may be started now, and when next. What cannot be read opens nothing. `marginMs`: for how long a
 * window has to be open for a namespace to be started in it.
 */
export function openingOf(windows: readonly Window[], now: number, marginMs = 0): Opening {
  const timetable = timetableOf(windows);
  if (timetable.unreadable.length > 0) return { state: 'Closed', changesAt: Infinity, lookedUntil: Infinity };
  const span = timetable.spanAt(now);
  const { isOpen, until, isLonger } = span;
  const closesAt = isOpen && until < Infinity && isLonger !== true ? { closesAt: until } : {};
  if (isEnough(span, now, marginMs)) {
    const latest = isLonger === true ? until : Math.min(until, until - marginMs + 1); // Then it is not enough any more.
    return { state: 'Open', ...closesAt, changesAt: Math.max(now + 1, latest) };
  }
  const ahead = aheadOf(timetable, span, marginMs);
  return { state: isOpen ? 'Closing' : 'Closed', ...closesAt, ...ahead, changesAt: until };
}
