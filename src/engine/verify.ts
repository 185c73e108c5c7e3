import { least } from '../base/lists.ts';
import type { PodCounts, Mode } from '../api/common.ts';
import { durationMs } from '../base/duration.ts';
import type { StepWork } from '../mesh/adapter.ts';
import { whyNotRestartable } from '../mesh/restartable.ts';
import type { PodView } from '../mesh/views.ts';
import { lastOnesEnded } from './left.ts';
import type { Outcome, Situation } from './situation.ts';
import { deadline, type Deadline } from './waits.ts';
import { concernedPods } from './concerned.ts';

/** Pods by mode, as the status shows them. */
export function countPods(situation: Situation): PodCounts {
  const counts: Record<Mode, number> = { Sidecar: 0, Ambient: 0, None: 0, Transitional: 0 };
  for (const pod of concernedPods(situation)) counts[situation.adapter.modeOf(pod)] += 1;
  return { sidecar: counts.Sidecar, ambient: counts.Ambient, none: counts.None, transitional: counts.Transitional };
}

/**
 * How long a pod may still be outside its mode. Capture follows the pod's creation, so one that is Ready gets the
 * deadline for enrolment; one that is not, which says nothing about enrolment, that of a restart besides. A pod that is
 * Ready now and then gets both once.
 */
export function patience(situation: Situation, pod: PodView, name: string): Deadline & { readonly allowed: string } {
  const { enrolmentDeadline, progressDeadline } = situation.spec.restart;
  const whole = deadline(
    situation,
    `${name} of pod ${pod.uid}`,
    durationMs(progressDeadline) + (pod.ready ? durationMs(enrolmentDeadline) : 0),
  );
  if (!pod.ready) return { ...whole, allowed: progressDeadline };
  const enrolled = deadline(situation, `${name} of Ready pod ${pod.uid}`, durationMs(enrolmentDeadline));
  return {
    over: whole.over || enrolled.over,
    until: Math.min(whole.until, enrolled.until),
    allowed: enrolmentDeadline,
  };
}

/** Why it may be in no mode: in the words of Kubernetes, as far as these are known. */
function notReady({ ready, trouble }: PodView): string {
  return ready ? '' : `not Ready${trouble === undefined ? '' : ` (${trouble})`} and `;
}

type VerifyWork = Extract<StepWork, { kind: 'Verify' }>;

/**
 * A Verify step: every pod is in the mode, except those that nobody can restart (the namespace is Incomplete until they
 * are replaced), or their time is over; and the last ones of the other data plane have ended.
 */
export function verifyStep(situation: Situation, work: VerifyWork, name: string): Outcome {
  const { mode, leaves } = work;
  const { adapter, surroundings, spec } = situation;
  const captures = [spec.from, spec.to].some((plane) => adapter.modeFor(plane) === mode && adapter.captures(plane));
  const outside = concernedPods(situation).filter(
    (pod) =>
      adapter.modeOf(pod) !== mode &&
      leaves?.(pod, surroundings) !== true &&
      (adapter.modeOf(pod) === 'Transitional' ||
        whyNotRestartable(pod, surroundings.workloads) === undefined ||
        (captures && adapter.modeOf(pod) === 'None')),
  );
  if (outside.length === 0) return lastOnesEnded(situation, mode, name);
  const standing = outside.map((pod) => ({ pod, ...patience(situation, pod, name) }));
  const [late] = standing.filter(({ over }) => over).sort((a, b) => Number(a.pod.ready) - Number(b.pod.ready));
  if (late === undefined)
    return {
      kind: 'Wait',
      until: least(standing.map(({ until }) => until)),
      message: `waiting until every pod is in mode ${mode}`,
    };
  const others =
    outside.length > 1 ? `, and so ${outside.length === 2 ? 'is 1 other' : `are ${outside.length - 1} others`}` : '';
  return {
    kind: 'Failed',
    reason: 'PodNotEnrolled',
    message: `pod ${late.pod.name} is ${notReady(late.pod)}in mode ${adapter.modeOf(late.pod)}, not ${mode}${others} after ${late.allowed}`,
  };
}
