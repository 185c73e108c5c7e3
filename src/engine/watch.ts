import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import { durationMs } from '../base/duration.ts';
import type { StepPlan } from '../mesh/adapter.ts';
import type { WorkloadView } from '../mesh/views.ts';
import type { Outcome, Situation } from './situation.ts';
import { troubles, type Turn } from './turn.ts';
import { deadline } from './waits.ts';

/*
 * A restart that is complete is no proof that the workload lives in the new data plane: many die a little later, of
 * what they call first then. So it is watched until the namespace goes on, and one that dies counts as a restart
 * that has failed. Safe: nothing is written; dying before or after, the next process watches anew.
 */

/** A new rollout of it is its owner's: what comes of that, and of what waits for a next one, is not ours to judge. */
export function isOwnersTurn({ observedGeneration, generation, updated, replicas }: WorkloadView): boolean {
  return observedGeneration < generation || updated < replicas;
}

/** Less than it had, and not by a node or two that are lost or drained, where each has one of its pods. */
export function isShort({ kind, available, replicas }: WorkloadView): boolean {
  return kind === 'DaemonSet' ? available < replicas / 2 : available < replicas;
}

/**
 * A workload that was restarted and is short of pods now: others wait for it, and it fails as a restart does that makes
 * no progress, if a pod that has a place to run is not Ready; more pods than there is room for are no failure of ours.
 * Undefined if it is whole.
 */
export function falters(turn: Turn): Outcome | undefined {
  const { situation, step, workload, all } = turn;
  const { kind, name, uid, available, replicas } = workload;
  if (!isShort(workload) || isOwnersTurn(workload)) return undefined;
  const { progressDeadline } = situation.spec.restart;
  const { over, until } = deadline(
    situation,
    `${step.name}: ${kind} ${uid} after its restart`,
    durationMs(progressDeadline),
    available,
  );
  const short = `${kind} ${name} was restarted and has ${available} of ${replicas} pods available: ${troubles(turn)}`;
  if (!over) return { kind: 'Wait', until, message: short };
  return all.some(({ ready, node }) => !ready && node !== undefined)
    ? { kind: 'Failed', reason: 'WorkloadUnavailable', message: `${short}, for ${progressDeadline}` }
    : { kind: 'Wait', stuck: true, stalled: 'NotRestartable', message: short };
}

/** Whether some workload was restarted in a step, after which no other restart comes. */
function hasRestarted({ workloads = [], itinerary }: NamespaceMigrationStatus, { name }: StepPlan): boolean {
  if (name === 'RestartForHbone' && itinerary !== 'Hbone') return false;
  return workloads.some(({ step, completedAt }) => step === name && completedAt !== undefined);
}

/**
 * Waits once all of them are restarted; undefined when that is over. Asked whether or not one of them is short of pods:
 * one that comes and goes keeps the namespace on its way no longer than it has to be whole at the end.
 */
export function watchedLongEnough(
  situation: Situation,
  status: NamespaceMigrationStatus,
  step: StepPlan,
): Outcome | undefined {
  const { watch } = situation.spec.restart;
  if (!hasRestarted(status, step)) return undefined;
  const { over, until } = deadline(situation, `${step.name}: after the restarts`, durationMs(watch));
  return over
    ? undefined
    : { kind: 'Wait', until, message: `watching for ${watch} whether what was restarted stays available` };
}
