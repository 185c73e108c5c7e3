/*
 * What tenants write decides how long it takes to look at it. So the work of a look is counted, in steps that take about as long each, and
 * a look that would take more than it may is given up: counted rather than timed, so that the same policies always get the same answer.
 */

/** Thrown when a look has taken all its steps. Only `bounded` catches it: what was found until then says nothing. */
class EffortExceeded extends Error {
  override readonly name = 'EffortExceeded';
}

/** Whether an error is that: who guards against faults lets it through to whoever bounds the work. */
export function isEffortExceeded(error: unknown): boolean {
  return error instanceof EffortExceeded;
}

interface Effort {
  readonly limit: number;
  taken: number;
  /** What was remembered, and has been counted. */
  readonly recounted: WeakSet<object>;
}

function effortOf(limit: number): Effort {
  return { limit, taken: 0, recounted: new WeakSet() };
}

/**
 * What nobody bounds: whatever asks the adapter is bounded at the latest by `mostSteps` (`guarded.ts`), so no steps are
 * to be taken here.
 */
const unbounded = effortOf(Number.POSITIVE_INFINITY);

/** Of the work that is under way, which is never interrupted, so that there is one at a time. */
let effort = unbounded;

/** All steps that were taken, whoever bounds them. */
let total = 0;

/** Steps that were taken without a bound, since the process began: a test refuses them. */
export function stepsOfNobody(): number {
  return unbounded.taken;
}

/** All steps that were taken since the process began: a test compares them with what was read. */
export function stepsTaken(): number {
  return total;
}

/** Whether somebody bounds what is done now. */
export function isBounded(): boolean {
  return effort !== unbounded;
}

function take(steps: number): void {
  effort.taken += steps;
  if (effort.taken > effort.limit) throw new EffortExceeded(`more than ${effort.limit} steps`);
}

/** Counts steps, before they are taken. */
export function spend(steps: number): void {
  total += steps;
  take(steps);
}

/**
 * Does some work, and counts here too what parts of it take within steps of their own: many namespaces, of which each
 * may take as many as one, are too many.
 */
export function charged<T>(work: () => T): T {
  const [all, here] = [total, effort.taken];
  const value = work();
  take(total - all - (effort.taken - here));
  return value;
}

/** What came of some work, and the steps that it took. */
export type Bounded<T> =
  { readonly kind: 'Done'; readonly value: T; readonly steps: number } | { readonly kind: 'TooLarge' };

/** Does some work within a number of steps of its own. */
export function bounded<T>(limit: number, work: () => T): Bounded<T> {
  const around = effort;
  const own = effortOf(limit);
  effort = own;
  try {
    const value = work();
    // Whoever caught what ended the work on its way, and went on, has no answer either.
    return own.taken > limit ? { kind: 'TooLarge' } : { kind: 'Done', value, steps: own.taken };
  } catch (failure) {
    if (failure instanceof EffortExceeded) return { kind: 'TooLarge' };
    throw failure;
  } finally {
    effort = around;
  }
}

/** Something that was worked out, and the steps that it took. */
export interface Costed<T> {
  readonly value: T;
  readonly steps: number;
}

/** Does some work, so that its outcome can be remembered. */
export function costed<T>(work: () => T): Costed<T> {
  const before = effort.taken;
  const done = { value: work(), steps: effort.taken - before };
  effort.recounted.add(done);
  return done;
}

/**
 * Counts what was remembered from another look like what is worked out in this one: what a look says must not depend on
 * what was looked at before.
 */
export function recount<T>(known: Costed<T>): T {
  if (!effort.recounted.has(known)) {
    effort.recounted.add(known);
    spend(known.steps);
  }
  return known.value;
}
