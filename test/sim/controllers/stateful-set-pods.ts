import { statefulSets } from './kinds.ts';
import { podFromTemplate } from './pod-template.ts';
import type { Pod } from './pod-types.ts';
import { isAvailable, isReady, isTerminating } from './pods.ts';
import { revisionHashLabel, templateOf } from './revisions.ts';
import type { ControllerRevision, StatefulSet } from './workload-types.ts';

/** The two templates that the pods of a StatefulSet may have during an update. */
export interface Revisions {
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
}

/** One place of a StatefulSet and the pod that holds it, if there is one. */
export interface Replica {
  readonly ordinal: number;
  readonly pod: Pod | undefined;
}

/** The number at the end of the name; -1 for a pod that is not the set's (getOrdinal). */
export function ordinalOf(set: StatefulSet, pod: Pod): number {
  const prefix = `${set.metadata.name}-`;
  const suffix = pod.metadata.name.startsWith(prefix) ? pod.metadata.name.slice(prefix.length) : '';
  return /^\d+$/.test(suffix) ? Number(suffix) : -1;
}

/** The first ordinal (`spec.ordinals.start`). */
export function startOf(set: StatefulSet): number {
  return set.spec.ordinals?.start ?? 0;
}

/** The places that should be filled, in ascending order, and the pods beyond them, in descending order. */
export function partition(
  set: StatefulSet,
  pods: readonly Pod[],
): { readonly replicas: readonly Replica[]; readonly condemned: readonly Pod[] } {
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const start = startOf(set);
  const replicas = Array.from({ length: set.spec.replicas }, (_, index) => ({
    ordinal: start + index,
    pod: byOrdinal.get(start + index),
  }));
  const condemned = pods.filter((pod) => {
    const ordinal = ordinalOf(set, pod);
    return ordinal >= 0 && (ordinal < start || ordinal >= start + set.spec.replicas);
  });
  return { replicas, condemned: condemned.sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a)) };
}

/** The name of the revision that the pod was made from. */
export function podRevision(pod: Pod): string {
  return pod.metadata.labels?.[revisionHashLabel] ?? '';
}

/** Running and ready. */
export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isReady(pod);
}

/** Not available, or about to go (isUnavailable). */
export function isUnavailable(pod: Pod | undefined, minReadySeconds: number, now: number): boolean {
  return pod === undefined || !isAvailable(pod, minReadySeconds, now) || isTerminating(pod);
}

/**
 * A new pod for a place: below the partition still of the current revision, else of the update revision
 * (newVersionedStatefulSetPod).
 */
export function newPod(set: StatefulSet, { current, update }: Revisions, ordinal: number): Pod {
  const kept = set.spec.updateStrategy.rollingUpdate?.partition ?? 0;
  const revision = ordinal < startOf(set) + kept ? current : update;
  const name = `${set.metadata.name}-${String(ordinal)}`;
  const pod = podFromTemplate(templateOf(revision), statefulSets, set, name);
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata.labels,
        [revisionHashLabel]: revision.metadata.name,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
      },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(set.spec.serviceName === undefined ? {} : { subdomain: set.spec.serviceName }),
    },
  };
}
