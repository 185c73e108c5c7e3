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
 * are replaced). Capture follows the pod's creation, so a pod gets its deadline before it counts as a failure: one that is not
 * Ready yet, which says nothing about enrolment, the longer one of a restart.
 */
export function verifyStep(situation: Situation, status: NamespaceMigrationStatus, mode: Mode, name: string): Outcome {
  const { adapter, spec, surroundings } = situation;
  const began = status.steps?.find((step) => step.name === name)?.startedAt ?? timestamp(situation.now);
  const outside = concernedPods(situation).filter((pod) =>
    adapter.modeOf(pod) !== mode && (adapter.modeOf(pod) === 'Transitional' || whyNotRestartable(pod, surroundings.workloads) === undefined || mode === 'Ambient' && adapter.modeOf(pod) === 'None'));
  if (outside.length === 0) return { kind: 'Done' };
  const patience = (pod: PodView): string => (pod.ready ? spec.restart.enrolmentDeadline : spec.restart.progressDeadline);
  const due = (pod: PodView): number => Math.max(Date.parse(began), pod.readyChangedAt ?? 0) + durationMs(patience(pod));
  const late = outside.find((pod) => situation.now >= due(pod));
  if (late === undefined) return { kind: 'Wait', until: Math.min(...outside.map(due)), message: `waiting until every pod is in mode ${mode}` };
  const others = outside.length > 1 ? `, and so are ${outside.length - 1} others` : '';
  return { kind: 'Failed', reason: 'PodNotEnrolled', message: `pod ${late.name} is in mode ${adapter.modeOf(late)}, not ${mode}${others} after ${patience(late)}` };
}
