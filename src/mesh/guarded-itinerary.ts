import type { Itinerary, StepPlan, StepWork, Surroundings } from './adapter.ts';
import { guarded } from './guarded.ts';
import type { Manifest } from './manifest.ts';

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
