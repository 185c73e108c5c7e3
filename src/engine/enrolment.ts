import type { WorkloadRecord } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import type { PodView } from '../mesh/views.ts';
import type { Outcome } from './situation.ts';
import { isResult, valueOf, type Turn } from './turn.ts';
import { deadline } from './waits.ts';

/**
 * A pod of this restart that is Ready but in no mesh, past its deadline; or the deadline of the first one that may still
 * make it. One of before waits for its turn, however long the others take: of that the rollout's own deadline judges.
 */
function enrolment(turn: Turn, record: WorkloadRecord): { readonly late?: PodView; readonly until: number } {
  const { situation, pods } = turn;
  const value = valueOf(turn);
  const allowed = durationMs(situation.spec.restart.enrolmentDeadline);
  const target = situation.adapter.modeFor(situation.spec.to);
  let until = Infinity;
  for (const pod of pods) {
    const mode = situation.adapter.modeOf(pod);
    if (!pod.ready || mode === target || (mode !== 'None' && mode !== 'Transitional')) continue;
    if (!isResult(turn, record, pod, value)) continue;
    const due = deadline(situation, `enrolment of pod ${pod.uid}`, allowed);
    if (due.over) return { late: pod, until };
    until = Math.min(due.until, until);
  }
  return { until };
}

/** Fails for a pod that is Ready in no mesh for too long; else when the first one will be late. */
export function notEnrolled(turn: Turn, record: WorkloadRecord): { readonly failed?: Outcome; readonly until: number } {
  if (turn.step.name !== 'RestartWorkloads') return { until: Infinity };
  const { late, until } = enrolment(turn, record);
  if (late === undefined) return { until };
  const { adapter, spec } = turn.situation;
  const { kind, name } = turn.workload;
  const message = `pod ${late.name} of ${kind} ${name} is Ready but still ${adapter.modeOf(late)} after ${spec.restart.enrolmentDeadline}`;
  return { failed: { kind: 'Failed', reason: 'PodNotEnrolled', message }, until };
}
