import { greatest, least } from '../base/lists.ts';
import type { NamespaceMigration, MeshMigration } from '../api/resources.ts';
import { mostStopped, type Wave, type WaveStatus } from '../api/waves.ts';
import { timestamp } from '../base/clock.ts';
import { durationMs } from '../base/duration.ts';
import { isBackWithAll, isInFlight } from '../plan/admission.ts';
import type { Scope } from '../plan/scope.ts';
import { waveOf, type Waves } from '../plan/waves.ts';
import type { Wanted } from './situation.ts';
import { isStalled, onlyRestarted, phaseOf } from './totals.ts';

/** For how long somebody has looked, by a clock that nobody sets. */
export interface Watching {
  /** Milliseconds since this process began to look. */
  readonly ms: number;
  /** Milliseconds since the epoch, by that clock: it goes on from what the other one said in the beginning. */
  readonly now: number;
}

/** What the states of the waves are made from. */
export interface WavesSituation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly object: MeshMigration;
  readonly scope: Scope;
  readonly children: readonly NamespaceMigration[];
  readonly waves: Waves;
  readonly wanted: Wanted;
  /** Default: for ever, and no clock was ever set. */
  readonly watching?: Watching | undefined;
  /** Whether the labels of a namespace, by its name, are those of the new data plane. Default: they are. */
  readonly isThere?: ((name: string) => boolean) | undefined;
}

interface Counts {
  readonly total: number;
  readonly migrated: number;
  readonly unfinished: number;
}

interface Counted extends Counts {
  /** Names of the unfinished. */
  readonly stopped: readonly string[];
  /** Names of all of it. */
  readonly members: ReadonlySet<string>;
  /** Milliseconds until each of its records is old enough to tell that something has died; 0 once they are. */
  readonly youngMs: number;
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

/**
 * Whether it is where it shall be, by more than its word: its journal, or its labels where there is none because nobody
 * had to move it. Whoever writes the record of his own namespace, or deletes it, has nobody else begin by that: what
 * needs a person stands in the record alone, so one that was not looked at tells of nothing. One that was only restarted
 * for HBONE has yet to move.
 */
function hasArrived(child: NamespaceMigration, isThere: WavesSituation['isThere']): boolean {
  if (!arrived.includes(phaseOf(child)) || isUnfinished(child) || onlyRestarted(child)) return false;
  if (child.status?.conditions === undefined) return false;
  return child.status.direction !== undefined || isThere?.(child.metadata.namespace ?? '') !== false;
}

function countsOf(place: number, situation: WavesSituation): Counted {
  const { scope, children, waves, isThere } = situation;
  // Who was begun and has left the selection is half-way, or at rest, all the same.
  const members = [...scope.namespaces, ...scope.changed];
  const names = new Set(members.filter((name) => waveOf(name, waves) === place));
  const those = children.filter(({ metadata }) => names.has(metadata.namespace ?? ''));
  const stopped = those.filter(isUnfinished).map(({ metadata }) => metadata.namespace ?? '');
  const unfinished = stopped.length;
  const migrated = those.filter((child) => hasArrived(child, isThere)).length;
  return {
    total: names.size,
    migrated,
    unfinished,
    stopped,
    members: names,
    youngMs: greatest([0, ...those.map(youngFor(situation))]),
  };
}

/** A time of the status, as far as it is one and is over: a clock that went back has nobody wait the longer for it. */
function stored(time: string | undefined, now: number): number | undefined {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) || at > now ? undefined : at;
}

/** What time it is, for waves: nothing is over that is not by both clocks. */
interface Times {
  readonly earliest: number;
  readonly latest: number;
  /** Milliseconds until those that another process has left were looked at; 0 once they were. */
  readonly unseenMs: number;
  /** Milliseconds in which what comes to a stop for a moment goes on again. */
  readonly watchMs: number;
}

