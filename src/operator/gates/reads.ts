import { isCounting, type Gate } from '../../api/gates.ts';
import type { Reading } from '../../gates/judge.ts';
import { since, stepOf } from './pieces-of-time.ts';
import type { Want } from './want.ts';

/** How often it is looked whether alerts fire, at most. */
const alertsMs = 25_000;

/** What was read stands for so many pieces of time while Prometheus cannot be asked: it only becomes older. */
const goodForPieces = 3;

/** What is to be known, and is not after so much longer than it takes to ask, is not known. */
const overdueMs = 120_000;

const unanswered = 'it has not answered for a while';

/** What is read of one gate of one namespace. */
export interface Read {
  readonly reading: Reading;
  /** By the monotonic clock, when it was read. */
  readonly at: number;
  /** Until when pieces of time were asked about. */
  readonly until: number;
}

/** By the clock on the wall, and by the monotonic one. */
export interface Now {
  readonly wall: number;
  readonly monotonic: number;
}

/** The end of the last piece of time that is over. */
export function lastPiece(gate: Gate, want: Want, now: number): number {
  return isCounting(gate) ? (since(want, now, stepOf(gate.prometheus.interval))?.to ?? 0) : 0;
}

/** There is a piece of time that nobody has asked about, or nothing has been read at all. */
export function isDue(read: Read | undefined, gate: Gate, want: Want, { wall, monotonic }: Now): boolean {
  if (read === undefined || isUnanswered(read.reading)) return true;
  if (!isCounting(gate)) return monotonic - read.at >= alertsMs;
  return lastPiece(gate, want, wall) > read.until;
}

/** What was counted and stands for a while. What alerts there were says nothing of now. */
export function keptOf(
  known: Read | undefined,
  gate: Gate,
  monotonic: number,
): { readonly reading: Extract<Reading, { kind: 'Read' }>; readonly at: number } | undefined {
  if (known?.reading.kind !== 'Read' || !isCounting(gate)) return undefined;
  const goodForMs = goodForPieces * stepOf(gate.prometheus.interval);
  return monotonic - known.at < goodForMs ? { reading: known.reading, at: known.at } : undefined;
}

/**
 * What was read, as far as it still stands: a question that is not answered, or has to wait for those of others, says as
 * little as one that fails.
 */
export function renewed(read: Read, gate: Gate, want: Want, { wall, monotonic }: Now): Reading {
  const { reading } = read;
  if (isUnanswered(reading)) return keptOf(read, gate, monotonic)?.reading ?? asUnreachable(reading);
  if (!isCounting(gate))
    return monotonic - read.at < alertsMs + overdueMs ? reading : { kind: 'Unreachable', why: unanswered };
  // The piece of time after those that are known was over so long ago.
  if (lastPiece(gate, want, wall - overdueMs) <= read.until) return reading;
  const kept = keptOf(read, gate, monotonic);
  return kept === undefined ? { kind: 'Unreachable', why: unanswered } : { ...kept.reading, unanswered };
}

function asUnreachable(reading: Reading): Reading {
  if (reading.kind !== 'Read') return reading;
  return { kind: 'Unreachable', why: reading.unanswered ?? unanswered };
}

/** Whether it is no news: it is asked about often. */
export function isSameAlerts(one: Reading | undefined, other: Reading): boolean {
  return one?.kind === 'Alerts' && other.kind === 'Alerts' && one.firing.join() === other.firing.join();
}

function isUnanswered(reading: Reading): boolean {
  return reading.kind === 'Unreachable' || (reading.kind === 'Read' && reading.unanswered !== undefined);
}
