import type { NamespaceMigration, MeshMigration } from '../api/resources.ts';
import type { Wave, WaveStatus } from '../api/waves.ts';
import { timestamp } from '../base/clock.ts';
import { durationMs } from '../base/duration.ts';
import { isBackWithAll, isInFlight } from '../plan/admission.ts';
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

type Asked = Pick<Wave, 'soak' | 'maxFailures'> & Partial<Pick<Wave, 'namespaces'>>;

/** What the wave without a name asks for. */
const ofOthers: Asked = { soak: '0s', maxFailures: 0 };

const arrived: readonly (string | undefined)[] = ['Migrated', 'Finalized'];
const ended: readonly (string | undefined)[] = ['RolledBack', 'Failed', 'Blocked', 'Incomplete'];

/** Whether nothing becomes of it by itself. One that goes back is under way, and will have been. */
function isUnfinished(child: NamespaceMigration): boolean {
  const phase = phaseOf(child);
  if (isBackWithAll(child)) return false;
  return isStalled(child) || (ended.includes(phase) && !isInFlight(child));
}

function countsOf(place: number, { scope, children, waves }: WavesSituation): Counts {
  // Who was begun and has left the selection is half-way, or at rest, all the same.
  const members = [...scope.namespaces, ...scope.changed];
  const names = new Set(members.filter((name) => waveOf(name, waves) === place));
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
  readonly wave: Asked;
}

/**
 * Whether it is meant to have nobody: it goes by labels alone, and never had anybody. A name that is misspelt, or a
 * canary that was deleted half-way, is no reason to let all others begin.
 */
function mayBeEmpty({ before, wave: { namespaces } }: Judged): boolean {
  if (namespaces !== undefined && namespaces.names.length > 0) return false;
  return before === undefined || (before.total === 0 && before.state !== 'Held');
}

/** Since when a wave has arrived: each that comes to a stop in the soak has it begin anew. */
function arrivalOf({ before, unfinished }: Judged, now: number): number {
  const isWorse = unfinished > (before?.unfinished ?? 0);
  return (isWorse ? undefined : stored(before?.arrivedAt, now)) ?? now;
}

/** Where a wave stands of which all before it are done. */
function stateOf(judged: Judged, now: number): WaveStatus {
  const { name, before, wave, total, migrated, unfinished } = judged;
  const entry = { name, total, migrated, unfinished };
  // Whoever joins a wave that is done, or leaves it by a failure, has no other one stop in mid-way.
  if (before?.doneAt !== undefined) return { ...before, ...entry, state: 'Done' };
  // Of nobody there is nothing to be seen; who joins before a later wave has begun is waited for.
  if (total === 0 && mayBeEmpty(judged)) return { ...entry, state: 'Done' };
  if (migrated + unfinished < total) return { ...entry, state: 'Open' };
  if (total === 0 || unfinished > wave.maxFailures) return { ...entry, state: 'Held' };
  const at = arrivalOf(judged, now);
  const hasArrived = { ...entry, arrivedAt: timestamp(at) };
  return now >= at + durationMs(wave.soak)
    ? { ...hasArrived, state: 'Done', doneAt: timestamp(now) }
    : { ...hasArrived, state: 'Soaking' };
}

/**
 * A wave while nothing is started: what is done stays so, and what soaks goes on soaking. Who is paused, or blocked in a
 * plan, has not arrived by that.
 */
function atRest({ name, before, total, migrated, unfinished }: Judged): WaveStatus {
  const entry = { name, total, migrated, unfinished };
  if (before?.doneAt !== undefined) return { ...before, ...entry, state: 'Done' };
  const soaks = before?.arrivedAt !== undefined && total > 0 && migrated + unfinished === total;
  return { ...entry, state: 'Waiting', ...(soaks && { arrivedAt: before.arrivedAt }) };
}

/**
 * The waves as they stand now; none where the spec has none. One is done only once all before it are, so that each
 * begins and soaks in its turn. Safe: what is done is only ever read from the status of the MeshMigration, so a process
 * that dies before it is stored soaks on, and one that dies after goes on from there. Nothing becomes done but while
 * namespaces are to be started, and nothing is any more when all goes back.
 */
export function wavesNow(situation: WavesSituation): readonly WaveStatus[] {
  const { now, object, waves, wanted } = situation;
  const goesBack = wanted === 'Rollback' || wanted === 'DeleteLeave';
  const before = new Map((goesBack ? [] : (object.status?.waves ?? [])).map((wave) => [wave.name, wave]));
  const states: WaveStatus[] = [];
  for (const [place, name] of waves.names.entries()) {
    const wave = object.spec.waves[place] ?? ofOthers;
    const judged = { name, before: before.get(name), wave, ...countsOf(place, situation) };
    const isNext = wanted === 'Migrate' && states.every(({ state }) => state === 'Done');
    states.push(isNext ? stateOf(judged, now) : atRest(judged));
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