/**
 * No process knows sooner than this that all is as the one before it has left it; and so long at most it takes until a
 * namespace is looked at first, and what its watch has shown is stored.
 */
const leastWatchMs = 30_000;

type Clocks = Pick<WavesSituation, 'now' | 'object' | 'watching'>;

/** What died while nobody looked is told by a watch of its own (unavailable.ts). */
function watchMs({ object }: Pick<Clocks, 'object'>): number {
  return Math.max(durationMs(object.spec.restart.watch), leastWatchMs);
}

/** No wave is done before that could have been. */
function timesOf(situation: Clocks): Times {
  const { now, watching } = situation;
  const { ms = Infinity, now: steady = now } = watching ?? {};
  return {
    earliest: Math.min(now, steady),
    latest: Math.max(now, steady),
    unseenMs: Math.max(0, durationMs(situation.object.spec.restart.watch) + leastWatchMs - ms),
    watchMs: watchMs(situation),
  };
}

/**
 * A record that is made anew has its namespace watched anew, from its first look on, which is a little later. One that
 * is older than the beginning was there all the while.
 */
function youngFor(situation: Clocks): (child: NamespaceMigration) => number {
  const { earliest } = timesOf(situation);
  const enoughMs = watchMs(situation) + leastWatchMs;
  return ({ metadata, status }) => {
    const [at, begun] = [metadata.creationTimestamp, status?.original?.capturedAt].map((time) =>
      Date.parse(time ?? ''),
    );
    return at === undefined || begun === undefined || !(at > begun) ? 0 : Math.max(0, at + enoughMs - earliest);
  };
}

interface Judged extends Counted {
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
  return !hadSomebody(before);
}

/** Whether it ever had a namespace, as far as it is known: one that has lost all of them holds from then on. */
function hadSomebody(before: WaveStatus | undefined): boolean {
  return before !== undefined && (before.total > 0 || before.state === 'Held');
}

/**
 * Since when a wave has arrived: each that comes to a stop in the soak has it begin anew, once. Whoever stops and goes on
 * again and again keeps the next wave waiting no longer than who stays stopped.
 */
function arrivalOf({ before, unfinished, stopped }: Judged, { latest }: Times): number {
  const known = new Set(before?.stopped);
  const isWorse = unfinished > (before?.unfinished ?? 0) && stopped.some((name) => !known.has(name));
  return (isWorse ? undefined : stored(before?.arrivedAt, latest)) ?? latest;
}

/** Those that came to a stop since it has arrived, or held it, and are still of it: whether they go on again or not. */
function stoppedSince({ before, stopped, members }: Judged): Pick<WaveStatus, 'stopped'> {
  const known = (before?.stopped ?? []).filter((name) => members.has(name));
  const all = [...new Set([...known, ...stopped])].slice(0, mostStopped).sort();
  return all.length === 0 ? {} : { stopped: all };
}

/**
 * How long a wave stays as it is before it is done. Where some of it came to a stop, or did until now, either may be for
 * a moment: they were paused with the whole, somebody has changed labels to and fro, or a tool replaces the policy that
 * they stopped for. What is done stays so, so it has to last.
 */
function soakMs(
  soak: Wave['soak'],
  { unfinished, stopped = [] }: Pick<WaveStatus, 'unfinished' | 'stopped'>,
  { watchMs: momentMs }: Pick<Times, 'watchMs'>,
): number {
  return Math.max(durationMs(soak), unfinished > 0 || stopped.length > 0 ? momentMs : 0);
}

