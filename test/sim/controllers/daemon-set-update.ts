import { scaledValue } from './int-or-percent.ts';
import { isAvailable, isTerminating } from './pods.ts';
import type { Pod } from './pod-types.ts';
import { revisionHashLabel } from './revisions.ts';
import type { DaemonSet } from './workload-types.ts';

/** The pods of a DaemonSet by node, oldest first; every node that should run one is a key. */
export type NodePods = ReadonlyMap<string, readonly Pod[]>;

/** What a rolling update wants changed now. */
export interface UpdateStep {
  readonly remove: readonly Pod[];
  /** Nodes that get a second pod. */
  readonly surge: readonly string[];
}

interface Pair {
  readonly node: string;
  readonly updated: readonly Pod[];
  readonly outdated: readonly Pod[];
}

/** The surge that is allowed; with `maxSurge: 0` (the default) pods are deleted before they are replaced. */
export function maxSurgeOf(set: DaemonSet, desired: number): number {
  return scaledValue(set.spec.updateStrategy.rollingUpdate?.maxSurge ?? 0, desired, 'up');
}

/**
 * One step of a rolling update (pkg/controller/daemon/update.go of Kubernetes 1.36). Node changes during a surge are
 * not modelled.
 */
export function updateStep(set: DaemonSet, nodes: NodePods, desired: number, hash: string, now: number): UpdateStep {
  const available = (pod: Pod): boolean => isAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  const pairs = [...nodes].map(([node, all]): Pair => {
    const pods = all.filter((pod) => !isTerminating(pod));
    return {
      node,
      updated: pods.filter((pod) => hasHash(pod, hash)),
      outdated: pods.filter((pod) => !hasHash(pod, hash)),
    };
  });
  const surge = maxSurgeOf(set, desired);
  if (surge > 0) return surgeStep(pairs, surge, available);
  const unavailable = scaledValue(set.spec.updateStrategy.rollingUpdate?.maxUnavailable ?? 1, desired, 'up');
  return { remove: replaceStep(pairs, Math.max(unavailable, 1), available), surge: [] };
}

/** Whether the pod was made from the template with this hash. */
export function hasHash(pod: Pod, hash: string): boolean {
  return pod.metadata.labels?.[revisionHashLabel] === hash;
}

/**
 * Outdated pods that do not serve go at once; of those that do, as many as keep the unavailable ones within the limit.
 */
function replaceStep(pairs: readonly Pair[], limit: number, available: (pod: Pod) => boolean): readonly Pod[] {
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { updated, outdated } of pairs) {
    const [only, ...more] = [...updated, ...outdated];
    if (only === undefined || more.length > 0) unavailable += 1;
    else if (updated.length > 0) unavailable += available(only) ? 0 : 1;
    else if (available(only)) candidates.push(only);
    else {
      broken.push(only);
      unavailable += 1;
    }
  }
  return [...broken, ...candidates.slice(0, Math.max(limit - unavailable, 0))];
}

/** New pods start beside outdated ones, within the surge, and replace them once available. */
function surgeStep(pairs: readonly Pair[], limit: number, available: (pod: Pod) => boolean): UpdateStep {
  const remove: Pod[] = [];
  const broken: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  for (const { node, updated, outdated } of pairs) {
    const [fresh] = updated;
    const [old] = outdated;
    if (updated.length > 1 || outdated.length > 1) surging += 1;
    else if (old === undefined) continue;
    else if (fresh === undefined) (available(old) ? candidates : broken).push(node);
    else if (available(fresh)) remove.push(old);
    else surging += 1;
  }
  return { remove, surge: [...broken, ...candidates.slice(0, Math.max(limit - surging, 0))] };
}
