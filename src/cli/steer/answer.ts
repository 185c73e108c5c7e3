import type { Condition } from '../../api/common.ts';
import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';
import { isEdited } from '../../engine/commands.ts';
import type { Edit } from './steering.ts';

type Steered = MeshMigration | NamespaceMigration;

/** What the operator made of an edit; undefined while it has not looked at it. */
export type Answer =
  { readonly kind: 'Taken'; readonly phase: string } | { readonly kind: 'Rejected'; readonly message: string };

function rejection({ status }: Steered): Condition | undefined {
  return status?.conditions?.find(({ type, status: holds }) => type === 'CommandRejected' && holds === 'True');
}

function isSame(one: Condition | undefined, other: Condition | undefined): boolean {
  return one?.message === other?.message && one?.lastTransitionTime === other?.lastTransitionTime;
}

function hasLooked(edit: Edit, written: Steered, now: Steered): boolean {
  if (edit.field === 'spec.action')
    return (now.status?.observedGeneration ?? 0) >= (written.metadata.generation ?? Infinity);
  return now.metadata.resourceVersion !== written.metadata.resourceVersion && !isEdited(now.status);
}

/** `before` and `written` are the object right before and after the edit. */
export function answerTo(edit: Edit, before: Steered, written: Steered, now: Steered): Answer | undefined {
  if (!hasLooked(edit, written, now)) return undefined;
  const rejected = rejection(now);
  if (rejected !== undefined && !isSame(rejected, rejection(before)))
    return { kind: 'Rejected', message: rejected.message };
  return { kind: 'Taken', phase: now.status?.phase ?? '' };
}
