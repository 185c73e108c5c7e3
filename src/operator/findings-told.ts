import type { Finding } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { Clock } from '../base/clock.ts';
import { mergePatch } from '../base/merge-patch.ts';
import { isAtRest } from '../engine/left.ts';
import { withToldOf } from '../engine/told-findings.ts';

/** How long a list of findings stands at least before another one is stored that alone has changed. */
const firstPauseMs = 30_000;

/** The longest such pause: it doubles while the list goes on changing. */
const longestPauseMs = 600_000;

/** So many of one record are remembered as told. */
const mostTold = 200;

/** So many are told one by one when they come at once; all of them are in the list. */
const mostAtOnce = 20;

interface Telling {
  readonly at: number;
  readonly pauseMs: number;
  readonly told: ReadonlySet<string>;
}

function keyOf({ id, object }: Finding): string {
  return `${id} ${object}`;
}

/** Warnings at rest that were not in the list before. */
function newAtRest(before: NamespaceMigrationStatus, after: NamespaceMigrationStatus): readonly Finding[] {
  if (!isAtRest(after.phase)) return [];
  const known = new Set((before.findings ?? []).map(keyOf));
  return (after.findings ?? []).filter((each) => each.severity === 'Warning' && !known.has(keyOf(each)));
}

/**
 * When the findings of each record were told last, and which at rest. Memory that may be lost: the next process tells
 * what is new to the stored list.
 */
export class FindingsTold {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #records = new Map<string, Telling>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** In how many milliseconds a list that alone has changed may be stored; 0 if it may now. */
  dueInMs(key: string): number {
    const known = this.#records.get(key);
    return known === undefined ? 0 : Math.max(0, known.at + known.pauseMs - this.#clock.monotonic());
  }

  /** A status was stored; returns the Warnings that are to be told besides. */
  stored(key: string, before: NamespaceMigrationStatus, after: NamespaceMigrationStatus): readonly Finding[] {
    const known = this.#records.get(key);
    const news = newAtRest(before, after).filter((each) => known?.told.has(keyOf(each)) !== true);
    const told = new Set([...(known?.told ?? []), ...news.map(keyOf)].slice(-mostTold));
    // What else was written has taken them along, and is no reason to be slower with the next.
    const alone = mergePatch(withToldOf(after, before), after) === undefined;
    if (alone || news.length > 0)
      this.#records.set(key, {
        at: alone ? this.#clock.monotonic() : (known?.at ?? -Infinity),
        pauseMs: alone ? this.#pauseAfter(known) : (known?.pauseMs ?? firstPauseMs),
        told,
      });
    return news.slice(0, mostAtOnce);
  }

  /** The record is gone. */
  forget(key: string): void {
    this.#records.delete(key);
  }

  #pauseAfter(known: Telling | undefined): number {
    const quiet = known === undefined || this.#clock.monotonic() > known.at + 2 * known.pauseMs;
    return quiet ? firstPauseMs : Math.min(longestPauseMs, 2 * known.pauseMs);
  }
}
