import { timestamp } from '../../../src/base/clock.ts';
import type { Condition, Pod } from './pod-types.ts';

const phaseOrder = { Pending: 0, Running: 2, Succeeded: 1, Failed: 1 } as const;

/** The condition of a type, if present. */
export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** podutil.IsPodReady. */
export function isReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, 'Ready')?.status === 'True';
}

/** podutil.IsPodAvailable: ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod)) return false;
  return minReadySeconds === 0 || readySince(pod) + minReadySeconds * 1000 <= now;
}

/** How long until a ready pod becomes available; undefined when no ready pod waits for that. */
export function nextAvailability(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  const waiting = pods.filter((pod) => isReady(pod) && !isAvailable(pod, minReadySeconds, now));
  if (waiting.length === 0) return undefined;
  return Math.min(...waiting.map((pod) => readySince(pod) + minReadySeconds * 1000 - now));
}

/** Whether the pod is being deleted. */
export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Whether the pod has ended and will not run again. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** controller.IsPodActive: neither ended nor being deleted. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isTerminating(pod);
}

/**
 * The order in which a ReplicaSet gives pods up (controller.ActivePodsWithRanks, without deletion cost and restart
 * counts): unassigned, pending and not ready first, then those that share a node with most others, then the youngest.
 * Upstream compares ages by powers of two and breaks ties by uid; ages here rarely span that far, so the younger one
 * goes and the uid breaks ties.
 */
export function byDeletionPreference(related: readonly Pod[]): (a: Pod, b: Pod) => number {
  const perNode = new Map<string, number>();
  for (const pod of related) {
    if (isActive(pod)) perNode.set(pod.spec.nodeName ?? '', (perNode.get(pod.spec.nodeName ?? '') ?? 0) + 1);
  }
  const rank = (pod: Pod): number => perNode.get(pod.spec.nodeName ?? '') ?? 0;
  return (a, b) =>
    Number(a.spec.nodeName !== undefined) - Number(b.spec.nodeName !== undefined) ||
    phaseOrder[a.status?.phase ?? 'Pending'] - phaseOrder[b.status?.phase ?? 'Pending'] ||
    Number(isReady(a)) - Number(isReady(b)) ||
    rank(b) - rank(a) ||
    readySince(b) - readySince(a) ||
    createdAt(b) - createdAt(a) ||
    ((a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1);
}

/** Oldest first, as controllers keep the oldest of several. */
export function byAge(a: Pod, b: Pod): number {
  return createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

/** The conditions with one of them set; its transition time changes only with its status. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Condition,
  now: number,
): readonly Condition[] {
  const current = conditionOf(conditions, next.type);
  const unchanged = current?.status === next.status;
  const lastTransitionTime =
    unchanged && current.lastTransitionTime !== undefined ? current.lastTransitionTime : timestamp(now);
  const updated = { ...next, lastTransitionTime };
  if (current === undefined) return [...(conditions ?? []), updated];
  return (conditions ?? []).map((condition) => (condition === current ? updated : condition));
}

function readySince(pod: Pod): number {
  return Date.parse(conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime ?? '') || 0;
}

function createdAt(pod: Pod): number {
  return Date.parse(pod.metadata.creationTimestamp ?? '') || 0;
}
