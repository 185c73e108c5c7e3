import type { Resource } from '../../../api/object.ts';
import type { Manifest, Surroundings } from '../../adapter.ts';
import type { Role } from '../policy/translate/manifest.ts';
import { translate, type Translation } from '../policy/translate/translate.ts';
import { made } from '../resources.ts';
import { remembered } from './memo.ts';
import { worldOf } from './world.ts';

/** The kind as the operator applies it; one that it does not make and watch could neither follow its original nor be removed. */
function resourceOf(kind: string): Resource {
  const found = made.find((resource) => resource.kind === kind);
  if (found === undefined) throw new RangeError(`the operator makes no ${kind}`);
  return found;
}

/** What becomes of the policies of the namespace behind a waypoint; several steps, gates and rules ask for it in one decision. */
export const translationOf: (surroundings: Surroundings) => Translation = remembered((surroundings) => translate(worldOf(surroundings)));

/** The Services to bind, or why nobody can tell. */
export function boundServices(surroundings: Surroundings): readonly string[] | string {
  const { bound, problems } = translationOf(surroundings);
  return why(problems) ?? bound.map(({ name }) => name);
}

/** The first problem that keeps everything from being made, as a sentence. */
export function why(problems: Translation['problems']): string | undefined {
  const problem = problems.find(({ severity }) => severity === 'Critical');
  return problem && `${problem.object}: ${problem.message}`;
}

/** The objects of a role, or why they cannot be made: part of them would be worse than none. */
export function policyManifests(surroundings: Surroundings, role: Role): readonly Manifest[] | string {
  return manifestsOf(translationOf(surroundings), role);
}

/** The same of any translation, and of several roles. */
export function manifestsOf({ manifests, problems }: Pick<Translation, 'manifests' | 'problems'>, ...roles: readonly Role[]): readonly Manifest[] | string {
  return why(problems) ?? manifests.filter(({ role }) => roles.includes(role)).map(({ object, originals }) => {
    const { name, labels, annotations } = object.metadata;
    return { resource: resourceOf(object.kind), object: { metadata: { name, labels, ...(annotations && { annotations }) }, spec: object.spec }, follows: originals.join(', ') };
  });
}
