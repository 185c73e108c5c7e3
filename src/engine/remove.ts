import { stepLabel } from '../api/resources.ts';
import type { StepWork } from '../mesh/adapter.ts';
import type { ConfigView } from '../mesh/views.ts';
import { isOfThis, ownObjects, unwatchedOf } from './own-objects.ts';
import type { OwnObject, Outcome, Situation } from './situation.ts';
import { holding, whileUnprotected } from './concerned.ts';

type RemoveWork = Extract<StepWork, { kind: 'Remove' }>;

/**
 * A process that died between two objects of one write may have left one that is not watched: deleted once more,
 * whether it is there or not.
 */
function sweep(situation: Situation, work: RemoveWork): Outcome {
  const objects = unwatchedOf(situation, work);
  if (situation.swept || objects.length === 0) return { kind: 'Done' };
  return { kind: 'Write', message: 'deleting what may be left', write: { kind: 'Remove', objects } };
}

/**
 * One Remove step: done when nothing of ours is left that is watched. What is not watched is deleted right before the
 * object that tells of it, so that it cannot be left behind. Only objects with our mark and of this migration, and by
 * uid: a user's object of the same name is another one, and what another migration has finalized stays.
 */
export function removeStep(situation: Situation, work: RemoveWork): Outcome {
  const rank = ({ labels }: ConfigView): number => work.steps.findIndex((step) => step === labels[stepLabel]);
  const left = ownObjects(situation, work.steps)
    .filter((object) => isOfThis(situation, object))
    .sort((a, b) => rank(a) - rank(b));
  const [first] = left;
  if (first === undefined) return sweep(situation, work);
  const { heldBy } = work;
  const held = whileUnprotected(situation, heldBy);
  if (held !== undefined) return held;
  const objects = left.flatMap(({ kind, name, uid }): readonly OwnObject[] => {
    const resource = situation.adapter.made.find((row) => row.kind === kind)?.resource;
    return resource === undefined ? [] : [...unwatchedOf(situation, work, resource), { resource, name, uid }];
  });
  return {
    kind: 'Write',
    message: `deleting ${first.kind} ${first.namespace}/${first.name}${left.length > 1 ? ` and ${left.length - 1} more` : ''}`,
    write: { kind: 'Remove', objects, ...(heldBy !== undefined && { heldBy: holding(situation, heldBy) }) },
  };
}