/** Where a wave stands of which all before it are done. */
function stateOf(judged: Judged, times: Times): WaveStatus {
  const { name, before, wave, total, migrated, unfinished } = judged;
  const entry = { name, total, migrated, unfinished };
  // Whoever joins a wave that is done, or leaves it by a failure, has no other one stop in mid-way.
  if (before?.doneAt !== undefined) return { ...before, ...entry, state: 'Done' };
  // Of nobody there is nothing to be seen; who joins before a later wave has begun is waited for.
  if (total === 0 && mayBeEmpty(judged)) return { ...entry, state: 'Done' };
  if (migrated + unfinished < total) return { ...entry, state: 'Open' };
  const since = stoppedSince(judged);
  if (total === 0 || unfinished > wave.maxFailures) return { ...entry, ...since, state: 'Held' };
  const at = arrivalOf(judged, times);
  const rested = { ...entry, ...since, arrivedAt: timestamp(at) };
  return times.unseenMs === 0 && judged.youngMs === 0 && times.earliest >= at + soakMs(wave.soak, rested, times)
    ? { ...entry, arrivedAt: rested.arrivedAt, state: 'Done', doneAt: timestamp(times.earliest) }
    : { ...rested, state: 'Soaking' };
}

/**
 * A wave while nothing is started: what is done stays so, and what soaks goes on soaking, but for what comes to a stop
 * meanwhile. Who is paused, or blocked in a plan, has not arrived by that. One that has lost all it had holds.
 */
function atRest({ name, before, total, migrated, unfinished }: Judged): WaveStatus {
  const entry = { name, total, migrated, unfinished };
  if (before?.doneAt !== undefined) return { ...before, ...entry, state: 'Done' };
  // That it had somebody is not forgotten until its turn.
  if (total === 0 && hadSomebody(before)) return { ...entry, state: 'Held' };
  const isWhole = total > 0 && migrated + unfinished === total;
  const soaks = before?.arrivedAt !== undefined && isWhole && unfinished <= before.unfinished;
  const since = soaks && before.stopped !== undefined ? { stopped: before.stopped } : {};
  return { ...entry, ...since, state: 'Waiting', ...(soaks && { arrivedAt: before.arrivedAt }) };
}

/**
 * The waves as they stand now; none where the spec has none. One is done only once all before it are, so that each
 * begins and soaks in its turn. Safe: what is done is only ever read from the status of the MeshMigration, so a process
 * that dies before it is stored soaks on, and one that dies after goes on from there. Nothing becomes done but while
 * namespaces are to be started, and somebody has looked at what a process before has left; and nothing is any more when
 * all goes back.
 */
export function wavesNow(situation: WavesSituation): readonly WaveStatus[] {
  const { object, waves, wanted } = situation;
  const times = timesOf(situation);
  const goesBack = wanted === 'Rollback' || wanted === 'DeleteLeave';
  const before = new Map((goesBack ? [] : (object.status?.waves ?? [])).map((wave) => [wave.name, wave]));
  const states: WaveStatus[] = [];
  for (const [place, name] of waves.names.entries()) {
    const wave = object.spec.waves[place] ?? ofOthers;
    const judged = { name, before: before.get(name), wave, ...countsOf(place, situation) };
    const isNext = wanted === 'Migrate' && states.every(({ state }) => state === 'Done');
    states.push(isNext ? stateOf(judged, times) : atRest(judged));
  }
  return states;
}

/** Milliseconds until a soak can be over; undefined while nothing soaks. */
export function soakedInMs(
  situation: Clocks & Partial<Pick<WavesSituation, 'children'>>,
  waves: readonly WaveStatus[],
): number | undefined {
  const soaking = waves.find(({ state }) => state === 'Soaking');
  if (soaking === undefined) return undefined;
  const { soak } = situation.object.spec.waves.find(({ name }) => name === soaking.name) ?? ofOthers;
  const times = timesOf(situation);
  const ends = Date.parse(soaking.arrivedAt ?? '') + soakMs(soak, soaking, times);
  const left = Math.max(times.unseenMs, ends - times.earliest);
  if (left > 0) return left;
  // By that it would be over: some record is young.
  const young = (situation.children ?? []).map(youngFor(situation)).filter((ms) => ms > 0);
  return Math.max(1, least([...young, leastWatchMs]));
}
