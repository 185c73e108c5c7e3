/**
 * The longest pause between two attempts at the same, and for how long at least it is said that something does not
 * last.
 */
export const longestPauseMs = 60_000;

/** What has lasted for so long is another matter when it is undone once more. GitOps tools look every few minutes. */
export const forgetMs = 15 * 60_000;

/** So often in a row the same is written at once: whoever changed it back has settled it perhaps. */
export const freely = 3;

const firstPauseMs = 1000;

/**
 * How long after it was written so many times without having lasted the same may be written once more: longer from time
 * to time, never for good.
 */
export function pauseAfter(times: number): number {
  return times < freely ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(times - freely, 10));
}
