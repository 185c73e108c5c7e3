import { createHash } from 'node:crypto';
import { group, stepLabel } from '../../../../api/resources.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { ConfigView } from '../../../views.ts';
import { memoize } from '../../../../base/memoize.ts';
import { isMarked, isSealed, type Sealed } from '../../../seal.ts';
import { trimmedEnd } from '../../../../base/trimmed.ts';

/** Label: what the object is for. */
export const roleLabel = `${group}/role`;
/** Annotation of a copy: `KIND/NAMESPACE/NAME` of its original. */
export const copyOfAnnotation = `${group}/copy-of`;
/**
 * Annotation: `KIND/NAMESPACE/NAME` of the Service or Gateway that it is for. With the role and the original it gives
 * the name.
 */
export const targetAnnotation = `${group}/target`;

/** Object names may have 253 characters, but names end up in label values and statistics, which take 63. */
const maxLength = 63;

/**
 * Whoever names policies chooses what is hashed, and finds two names that agree in N bits among 2^(N/2): with 32 bits
 * in half a second, with 128 never. Thirty characters are left for words; what it is made from stands in annotations
 * besides.
 */
const hashLength = 32;

/** Of names that versions before this one gave. */
const formerHashLength = 8;

function hash(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, hashLength);
}

/**
 * A name that says what the object is, the same on every run, with a hash of what it stands for so that two objects
 * never share it however long their names are and whoever chose them. `taken`: names that other people's objects of the
 * kind already have.
 */
export function stableName(words: readonly string[], identity: readonly string[], taken: ReadonlySet<string>): string {
  const stem = trimmedEnd(words.join('-').slice(0, maxLength - hashLength - 1), '-.');
  for (let attempt = 0; ; attempt++) {
    const name = `${stem}-${hash(attempt === 0 ? identity : [...identity, String(attempt)])}`;
    if (!taken.has(name)) return name;
  }
}

/** Roles of the objects that a migration from a waypoint back to sidecars makes. */
export const exitRoles = ['SidecarCopy', 'SidecarAllow', 'SidecarDeny', 'SidecarGuard'] as const;
/** One of them. */
export type ExitRole = (typeof exitRoles)[number];

/** What a name stands for, in the order in which it is hashed. */
export function identityOf(
  role: string,
  kind: string,
  original: Place | undefined,
  target: Place & { readonly kind: string },
): readonly string[] {
  return [role, kind, original?.namespace ?? '', original?.name ?? '', target.kind, target.namespace, target.name];
}

interface Place {
  readonly namespace: string;
  readonly name: string;
}

function placeOf(annotation: string | undefined): (Place & { readonly kind: string }) | undefined {
  const [kind, namespace, name] = annotation?.split('/') ?? [];
  return kind === undefined || namespace === undefined || name === undefined ? undefined : { kind, namespace, name };
}

/** The Service or Gateway that an object of ours is for. */
export function targetOf({ annotations }: Pick<Sealed, 'annotations'>): ReturnType<typeof placeOf> {
  return placeOf(annotations?.[targetAnnotation]);
}

/** The Service whose callers alone meet an object of ours; undefined if it is for the callers of a whole waypoint. */
export function servedBy(object: Pick<Sealed, 'annotations'>): string | undefined {
  const target = targetOf(object);
  return target?.kind === 'Service' ? target.name : undefined;
}

/** What an object of ours is a copy of; undefined if it is none. */
export function originalOf({ annotations }: Pick<Sealed, 'annotations'>): ReturnType<typeof placeOf> {
  return placeOf(annotations?.[copyOfAnnotation]);
}

/** As many names as anybody takes from us. */
const attempts = 8;

/**
 * What an object of ours can be for: the label says it, and whoever changes that does not change what its name stands
 * for.
 */
const roles: readonly string[] = ['AllowWaypoint', 'Copy', 'Guard', ...exitRoles];

function isNamedFor(role: string, { kind, name, annotations }: Sealed): boolean {
  const target = placeOf(annotations?.[targetAnnotation]);
  if (target === undefined) return false;
  const identity = identityOf(role, kind, placeOf(annotations?.[copyOfAnnotation]), target);
  const hashes = Array.from({ length: attempts }, (_each, attempt) =>
    hash(attempt === 0 ? identity : [...identity, String(attempt)]),
  );
  return hashes.some((suffix) => name.endsWith(`-${suffix}`) || name.endsWith(`-${suffix.slice(0, formerHashLength)}`));
}

/** What it was made for, as its name says, which nobody can change; undefined if it has no name of ours. */
const namedRole = memoize((object: Sealed): string | undefined => {
  const role = object.labels?.[roleLabel];
  const others = roles.filter((other) => other !== role);
  return [...(role === undefined ? [] : [role]), ...others].find((each) => isNamedFor(each, object));
});

/** What an object of ours is for, whatever somebody has made of its label. */
export function roleOf(object: Sealed): string | undefined {
  return isSealed(object) ? object.labels?.[roleLabel] : namedRole(object);
}

/**
 * Whether its name is the one that an object of its role, for its original and its target, gets from us or got from a
 * version before this one.
 */
function hasOwnName(object: Sealed): boolean {
  // A waypoint has no role: there is one in a namespace.
  if (object.kind === 'Gateway') return isMarked(object) && object.labels?.[stepLabel] === 'EnsureWaypoint';
  return namedRole(object) !== undefined;
}

/**
 * Whether a migration made it and it is what was made: the one question that checks, translations, proofs and deletions
 * ask. The label alone says nothing, because it is copied with the object. While a namespace is under way what stands
 * under a name of ours is ours though it was edited, its labels too (`Edited` in the engine): it stops the migration
 * instead of being judged like a policy of the user.
 */
export function isOurs(object: Sealed, underWay = false): boolean {
  return isSealed(object) || (underWay && hasOwnName(object));
}

/**
 * Whether a migration from a waypoint back to sidecars created it. In any other migration it is a policy like those of
 * the user: it protects sidecars.
 */
export function isOfExit(object: Sealed, underWay = false): boolean {
  return (
    isOurs(object, underWay) &&
    (exitRoles as readonly (string | undefined)[]).includes(underWay ? roleOf(object) : object.labels?.[roleLabel])
  );
}

/**
 * Whether the migration under way made it, or one of its route before: what another route made and left is a policy
 * like any other. What a waypoint enforces by copies of a former migration has to be carried over like what it enforces
 * by the user's own objects.
 */
export function isMade(
  config: ConfigView,
  { route: { from }, itinerary }: Pick<Surroundings, 'route' | 'itinerary'>,
): boolean {
  const underWay = itinerary !== undefined;
  return from === 'IstioAmbient' ? isOfExit(config, underWay) : isOurs(config, underWay) && !isOfExit(config, underWay);
}
