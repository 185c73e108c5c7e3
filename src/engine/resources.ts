import type { Resource } from '../api/object.ts';

/** Core and apps kinds that the engine reads or writes, whatever the mesh. */
export const namespaces: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};
export const pods: Resource = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
export const services: Resource = { group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true };
export const budgets: Resource = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
};

/**
 * Kinds that make pods without being workloads: what these will be is known between two runs too. Jobs are not among
 * them: they come by the thousand and have their pod at once; one that is suspended from the start is seen when its pod
 * comes.
 */
export const templateResources: readonly Resource[] = [
  { group: 'batch', version: 'v1', kind: 'CronJob', plural: 'cronjobs', namespaced: true },
];

/** The kinds of workload that can be restarted. */
export const workloadResources: readonly Resource[] = [
  { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true },
  { group: 'apps', version: 'v1', kind: 'StatefulSet', plural: 'statefulsets', namespaced: true },
  { group: 'apps', version: 'v1', kind: 'DaemonSet', plural: 'daemonsets', namespaced: true },
];
