import { mostApprovedPlans } from '../../api/approval.ts';
import type { JsonPatchOperation } from '../../kube/client.ts';
import { targetsIn, type Target } from './target.ts';
import type { Picture } from './picture.ts';
import type { PlanView } from './view.ts';

/** What is taken out of a full list, by their places; a sentence where there is no room and none may go. */
export function prunedFor({ migration }: Picture, view: PlanView, prune: boolean): readonly number[] | string {
  const { plans } = migration.spec.approval;
  const over = plans.length + 1 - mostApprovedPlans;
  if (over <= 0) return [];
  const full = `spec.approval.plans is full, with ${plans.length} of ${mostApprovedPlans}`;
  if (!prune)
    return `${full}. --prune takes out the oldest that the status shows nowhere any more, as many as it takes; other clusters may still need them`;
  const needed = new Set([
    ...targetsIn(view).map(({ hash }) => hash),
    ...(migration.status?.plan?.approved ?? []).map(({ by }) => by),
  ]);
  // What is added is added at the end.
  const free = plans.flatMap((hash, place) => (needed.has(hash) ? [] : [place])).slice(0, over);
  return free.length < over ? `${full}, and the status shows all of them: take one out by hand` : free;
}

/** That the status shows it still; what a namespace plans is in its own record, which no patch of another can test. */
function isShown(target: Target): readonly JsonPatchOperation[] {
  switch (target.kind) {
    case 'Migration':
      return [{ op: 'test', path: '/status/plan/hash', value: target.hash }];
    case 'Wave': {
      const { name, hash, place } = target;
      return [{ op: 'test', path: `/status/plan/waves/${place}`, value: { name, hash } }];
    }
    case 'Namespace':
      return [];
  }
}

/**
 * Adds a plan to those that are approved of, as long as the status shows it and the spec is what was seen (its
 * generation): else nothing is changed. Safe: what is added is the hash of what was shown, so whatever is planned by
 * then, nothing else starts by it. Dying before it is sent: nothing was approved of; after: it stands.
 */
export function approvalPatch(
  { migration: { metadata } }: Picture,
  target: Target,
  pruned: readonly number[],
): readonly JsonPatchOperation[] {
  return [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/metadata/generation', value: metadata.generation },
    ...isShown(target),
    // What is taken out must be shown nowhere: for that all of the object counts.
    ...(pruned.length === 0
      ? []
      : [{ op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion } as const]),
    ...pruned
      .toSorted((a, b) => b - a)
      .map((place): JsonPatchOperation => ({ op: 'remove', path: `/spec/approval/plans/${place}` })),
    { op: 'add', path: '/spec/approval/plans/-', value: target.hash },
  ];
}
