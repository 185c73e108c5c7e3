/** Whether each case is run; jest.environment.mjs knows, and says when. */
export function everyCase(): boolean {
  return (globalThis as { readonly everyCase?: boolean }).everyCase ?? true;
}

/**
 * One case in so many, always the same ones, beginning with that at `from`; all of them where each case is run
 * (docs/testing.md).
 */
export function oneIn<T>(share: number, cases: readonly T[], from = 0): readonly T[] {
  return everyCase() ? cases : cases.filter((_, index) => index % share === from % share);
}

/** How often to try what is drawn by chance. */
export function times(share: number, all: number): number {
  return everyCase() ? all : Math.ceil(all / share);
}
