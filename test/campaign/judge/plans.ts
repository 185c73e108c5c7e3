/** From when to when something was so. */
interface Stretch {
  readonly from: number;
  /** Infinity while it is so. */
  readonly until: number;
}

/** How long a plan is shown at most that is another one already, while nothing keeps the operator from working. */
const lagMs = 5000;

/** For how long what is shown may have been found out before. */
const workMs = 5000;
const workInTroubleMs = 75_000;

/** What was so when. */
class Log {
  readonly #stretches = new Map<string, readonly Stretch[]>();

  /** From now on these are so, and nothing else. */
  note(are: ReadonlySet<string>, now: number): void {
    for (const [what, all] of this.#stretches) {
      const last = all.at(-1);
      if (last?.until === Infinity && !are.has(what)) this.#stretches.set(what, all.with(-1, { ...last, until: now }));
    }
    for (const what of are) {
      const all = this.#stretches.get(what) ?? [];
      if (all.at(-1)?.until !== Infinity) this.#stretches.set(what, [...all, { from: now, until: Infinity }]);
    }
  }

  of(what: string): readonly Stretch[] {
    return this.#stretches.get(what) ?? [];
  }

  /** Everything that was so at any time from a moment on. */
  since(moment: number): readonly string[] {
    return [...this.#stretches].filter(([, all]) => all.some(({ until }) => until >= moment)).map(([what]) => what);
  }
}

/**
 * The plans of one namespace: the hashes that were shown for it, and what its owner stated meanwhile. A hash stands for
 * what was stated when it was first shown, and for whatever was stated for a while later and changed nothing of it.
 */
export class Plans {
  readonly #shown = new Log();
  readonly #stated = new Log();
  /** Moments at which something was first shown while something kept the operator from working. */
  readonly #troubled = new Set<number>();

  show(hashes: ReadonlySet<string>, now: number, isTroubled: boolean): void {
    this.#shown.note(hashes, now);
    if (isTroubled) this.#troubled.add(now);
  }

  /** What its owner states is this from now on. */
  state(text: string, now: number): void {
    this.#stated.note(new Set([text]), now);
  }

  /** Whether a hash was ever shown for it. */
  wasShown(hash: string): boolean {
    return this.#shown.of(hash).length > 0;
  }

  /** Whether a hash was shown for anything that its owner stated at some time from a moment on. */
  covers(hash: string, moment: number): boolean {
    const shown = this.#shown.of(hash);
    return this.#stated
      .since(moment)
      .some((text) => this.#stated.of(text).some((stated) => shown.some((each) => this.#isFor(each, stated))));
  }

  #isFor(shown: Stretch, stated: Stretch): boolean {
    const before = this.#troubled.has(shown.from) ? workInTroubleMs : workMs;
    if (stated.from <= shown.from) return stated.until >= shown.from - before;
    return Math.min(shown.until, stated.until) - stated.from > lagMs;
  }
}
