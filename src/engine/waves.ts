import type { NamespaceMigration, MeshMigration } from '../api/resources.ts';
import type { Wave, WaveStatus } from '../api/waves.ts';
import { timestamp } from '../base/clock.ts';
import { durationMs } from '../base/duration.ts';
import { isInFlight } from '../plan/admission.ts';
import type { Scope } from '../plan/scope.ts';
import { waveOf, type Waves } from '../plan/waves.ts';
import type { Wanted } from './situation.ts';
import { isStalled, phaseOf } from './totals.ts';

/** What the states of the waves are made from. */
export interface WavesSituation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly object: MeshMigration;
  readonly scope: Scope;
  readonly children: readonly NamespaceMigration[];
  readonly waves: Waves;
  readonly wanted: Wanted;
}

interface Counts {
  readonly total: number;
  readonly migrated: number;
  readonly unfinished: number;
}

/** What the wave without a name asks for. */
const ofOthers: Pick<Wave, 'soak' | 'maxFailures'> = { soak: '0s', maxFailures: 0 };

const arrived: readonly (string | undefined)[] = ['Migrated', 'Finalized'];
const ended: readonly (string | undefined)[] = ['RolledBack', 'Failed', 'Blocked', 'Incomplete'];

/** Whether nothing becomes of it by itself. One that goes back is under way, and will have been. */
function isUnfinished(child: NamespaceMigration): boolean {
  const phase = phaseOf(child);
  if (arrived.includes(phase)) return isStalled(child);
  return isStalled(child) || (ended.includes(phase) && !isInFlight(child));
}

function countsOf(place: number, { scope, children, waves }: WavesSituation): Counts {
  const names = new Set(scope.namespaces.filter((name) => waveOf(name, waves) === place));
  const those = children.filter(({ metadata }) => names.has(metadata.namespace ?? ''));
  const unfinished = those.filter(isUnfinished).length;
  const migrated = those.filter((child) => arrived.includes(phaseOf(child)) && !isUnfinished(child)).length;
  return { total: names.size, migrated, unfinished };
}

/** A time of the status, as far as it is one and is over: a clock that went back has nobody wait the longer for it. */
function stored(time: string | undefined, now: number): number | undefined {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) || at > now ? undefined : at;
}

interface Judged extends Counts {
  readonly name: string;
  readonly before: WaveStatus | undefined;
  readonly soakMs: number;
  readonly maxFailures: number;
}

/** Where a wave stands of which all before it are done. */
function stateOf({ name, before, soakMs, maxFailures, ...counts }: Judged, now: number): WaveStatus {
  const { total, migrated, unfinished } = counts;
  const entry = { name, ...counts };
  const isOver = migrated + unfinished === total;
  const hasArrived = isOver && unfinished <= maxFailures;
  const at = hasArrived ? (stored(before?.arrivedAt, now) ?? now) : undefined;
  const arrivedAt = at === undefined ? {} : { arrivedAt: timestamp(at) };
  // Whoever joins a wave that is done, or leaves it by a failure, has no other one stop in mid-way.
  if (before?.doneAt !== undefined) return { ...entry, state: 'Done', ...arrivedAt, doneAt: before.doneAt };
  if (at === undefined) return { ...entry, state: isOver ? 'Held' : 'Open' };
  // Of nobody there is nothing to be seen.
  if (total === 0 || now >= at + soakMs) return { ...entry, state: 'Done', ...arrivedAt, doneAt: timestamp(now) };
  return { ...entry, state: 'Soaking', ...arrivedAt };
}

/**
 * The waves as they stand now; none where the spec has none. One is done only once all before it are, so that each
 * begins and soaks in its turn. Safe: what is done is only ever read from the status of the MeshMigration, so a process
 * that dies before it is stored soaks on, and one that dies after goes on from there. When all goes back nothing is
 * done any more.
 */
export function wavesNow(situation: WavesSituation): readonly WaveStatus[] {
  const { now, object, waves, wanted } = situation;
  const goesBack = wanted === 'Rollback' || wanted === 'DeleteLeave';
  const before = new Map((goesBack ? [] : (object.status?.waves ?? [])).map((wave) => [wave.name, wave]));
  const states: WaveStatus[] = [];
  for (const [place, name] of waves.names.entries()) {
    const { soak, maxFailures } = object.spec.waves[place] ?? ofOthers;
    const counts = countsOf(place, situation);
    const isNext = !goesBack && states.every(({ state }) => state === 'Done');
    const judged = { name, before: before.get(name), soakMs: durationMs(soak), maxFailures, ...counts };
    states.push(isNext ? stateOf(judged, now) : { name, state: 'Waiting', ...counts });
  }
  return states;
}

/** Milliseconds until a soak is over; undefined while nothing soaks. */
export function soakedInMs({ spec }: MeshMigration, waves: readonly WaveStatus[], now: number): number | undefined {
  const soaking = waves.find(({ state }) => state === 'Soaking');
  if (soaking === undefined) return undefined;
  const { soak } = spec.waves.find(({ name }) => name === soaking.name) ?? ofOthers;
  return Math.max(1, Date.parse(soaking.arrivedAt ?? '') + durationMs(soak) - now);
}
