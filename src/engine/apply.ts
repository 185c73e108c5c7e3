import type { StepPlan, StepWork } from '../mesh/adapter.ts';
import type { Manifest, Orphan } from '../mesh/manifest.ts';
import type { ConfigView } from '../mesh/views.ts';
import { isOfThis, kindName, marked, ownObjects, standing, type Standing } from './own-objects.ts';
import { refusalOf, timesRefused } from './refused.ts';
import type { Applied, OwnObject, Outcome, Situation, Write } from './situation.ts';

type ApplyWork = Extract<StepWork, { kind: 'Apply' }>;

/** One watched object that a step makes, what goes with it unseen, and how it stands. */
export interface Entry {
  readonly manifest: Manifest;
  readonly applied: Applied;
  readonly before: readonly Applied[];
  readonly standing: Standing;
}

/** `AuthorizationPolicy shop/readers-copy`. */
export function nameOf({ resource, object }: Applied): string {
  return `${resource.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Whether what is there has to be left as it is for now: then that is how it should be. */
function stays(
  { surroundings }: Situation,
  { work }: StepPlan,
  seen: ConfigView,
  wanted: Manifest | undefined,
): boolean {
  return work.kind === 'Apply' && work.stays?.(surroundings, seen, wanted) === true;
}

function standingOf(
  situation: Situation,
  step: StepPlan,
  seen: ConfigView | undefined,
  manifest: Manifest,
  applied: Applied,
): Standing {
  const found = standing(situation, seen, applied);
  return found === 'Outdated' && seen !== undefined && stays(situation, step, seen, manifest) ? 'AsWanted' : found;
}

/** How everything stands that a step makes. */
export function entriesOf(situation: Situation, step: StepPlan, manifests: readonly Manifest[]): readonly Entry[] {
  const { surroundings } = situation;
  const entries: Entry[] = [];
  let before: Applied[] = [];
  for (const manifest of manifests) {
    const applied = marked(situation, step.name, manifest);
    if (manifest.unwatched === true) {
      before.push({ ...applied, unwatched: true });
      continue;
    }
    const seen = surroundings.mesh
      .configs(kindName(situation.adapter, applied.resource), surroundings.namespace.name)
      .find(({ name }) => name === applied.object.metadata.name);
    entries.push({
      manifest,
      applied: { ...applied, ...(seen && { before: seen }) },
      before,
      standing: standingOf(situation, step, seen, manifest, applied),
    });
    before = [];
  }
  return entries;
}

/** An object of ours as what is to be deleted. */
function toDelete({ adapter }: Situation, { kind, name, uid }: ConfigView): readonly OwnObject[] {
  return adapter.made.filter((row) => row.kind === kind).map(({ resource }) => ({ resource, name, uid }));
}

/** What of it goes while not all can be made: only where nobody gets through by it who should not. */
export function revoked(situation: Situation, orphans: readonly Orphan[]): readonly OwnObject[] {
  return orphans
    .filter(({ object, goes }) => goes && isOfThis(situation, object))
    .flatMap(({ object }) => toDelete(situation, object));
}

/**
 * What this step made earlier and is not wanted any more: the user's object that it followed is gone. What another
 * migration has finalized is its owner's. Only of what `isMet`.
 */
export function superfluous(
  situation: Situation,
  step: StepPlan,
  entries: readonly Pick<Entry, 'applied'>[],
  isMet: (seen: ConfigView) => boolean = () => true,
): readonly OwnObject[] {
  const wanted = entries.map(({ applied: { resource, object } }) => ({
    kind: kindName(situation.adapter, resource),
    name: object.metadata.name,
  }));
  return ownObjects(situation, [step.name])
    .filter((seen) => isOfThis(situation, seen) && isMet(seen))
    .filter(({ kind, name }) => !wanted.some((each) => each.kind === kind && each.name === name))
    .filter((seen) => !stays(situation, step, seen, undefined))
    .flatMap((seen) => toDelete(situation, seen));
}

/**
 * What is missing before what stands of a step is known to decide in the place of what is `left`: that it is in the API
 * does not say that anybody has read it. Asked as if what is left had gone, or it might keep itself.
 */
export function notTakenOver(
  { adapter, surroundings }: Situation,
  { gate }: StepPlan,
  left: readonly OwnObject[],
): string | undefined {
  const { mesh, namespace } = surroundings;
  const isLeft = ({ kind, name, namespace: home }: ConfigView): boolean =>
    home === namespace.name && left.some((each) => kindName(adapter, each.resource) === kind && each.name === name);
  const configs: typeof mesh.configs = (kind, home) => mesh.configs(kind, home).filter((config) => !isLeft(config));
  return gate?.({ ...surroundings, mesh: { ...mesh, configs } });
}

/**
 * One Apply step: done when every object is as wanted. Made without taking anything over and recognised by what is
 * there, so it is the same to be killed before or after. New objects come before superfluous ones go, and
 * are read before that, so that at no instant a rule is in neither. Dying before one goes: the gate is asked again;
 * after: it is seen to be gone.
 */
export function applyStep(situation: Situation, step: StepPlan, work: ApplyWork): Outcome {
  const manifests = work.objects(situation.surroundings);
  if (typeof manifests === 'string') return { kind: 'Failed', reason: 'CannotBeMade', message: manifests };
  const entries = entriesOf(situation, step, manifests);
  const taken = entries.find((entry) => entry.standing === 'Taken');
  // Nothing stands on it yet, and it is a person's to decide: it costs no attempt.
  if (taken !== undefined) return { kind: 'Wait', stuck: true, stalled: 'NameInTheWay', message: takenMessage(taken) };
  const all = entries.filter((entry) => entry.standing === 'Missing' || entry.standing === 'Outdated');
  const lasting = all.filter(({ applied }) => timesRefused(situation, { kind: 'Apply', manifests: [applied] }) === 0);
  // What somebody undoes again and again keeps nothing else back.
  const due = lasting.length > 0 ? lasting : all;
  const [first] = due;
  if (first !== undefined) {
    const more = due.length > 1 ? ` and ${due.length - 1} more` : '';
    const write: Write = { kind: 'Apply', manifests: due.flatMap(({ before, applied }) => [...before, applied]) };
    const refusal = refusalOf(situation, write);
    if (refusal?.taken === true) return { kind: 'Failed', reason: 'NameTaken', message: refusal.message };
    return { kind: 'Write', message: `applying ${nameOf(first.applied)}${more}`, write };
  }
  const objects = superfluous(situation, step, entries);
  // Until then the gate is waited for, and the step is asked again.
  if (objects.length > 0 && notTakenOver(situation, step, objects) === undefined)
    return { kind: 'Write', message: 'deleting what is not wanted any more', write: { kind: 'Remove', objects } };
  const edited = entries.find((entry) => entry.standing === 'Edited');
  return edited === undefined ? { kind: 'Done' } : editedByOthers(edited);
}

function takenMessage({ applied }: Entry): string {
  return `${nameOf(applied)} is there already and is not the operator's: rename or delete it`;
}

/** Says that what was made is gone and something else has its name. */
export function nameTaken(entry: Entry): Outcome {
  return { kind: 'Failed', reason: 'NameTaken', message: takenMessage(entry) };
}

/** Says that somebody else edited what follows an original. */
export function editedByOthers({ applied, manifest }: Entry): Outcome {
  const follows = manifest.follows === undefined ? '' : ` It follows ${manifest.follows}: edit that instead.`;
  return {
    kind: 'Foreign',
    message: `${nameOf(applied)} is the operator's and was changed by someone else, or by a webhook as it was made.${follows} Take the change back, or delete it to have it made anew where it may be missing for that moment`,
  };
}
