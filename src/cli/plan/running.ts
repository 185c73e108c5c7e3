import type { Surroundings } from '../../mesh/adapter.ts';

/** Checks of the gateways of the namespace, which are no workloads to whoever reads manifests. */
export const askedOfGateways: readonly string[] = ['MM138'];

/** Checks of what runs, or will: a Job runs once, and nobody knows when. */
export const askedOfRunning: readonly string[] = ['MM050', 'MM061'];

/** What makes pods that run at times, and end by themselves. */
const atTimes: readonly (string | undefined)[] = ['Job', 'CronJob'];

/** With the pods that run, or will, as far as manifests tell. */
export function running(surroundings: Surroundings): Surroundings {
  const { pods, otherTemplates } = surroundings;
  return {
    ...surroundings,
    pods: pods.filter(({ uid, owner }) => uid !== '' || !atTimes.includes(owner?.kind)),
    otherTemplates: otherTemplates.filter(({ kind }) => kind !== 'Job'),
  };
}
