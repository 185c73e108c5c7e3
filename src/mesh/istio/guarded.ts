import type { Itinerary, StepPlan, StepWork, Surroundings } from '../adapter.ts';
import { internalErrorFix, internalErrorId, internalErrorIn } from '../internal-error.ts';
import type { Manifest } from '../manifest.ts';
import type { Hold } from '../others.ts';
import { bounded, isBounded, isEffortExceeded } from '../../base/effort.ts';
import { mostSteps } from '../effort-limits.ts';
import { found, type Found, type Rule } from './findings/rule.ts';

/**
 * Runs what may meet an object of a shape that nobody expected. A fault of ours is told and costs the namespace that is
 * looked at its turn, never the process or another namespace; and so does what takes more steps than a look may.
 * `otherwise` gets a sentence without a word of the object.
 */
export function guarded<T>(
  surroundings: Surroundings,
  where: string,
  work: () => T,
  otherwise: (message: string) => T,
): T {
  if (isBounded()) return attempted(surroundings, where, work, otherwise);
  const done = bounded(mostSteps, () => attempted(surroundings, where, work, otherwise));
  return done.kind === 'Done' ? done.value : otherwise(`${where} takes more steps than one look may take`);
}

function attempted<T>(surroundings: Surroundings, where: string, work: () => T, otherwise: (message: string) => T): T {
  try {
    return work();
  } catch (error) {
    if (isEffortExceeded(error)) throw error;
    surroundings.onFault?.(where, error);
    return otherwise(internalErrorIn(where));
  }
}

/** A check that failed itself: what was not checked holds. The object that it stumbled over may be anybody's. */
function faultIn({ namespace }: Surroundings, message: string): Found {
  return {
    finding: {
      id: internalErrorId,
      severity: 'Critical',
      object: `Namespace ${namespace.name}`,
      message,
      fix: internalErrorFix,
    },
    others: 'Protects',
  };
}

/** The same, where it keeps something from being done. */
export function heldByFault(surroundings: Surroundings, message: string): Hold {
  return { finding: faultIn(surroundings, message).finding, others: true };
}

/** A rule that never says more than a warning, and has taken all steps that a look may: nobody is held by that. */
function notJudged(rule: Rule, surroundings: Surroundings): readonly Found[] {
  const object = `Namespace ${surroundings.namespace.name}`;
  const message = `not judged: rule ${rule.id} takes more steps than one look may take`;
  return found({ ...rule, find: () => [{ object, message }] }, surroundings);
}

/**
 * The findings of a rule; if it fails, that: what was not checked blocks. The object that it stumbled over may be
 * anybody's, so it counts as one of others: once a namespace is started it holds it where it is, and takes it nowhere.
 */
export function foundGuarded(rule: Rule, surroundings: Surroundings): readonly Found[] {
  if (rule.severity === 'Critical' || isBounded()) return foundOrFault(rule, surroundings);
  const done = bounded(mostSteps, () => foundOrFault(rule, surroundings));
  return done.kind === 'Done' ? done.value : notJudged(rule, surroundings);
}

function foundOrFault(rule: Rule, surroundings: Surroundings): readonly Found[] {
  return guarded<readonly Found[]>(
    surroundings,
    `rule ${rule.id}`,
    () => found(rule, surroundings),
    (message) => [faultIn(surroundings, message)],
  );
}

/** What is there stays as it is: of what cannot be computed nobody knows whether it is superfluous. */
function guardedApply(
  { objects, possible, orphans, withheld, stays, ...work }: Extract<StepWork, { kind: 'Apply' }>,
  where: string,
): StepWork {
  return {
    ...work,
    objects: (surroundings) =>
      guarded<ReturnType<typeof objects>>(
        surroundings,
        where,
        () => objects(surroundings),
        (message) => message,
      ),
    ...(possible && {
      possible: (surroundings) =>
        guarded<readonly Manifest[]>(
          surroundings,
          where,
          () => possible(surroundings),
          () => [],
        ),
    }),
    ...(orphans && {
      orphans: (surroundings) =>
        guarded<ReturnType<typeof orphans>>(
          surroundings,
          where,
          () => orphans(surroundings),
          () => [],
        ),
    }),
    ...(withheld && {
      withheld: (surroundings) =>
        guarded<readonly string[]>(
          surroundings,
          where,
          () => withheld(surroundings),
          () => [],
        ),
    }),
    ...(stays && {
      stays: (surroundings, seen, wanted) =>
        guarded(
          surroundings,
          where,
          () => stays(surroundings, seen, wanted),
          () => true,
        ),
    }),
  };
}

function guardedWork(work: StepWork, where: string): StepWork {
  if (work.kind === 'Apply') return guardedApply(work, where);
  if (work.kind === 'BindServices') {
    const { services } = work;
    return {
      ...work,
      services: (surroundings) =>
        guarded<ReturnType<typeof services>>(
          surroundings,
          where,
          () => services(surroundings),
          (message) => message,
        ),
    };
  }
  if (work.kind !== 'Restart' || work.order === undefined) return work;
  const { order } = work;
  return {
    ...work,
    order: (surroundings) =>
      guarded(
        surroundings,
        where,
        () => order(surroundings),
        () => surroundings.workloads,
      ),
  };
}

/**
 * A gate that cannot be asked is closed, on both ways: on the way back too it keeps closed what a copy decides about.
 */
function guardedStep(step: StepPlan, isBackward: boolean): StepPlan {
  const { name, gate, relies, scales, awaits, settled } = step;
  const where = `step ${name}`;
  return {
    ...step,
    work: guardedWork(step.work, where),
    ...(gate && {
      gate: (surroundings) =>
        guarded(
          surroundings,
          where,
          () => gate(surroundings),
          (message) => message,
        ),
    }),
    ...(relies && {
      relies: (surroundings) =>
        guarded<ReturnType<typeof relies>>(
          surroundings,
          where,
          () => relies(surroundings),
          (message) => ({ message }),
        ),
    }),
    ...(scales && {
      scales: (surroundings) =>
        guarded(
          surroundings,
          where,
          () => scales(surroundings),
          () => undefined,
        ),
    }),
    // The way back waits for nobody whom it cannot name: it would never end.
    ...(awaits && {
      awaits: (surroundings) =>
        guarded(
          surroundings,
          where,
          () => awaits(surroundings),
          (message) => (isBackward ? undefined : { message, stuck: true }),
        ),
    }),
    ...(typeof settled === 'function' && {
      settled: (surroundings: Surroundings) =>
        guarded(
          surroundings,
          where,
          () => settled(surroundings),
          () => true,
        ),
    }),
  };
}

/** The same steps, none of which can throw. */
export function guardedItinerary({ forward, backward }: Itinerary): Itinerary {
  return {
    forward: forward.map((step) => guardedStep(step, false)),
    backward: backward.map((step) => guardedStep(step, true)),
  };
}
