import { least } from '../base/lists.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { Window } from '../api/windows.ts';
import { timestamp } from '../base/clock.ts';
import { durationMs, inMinutes } from '../base/duration.ts';
import { memoize, memoizeLast } from '../base/memoize.ts';
import { frozenBy } from './freeze.ts';
import { openingOf, type Opening } from './windows.ts';

/** Why none of the namespaces of a migration is started now, though they are meant to be. */
export interface StartHold {
  /** A freeze is over when a person says so; a window opens by itself. */
  readonly kind: 'Frozen' | 'WindowClosed';
  readonly message: string;
}

const arrived: readonly (string | undefined)[] = ['Migrated', 'Finalized'];

/** How long the way of a namespace took that has arrived; what is only restarted for HBONE goes none. */
function tookMs({ status = {} }: NamespaceMigration): number | undefined {
  const { steps = [], writtenPhase, direction, itinerary } = status;
  if (!arrived.includes(writtenPhase) || direction === 'Backward' || itinerary === 'Hbone') return undefined;
  const ms = Date.parse(steps.at(-1)?.completedAt ?? '') - Date.parse(steps[0]?.startedAt ?? '');
  return ms >= 0 ? ms : undefined; // NaN is not.
}

/**
 * What the namespaces of a migration took that have arrived, by their median; undefined before there is one.
 */
const medianMs = memoizeLast((records: readonly NamespaceMigration[]): number | undefined => {
  const all = records.flatMap((record) => tookMs(record) ?? []).sort((a, b) => a - b);
  return all[Math.floor(all.length / 2)];
});

/** At most, where windows only deny. */
const mostMs = 2 * 3_600_000;

/** Half of the shortest time for which a window allows: whatever a namespace took, each has time to start others. */
const halfMs = memoize((windows: readonly Window[]): number => {
  const allowed = windows.filter(({ kind }) => kind === 'Allow').map(({ duration }) => durationMs(duration) / 2);
  return allowed.length === 0 ? mostMs : least(allowed);
});

/**
 * For how long windows have to be open for a namespace to be started: what those before took, but never so long that
 * none is ever started. One that stood for days by an accident, a pause, or a record that somebody has written, keeps
 * nobody else. Undefined before one has arrived.
 */
export function marginMs(
  { spec: { windows } }: Pick<MeshMigration, 'spec'>,
  records: readonly NamespaceMigration[],
): number | undefined {
  const median = medianMs(records);
  return median === undefined ? undefined : Math.min(median, halfMs(windows));
}

/** What the windows of a migration say now; undefined where it has none. */
export function openingNow(
  migration: Pick<MeshMigration, 'spec'>,
  records: readonly NamespaceMigration[],
  now: number,
): Opening | undefined {
  const { windows } = migration.spec;
  return windows.length === 0 ? undefined : openingOf(windows, now, marginMs(migration, records));
}

function next({ nextOpen, lookedUntil }: Opening): string {
  if (nextOpen !== undefined) return `before ${timestamp(nextOpen)}`;
  if (lookedUntil === undefined || lookedUntil === Infinity) return 'at all: none of them opens';
  return `before ${timestamp(lookedUntil)} at least`;
}

function closedBy(opening: Opening, margin: number | undefined): StartHold | undefined {
  const { state, closesAt = 0 } = opening;
  if (state === 'Open') return undefined;
  const why =
    state === 'Closed'
      ? 'window closed'
      : `the window closes at ${timestamp(closesAt)}, which is less than the ${inMinutes(margin ?? 0)} that a namespace takes (the median of those before, half a window at most)`;
  return { kind: 'WindowClosed', message: `${why}: by spec.windows nothing is started ${next(opening)}` };
}

/** That a migration is frozen, for a sentence; undefined while it is not. */
export function frozenMigration({ metadata: { name, annotations } }: MeshMigration): string | undefined {
  const frozen = frozenBy(annotations);
  return frozen && `MeshMigration ${name} is ${frozen}`;
}

/**
 * What holds the start of all namespaces; undefined if nothing does. Safe: it is asked of the MeshMigration and of the
 * clock at each look, right before the journal is written that begins a namespace. Dying before: the next process asks
 * again. Dying after: what has begun goes on, whatever is closed. No way back is asked about.
 */
export function startHold(
  migration: MeshMigration,
  records: readonly NamespaceMigration[],
  now: number,
): StartHold | undefined {
  const frozen = frozenMigration(migration);
  if (frozen !== undefined) return { kind: 'Frozen', message: `no namespace is started: ${frozen}` };
  const opening = openingNow(migration, records, now);
  return opening && closedBy(opening, marginMs(migration, records));
}
