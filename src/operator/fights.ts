import { least } from '../base/lists.ts';
import type { Clock } from '../base/clock.ts';
import { essenceOf, type Effort } from '../engine/efforts.ts';
import { refusalsToReport, type Refusal } from '../engine/situation.ts';
import { forgetMs, longestPauseMs, pauseAfter } from './undone.ts';

/**
 * So often an object may become by turns what it was before, as when somebody edits a policy to and fro; then once a
 * minute.
 */
const turns = 20;

/**
 * So many of the last that it was made to be are compared: who makes another one each time must not fill the memory.
 */
const mostBefore = 100;

/** For so long at least the status says that something does not last: that it does for a second says nothing. */
const leastDoubtMs = 60_000;

/** What one object was made to be, and how often. */
interface Fight {
  readonly last: Effort;
  /** In a row, with nothing else of ours in between. */
  readonly count: number;
  /** What it was made to be before, in essence. */
  readonly before: readonly string[];
  /** How often it was made so again lately; it gets less by one each minute. */
  readonly repeated: number;
  /** When it was written last. */
  readonly at: number;
  /** What is otherwise, as the status has it, and since when. */
  readonly told?: { readonly message: string; readonly at: number };
}

type Fought = ReadonlyMap<string, Fight>;

const none: Fought = new Map();

function objectOf({ resource: { group, plural }, namespace = '', name }: Effort): string {
  return [group, plural, namespace, name].join('/');
}

function isRepeated(fight: Fight | undefined, effort: Effort): boolean {
  return fight?.before.includes(essenceOf(effort)) === true;
}

function inARow(fight: Fight | undefined, effort: Effort): number {
  return fight !== undefined && essenceOf(fight.last) === essenceOf(effort) ? fight.count : 0;
}

/** What is left of the repetitions after a time. */
function repeatedLately(fight: Fight | undefined, now: number): number {
  return fight === undefined ? 0 : Math.max(0, fight.repeated - (now - fight.at) / longestPauseMs);
}

/** How long after the last write of an object the same may be made of it again: longer each time, never for good. */
function pauseBefore(fight: Fight | undefined, effort: Effort): number {
  if (isRepeated(fight, effort) && (fight?.repeated ?? 0) >= turns) return longestPauseMs;
  return pauseAfter(inARow(fight, effort));
}

function doubtEnds(fight: Fight): number {
  if (fight.told === undefined) return -Infinity;
  return Math.max(fight.at, fight.told.at) + Math.max(leastDoubtMs, 2 * pauseBefore(fight, fight.last));
}

/**
 * What was written to one object again and again because it did not last, by namespace. It counts what was to become of
 * the object, not what was found there: so it does not matter who undoes it, how, or that it is somebody else each
 * time. Memory that may be lost: what does not last is written again by the next process too, and counted anew.
 */
export class Fights {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** What was not written for `forgetMs` goes with the next write of anything. */
  readonly #fights = new Map<string, Fought>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** The object was made what was wanted. */
  wrote(key: string, effort: Effort): void {
    this.#tidy();
    const now = this.#clock.monotonic();
    const known = this.#of(key).get(objectOf(effort));
    const count = inARow(known, effort) + 1;
    this.#put(key, {
      last: effort,
      count,
      at: now,
      before: isRepeated(known, effort)
        ? (known?.before ?? [])
        : [...(known?.before ?? []), essenceOf(effort)].slice(-mostBefore),
      repeated: repeatedLately(known, now) + (isRepeated(known, effort) ? 1 : 0),
      ...(known?.told && count > 1 && { told: known.told }),
    });
  }

  /** In how many milliseconds it may be made so again; 0 if it may now. */
  dueInMs(key: string, effort: Effort): number {
    const fight = this.#of(key).get(objectOf(effort));
    return fight === undefined ? 0 : Math.max(0, fight.at + pauseBefore(fight, effort) - this.#clock.monotonic());
  }

  /** Whether it was made so too often for chance. */
  isFought(key: string, effort: Effort): boolean {
    return pauseBefore(this.#of(key).get(objectOf(effort)), effort) > 0;
  }

  /** Whether it is known what has become of the last write: it is looked up once for each. */
  isTold(key: string, effort: Effort): boolean {
    const fight = this.#of(key).get(objectOf(effort));
    return fight?.told !== undefined && fight.told.at >= fight.at && doubtEnds(fight) > this.#clock.monotonic();
  }

  /** Says what is otherwise than it was made; returns whether that is news. */
  tell(key: string, effort: Effort, message: string): boolean {
    const fight = this.#of(key).get(objectOf(effort));
    if (fight === undefined) return false;
    const now = this.#clock.monotonic();
    this.#put(key, { ...fight, last: { ...effort, wanted: fight.last.wanted }, told: { message, at: now } });
    return fight.told?.message !== message || doubtEnds(fight) <= now;
  }

  /** What does not last, for decisions: by object and verb, like what is refused. */
  of(key: string): ReadonlyMap<string, Refusal> {
    const now = this.#clock.monotonic();
    return new Map(
      [...this.#of(key).values()].flatMap((fight) =>
        fight.told === undefined || doubtEnds(fight) <= now
          ? []
          : [
              [
                fight.last.part,
                { count: Math.max(refusalsToReport, fight.count), message: fight.told.message, undone: true as const },
              ] as const,
            ],
      ),
    );
  }

  /** In how many milliseconds what is told now is over unless it is undone again; undefined if nothing is told. */
  overInMs(key: string): number | undefined {
    const now = this.#clock.monotonic();
    const ends = [...this.#of(key).values()].map(doubtEnds).filter((end) => end > now);
    return ends.length === 0 ? undefined : least(ends) - now;
  }

  /** A subject is gone, with all its attempts. */
  forget(subject: string): void {
    for (const key of this.#fights.keys()) if (key.startsWith(`${subject} `)) this.#fights.delete(key);
  }

  #of(key: string): Fought {
    return this.#fights.get(key) ?? none;
  }

  #put(key: string, fight: Fight): void {
    this.#fights.set(key, new Map([...this.#of(key), [objectOf(fight.last), fight]]));
  }

  #tidy(): void {
    const since = this.#clock.monotonic() - forgetMs;
    for (const [key, fights] of this.#fights) {
      const left = [...fights].filter(([, { at }]) => at > since);
      if (left.length === 0) this.#fights.delete(key);
      else if (left.length < fights.size) this.#fights.set(key, new Map(left));
    }
  }
}
