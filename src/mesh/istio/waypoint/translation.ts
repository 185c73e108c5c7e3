import type { StepName } from '../../../api/namespace-migration.ts';
import type { Resource } from '../../../api/object.ts';
import type { Surroundings } from '../../adapter.ts';
import { configByName } from '../../look-up.ts';
import type { Manifest } from '../../manifest.ts';
import type { Role } from '../policy/translate/manifest.ts';
import { translateInTime, type Translation } from '../policy/translate/translate.ts';
import { serviceTitle, type World } from '../policy/translate/world.ts';
import { useWaypointLabel } from '../vocabulary/labels.ts';
import { made } from '../settings/resources.ts';
import { redirected } from './bound.ts';
import { isExit } from './exit/route.ts';
import { remembered } from './memo.ts';
import { afterRollouts } from './rollouts.ts';
import { naming, standingDomain, unknownMesh } from './unknown-mesh.ts';
import { worldOf } from './world.ts';

/**
 * The kind as the operator applies it; one that it does not make and watch could neither follow its original nor be
 * removed.
 */
function resourceOf(kind: string): Resource {
  const found = made.find((row) => row.kind === kind)?.resource;
  if (found === undefined) throw new RangeError(`the operator makes no ${kind}`);
  return found;
}

/** A translation while the mesh configuration is not known: what of it is not there, and is not made before it is. */
export interface Withholding {
  readonly withheld?: readonly Made[];
}

type Made = Translation['manifests'][number];

/**
 * What becomes of the policies of the namespace behind a waypoint; several steps, gates and rules ask for it in one
 * decision.
 */
export const translationOf: (surroundings: Surroundings) => Translation & Withholding = remembered((surroundings) =>
  withoutGuess(translateInTime, worldOf(surroundings), surroundings),
);

function isThere({ object: { kind, metadata } }: Made, { mesh }: Surroundings): boolean {
  return configByName(mesh.configs(kind, metadata.namespace), metadata.name) !== undefined;
}

/**
 * Whether the Service that it is for goes through the waypoint: before it does nothing is missing, and a guard would
 * refuse everybody.
 */
function isBound({ target }: Made, { services }: Surroundings, waypoint: World['waypoint']): boolean {
  return services.some(
    (service) =>
      serviceTitle(service) === target &&
      service.labels[useWaypointLabel] === waypoint.name &&
      redirected(service) === undefined,
  );
}

/**
 * Nothing of it, as long as nobody knows what it would have to be: what stands, stays. But copies of the namespace's
 * own policies only decide about more, whatever the mesh is; and a guard that is gone only refuses more when it is
 * there again, to all but the waypoint that everything else that stands admits or spares. What a guess would name is
 * never made.
 */
export function withoutGuess<
  W extends Pick<World, 'options' | 'waypoint'>,
  T extends Pick<Translation, 'manifests' | 'problems'>,
>(translate: (world: W) => T, world: W, surroundings: Surroundings): T & Withholding {
  const problem = unknownMesh(surroundings);
  if (problem === undefined) return translate(world);
  const domain = standingDomain(surroundings);
  const made = translate(
    domain === undefined ? world : { ...world, options: { ...world.options, trustDomain: domain } },
  );
  const isOwn = (original: string): boolean => original.includes(` ${surroundings.namespace.name}/`);
  const isMissing = (manifest: Made): boolean =>
    !isThere(manifest, surroundings) && (isExit(surroundings.route) || isBound(manifest, surroundings, world.waypoint));
  const isSure = (manifest: Made): boolean => {
    if (manifest.role === 'Guard') return domain !== undefined && manifest.originals.some(isOwn) && isMissing(manifest);
    return !naming.includes(manifest.role) && manifest.originals.length > 0 && manifest.originals.every(isOwn);
  };
  return {
    ...made,
    manifests: made.manifests.filter(isSure),
    problems: [...made.problems, problem],
    withheld: made.manifests.filter((manifest) => !isSure(manifest) && isMissing(manifest)),
  };
}

/**
 * What of some roles is not there and is not made now, because nobody knows what it would have to be; each as a phrase.
 */
export function withheldOf({ withheld = [] }: Withholding, ...roles: readonly Role[]): readonly string[] {
  return withheld
    .filter(({ role }) => roles.includes(role))
    .map(
      ({ object: { kind, metadata } }) =>
        `${kind} ${metadata.namespace}/${metadata.name}, which is not there and is made only when the mesh configuration is known again`,
    );
}

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

/** Whether everything can be made once the rollouts are over that are under way. */
export function isRollout(surroundings: Surroundings): boolean {
  const after = afterRollouts(surroundings);
  return after !== undefined && why(translationOf(after).problems) === undefined;
}

/** What lets requests through, and the step that makes what decides about these. */
const reliesOn: Partial<Record<Role, StepName>> = { AllowWaypoint: 'CopyPolicies', SidecarAllow: 'CopyForSidecars' };

/** The objects of a role, or why they cannot be made: for the first time part of them would be worse than none. */
export function policyManifests(surroundings: Surroundings, role: Role): readonly Manifest[] | string {
  return manifestsOf(translationOf(surroundings), role);
}

/**
 * What of a role can be made while some cannot: a guard only refuses, and what lets requests through waits for all the
 * copies (`reliesOn`).
 */
export function possible(surroundings: Surroundings, role: Role): readonly Manifest[] {
  return unhindered(translationOf(surroundings), role);
}

/** The same of any translation, and of several roles. */
export function manifestsOf(
  { manifests, problems }: Pick<Translation, 'manifests' | 'problems'>,
  ...roles: readonly Role[]
): readonly Manifest[] | string {
  return why(problems) ?? manifests.filter(({ role }) => roles.includes(role)).map(applied);
}

/** The objects that cannot be carried over themselves: what they ask for is not known. */
export function hinderedBy(problems: Translation['problems']): ReadonlySet<string> {
  return new Set(problems.filter(({ severity }) => severity === 'Critical').map(({ object }) => object));
}

/**
 * Those of any translation whose original is not itself the problem: each decides about more, so it is right whatever
 * is missing beside it.
 */
export function unhindered(
  { manifests, problems }: Pick<Translation, 'manifests' | 'problems'>,
  role: Role,
): readonly Manifest[] {
  const hindered = hinderedBy(problems);
  return manifests
    .filter((manifest) => manifest.role === role && !manifest.originals.some((original) => hindered.has(original)))
    .map(applied);
}

function applied({ object, originals, role }: Translation['manifests'][number]): Manifest {
  const { name, labels, annotations } = object.metadata;
  const relies = reliesOn[role];
  return {
    resource: resourceOf(object.kind),
    object: { metadata: { name, labels, ...(annotations && { annotations }) }, spec: object.spec },
    follows: originals.join(', '),
    ...(relies !== undefined && { reliesOn: relies }),
  };
}
