import type { PodCounts, Mode } from '../api/common.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { timestamp } from '../base/clock.ts';
import { durationMs } from '../base/duration.ts';
import { whyNotRestartable } from '../mesh/restartable.ts';
import type { PodView } from '../mesh/views.ts';
import type { Outcome, Situation } from './situation.ts';

/** Pods that a data plane takes and that are not on their way out. */
export function concernedPods({ adapter, surroundings }: Situation): readonly PodView[] {
  return surroundings.pods.filter((pod) => adapter.concerns(pod) && !pod.terminating);
}

/** Pods by mode, as the status shows them. */
export function countPods(situation: Situation): PodCounts {
  const counts: Record<Mode, number> = { Sidecar: 0, Ambient: 0, None: 0, Transitional: 0 };
  for (const pod of concernedPods(situation)) counts[situation.adapter.modeOf(pod)] += 1;
  return { sidecar: counts.Sidecar, ambient: counts.Ambient, none: counts.None, transitional: counts.Transitional };
}

/**
 * A Verify step: every pod is in the mode, except those that nobody can restart (reported as MM053, they join when they
 * are replaced). Capture follows the pod's creation, so a pod gets its deadline before it counts as a failure.
 */
export function verifyStep(situation: Situation, status: NamespaceMigrationStatus, mode: Mode, name: string): Outcome {
  const { adapter, spec, surroundings } = situation;
  const began = status.steps?.find((step) => step.name === name)?.startedAt ?? timestamp(situation.now);
  const outside = concernedPods(situation).filter((pod) =>
    adapter.modeOf(pod) !== mode && (adapter.modeOf(pod) === 'Transitional' || whyNotRestartable(pod, surroundings.workloads) === undefined || mode === 'Ambient' && adapter.modeOf(pod) === 'None'));
  const [first] = outside;
  if (first === undefined) return { kind: 'Done' };
  const until = Math.max(Date.parse(began), ...outside.map((pod) => pod.readyChangedAt ?? 0)) + durationMs(spec.restart.enrolmentDeadline);
  const message = `pod ${first.name} is in mode ${adapter.modeOf(first)}, not ${mode}${outside.length > 1 ? `, and so are ${outside.length - 1} others` : ''}`;
  if (situation.now >= until) return { kind: 'Failed', reason: 'PodNotEnrolled', message: `${message} after ${spec.restart.enrolmentDeadline}` };
  return { kind: 'Wait', until, message: `waiting until every pod is in mode ${mode}` };
}
