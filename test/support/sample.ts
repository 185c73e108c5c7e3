/** What is left of samples; jest.environment.mjs knows, and says when. */
interface Sample {
  /** No more than so many become one. */
  readonly most: number;
  /** Where to begin. */
  readonly from: number;
}

function sample(): Sample {
  return (globalThis as { readonly sample?: Sample }).sample ?? { most: 1, from: 0 };
}

/** Whether more than a bare run is wanted: what takes longest is left out of that altogether. */
export function isThorough(): boolean {
  return sample().most !== Infinity;
}

/**
 * One case in so many, always the same ones, beginning with that at `from`; more of them, or all, where that is asked
 * for (docs/testing.md).
 */
export function oneIn<T>(share: number, cases: readonly T[], from = 0): readonly T[] {
  const { most, from: first } = sample();
  const each = Math.min(share, most);
  return cases.filter((_, index) => index % each === (from + first) % each);
}

/** How often to try what is drawn by chance. */
export function times(share: number, all: number): number {
  return Math.ceil(all / Math.min(share, sample().most));
}
