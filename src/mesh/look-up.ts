import { memoize } from '../base/memoize.ts';
import type { ConfigView, OwnerView, PodView, WorkloadView } from './views.ts';

/*
 * Who owns which pod, and what has which name, is looked up: to compare each pod with each workload would take as long as both lists together are large, and several
 * checks ask that in each look.
 */

function keyOf({ kind, name }: OwnerView): string {
  return `${kind} ${name}`;
}

const byKey = memoize((workloads: readonly WorkloadView[]): ReadonlyMap<string, WorkloadView> => {
  const found = new Map<string, WorkloadView>();
  for (const workload of workloads) if (!found.has(keyOf(workload))) found.set(keyOf(workload), workload);
  return found;
});

/** The first of some workloads that owns a pod. */
export function workloadOf({ owner }: PodView, workloads: readonly WorkloadView[]): WorkloadView | undefined {
  return owner && byKey(workloads).get(keyOf(owner));
}

const byOwner = memoize((pods: readonly PodView[]): ReadonlyMap<string, readonly PodView[]> =>
  Map.groupBy(
    pods.filter(({ owner }) => owner !== undefined),
    ({ owner }) => (owner === undefined ? '' : keyOf(owner)),
  ),
);

const none: readonly PodView[] = [];

/** Those of some pods that something owns, in their order. */
export function podsOwnedBy(owner: OwnerView, pods: readonly PodView[]): readonly PodView[] {
  return byOwner(pods).get(keyOf(owner)) ?? none;
}

const byName = memoize(
  (configs: readonly ConfigView[]): ReadonlyMap<string, ConfigView> =>
    new Map(configs.toReversed().map((config) => [config.name, config])),
);

/** The object of a name among those of one kind and namespace. */
export function configByName(configs: readonly ConfigView[], name: string): ConfigView | undefined {
  return byName(configs).get(name);
}
