import type { WorkloadRecord } from '../api/namespace-migration.ts';
import type { WorkloadView } from '../mesh/views.ts';
import type { Turn } from './turn.ts';

/*
 * Whose the pods of a workload are once its restart is complete. Asked of what its controller remembers of the template
 * that stands now: our restart has ended with it rolled out, so one that never was came later, from its owner. That
 * needs no record, outlives this process, and ends when the owner's template is whole: from then on it lives in the new
 * data plane as one that we restarted. A change of generation would tell less: whoever scales changes that too.
 */

/**
 * Whether its controller has yet to see what somebody has changed: what it says is of before, and whose it is nobody can
 * tell. It takes a moment, and whoever scales changes that too.
 */
export function isUnseen({ observedGeneration, generation }: WorkloadView): boolean {
  return observedGeneration < generation;
}

/** A template that its owner is rolling out: what comes of that is not ours to judge, unlike pods that are missing. */
function isOwnersTurn(workload: WorkloadView): boolean {
  const { updated, current, rolledOut } = workload;
  return isUnseen(workload) || current > updated || rolledOut === false;
}

/** Rolled out or paused by its owner: its pods are not ours to judge, and no other restart waits for them. */
export function isOwnersInHand(workload: WorkloadView): boolean {
  return workload.paused || isOwnersTurn(workload);
}

/**
 * On the way there also by the record, for controllers that remember nothing (a DaemonSet, OnDelete): pods of another
 * revision than our restart has left. That lasts when the owner's template is whole, so it takes nothing back and is not
 * asked at rest, where a death is told rather than passed by.
 */
export function isOwnersOnTheWay({ workload, all }: Turn, record: WorkloadRecord | undefined): boolean {
  const left = record?.completedAt === undefined || workload.rolledOut !== undefined ? undefined : record.revision;
  const isAnother = left !== undefined && all.some(({ revision }) => revision !== undefined && revision !== left);
  return isOwnersInHand(workload) || isAnother;
}
