import type { Clock } from '../base/clock.ts';

/** What one gap between two looks counts at most: a process that was suspended has watched nothing meanwhile. */
const longestGapMs = 60_000;

interface Wait {
  readonly ms: number;
  /** The most that was reached so far. */
  readonly progress: number;
}

interface Looked {
  readonly at: number;
  readonly waits: ReadonlyMap<string, Wait>;
}

/** `NAME#PROGRESS`, as `deadline` in the engine writes it. */
function parse(wait: string): { readonly name: string; readonly progress: number } {
  const at = wait.lastIndexOf('#');
  return at < 0 ? { name: wait, progress: 0 } : { name: wait.slice(0, at), progress: Number(wait.slice(at + 1)) };
}

/**
 * How long this process has watched what its namespaces wait for, by its monotonic clock. It is lost with the process and meant
 * to be: time in which nobody looked, or nobody was allowed to act, is held against nobody.
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
    return (wait) => this.#standing(before, parse(wait), at).ms;
  }

  /** After that look: the waits in force. Any other is forgotten. */
  looked(key: string, waits: readonly string[]): void {
    const at = this.#clock.monotonic();
    const before = this.#looked.get(key);
    if (waits.length === 0) { this.#looked.delete(key); return; }
    this.#looked.set(key, { at, waits: new Map(waits.map(parse).map((wait) => [wait.name, this.#standing(before, wait, at)])) });
  }

  #standing(before: Looked | undefined, { name, progress }: { readonly name: string; readonly progress: number }, at: number): Wait {
    const known = before?.waits.get(name);
    if (before === undefined || known === undefined || progress > known.progress) return { ms: 0, progress };
    return { ms: known.ms + Math.min(at - before.at, longestGapMs), progress: known.progress };
  }
}
