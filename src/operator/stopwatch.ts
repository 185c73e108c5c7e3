import type { Clock } from '../base/clock.ts';
import { isKept, standing, type Kept } from '../engine/waits.ts';

/** What one gap between two looks counts at most: a process that was suspended has watched nothing meanwhile. */
const longestGapMs = 60_000;

/** What a gap counts at most after a look that had something else to do: more than that may have been spent on it. */
const longestDetourMs = 1000;

interface Wait {
  readonly ms: number;
  /** The most that was reached so far. */
  readonly progress: number;
  /** What the gap after the last look counts. */
  readonly counts: Counts;
}

/** `Short`: the last look had no occasion to ask about it. `Nothing`: it said that it stands still. */
type Counts = 'All' | 'Short' | 'Nothing';

interface Looked {
  readonly at: number;
  readonly waits: ReadonlyMap<string, Wait>;
}

/** `NAME#PROGRESS`, as `deadline` in the engine writes it. */
function parse(wait: string): { readonly name: string; readonly progress: number } {
  const at = wait.lastIndexOf('#');
  return at < 0 ? { name: wait, progress: 0 } : { name: wait.slice(0, at), progress: Number(wait.slice(at + 1)) };
}

/** A wait as a look names it. */
function named(wait: string): { readonly name: string; readonly progress: number; readonly counts: Counts } {
  const name = standing(wait);
  return name === undefined ? { ...parse(wait), counts: 'All' } : { ...parse(name), counts: 'Nothing' };
}

function counted(gap: number, counts: Counts): number {
  if (counts === 'Nothing' || (counts === 'Short' && gap > longestDetourMs)) return 0;
  return Math.min(gap, longestGapMs);
}

/**
 * How long this process has watched what its namespaces wait for, by its monotonic clock. It is lost with the process
 * and meant to be: time in which nobody looked, or nobody was allowed to act, is held against nobody.
 */
export class Stopwatch {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #looked = new Map<string, Looked>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** For one look: milliseconds for which each look so far has named this wait without more progress than before. */
  read(key: string): (wait: string) => number {
    const at = this.#clock.monotonic();
    const before = this.#looked.get(key);
    return (wait) => this.#reached(before, parse(wait), at).ms;
  }

  /** Names of the waits in force. */
  names(key: string): readonly string[] {
    return [...(this.#looked.get(key)?.waits.keys() ?? [])];
  }

  /** After that look: the waits in force. Any other is forgotten, unless the look had no occasion to ask about it. */
  looked(key: string, waits: readonly string[], kept?: Kept): void {
    const at = this.#clock.monotonic();
    const before = this.#looked.get(key);
    const counts: Counts = kept?.still === true ? 'Nothing' : 'Short';
    const others =
      kept === undefined
        ? []
        : [...(before?.waits ?? [])]
            .filter(([name]) => isKept(kept, name))
            .map(([name, { progress }]) => ({ name, progress, counts }));
    const all = [...others, ...waits.map(named)];
    if (all.length === 0) {
      this.#looked.delete(key);
      return;
    }
    this.#looked.set(key, {
      at,
      waits: new Map(all.map((wait) => [wait.name, { ...this.#reached(before, wait, at), counts: wait.counts }])),
    });
  }

  /**
   * Somebody has made it anew of whom it was told: what is waited for is there as it was. Nobody looked in between, so
   * that time counts for none, and what has to hold without a break begins anew.
   */
  anew(key: string): void {
    this.looked(key, [], { except: [], still: true });
  }

  /** What was waited for is gone, or another one. */
  forget(key: string): void {
    this.#looked.delete(key);
  }

  #reached(
    before: Looked | undefined,
    { name, progress }: { readonly name: string; readonly progress: number },
    at: number,
  ): Omit<Wait, 'counts'> {
    const known = before?.waits.get(name);
    if (before === undefined || known === undefined || progress > known.progress) return { ms: 0, progress };
    return { ms: known.ms + counted(at - before.at, known.counts), progress: known.progress };
  }
}
