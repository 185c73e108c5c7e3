import type { Resource } from '../api/object.ts';

/** Core and apps kinds that the engine reads or writes, whatever the mesh. */
export const namespaces: Resource = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
export const pods: Resource = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
export const services: Resource = { group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true };
export const budgets: Resource = { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', namespaced: true };

/** The kinds of workload that can be restarted. */
export const workloadResources: readonly Resource[] = [
  { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true },
  { group: 'apps', version: 'v1', kind: 'StatefulSet', plural: 'statefulsets', namespaced: true },
  { group: 'apps', version: 'v1', kind: 'DaemonSet', plural: 'daemonsets', namespaced: true },
];
