import { approvalField, statersOf } from '../../plan/stated.ts';
import { whyUnsure } from '../cluster/unsure.ts';
import { prunedFor } from './patch.ts';
import type { Picture } from './picture.ts';
import { membersOf, planOf, targetOf, type Target, type Wanted } from './target.ts';
import type { PlanView } from './view.ts';

/** What comes of an approval, as far as the objects tell that were read. */
export type Decision =
  /** It is approved of, or asks for no approval any more. */
  | { readonly kind: 'Already'; readonly target: Target; readonly message: string }
  | { readonly kind: 'Refuse'; readonly message: string }
  /** Somebody states the field by a manifest of his, which has to say it. */
  | { readonly kind: 'Stated'; readonly target: Target; readonly by: readonly string[] }
  /** `pruned`: places of those that are taken out of a full list. */
  | { readonly kind: 'Approve'; readonly target: Target; readonly pruned: readonly number[] };

/** How it is asked for. */
export interface Asked extends Wanted {
  readonly prune: boolean;
  /** Also where a manifest of somebody states the field. */
  readonly force: boolean;
}

function isOver(target: Target, view: PlanView): boolean {
  const members = membersOf(target, view);
  return members.length > 0 && members.every(({ standing }) => standing === 'Begun');
}

/** Decides on an approval; made again on what is there when somebody has been asked. */
export function decidedOf(picture: Picture, view: PlanView, asked: Asked): Decision {
  const unsure = whyUnsure(picture.migration);
  if (unsure !== undefined) return { kind: 'Refuse', message: unsure };
  const target = targetOf(asked, view);
  if (typeof target === 'string') return { kind: 'Refuse', message: target };
  if (picture.migration.spec.approval.plans.includes(target.hash))
    return { kind: 'Already', target, message: `${planOf(target)} is in spec.approval.plans already` };
  if (isOver(target, view))
    return {
      kind: 'Already',
      target,
      message: `${planOf(target)} asks for no approval any more: all of it was started`,
    };
  const by = asked.force ? [] : statersOf(picture.migration, approvalField);
  if (by.length > 0) return { kind: 'Stated', target, by };
  const pruned = prunedFor(picture, view, asked.prune);
  return typeof pruned === 'string' ? { kind: 'Refuse', message: pruned } : { kind: 'Approve', target, pruned };
}
