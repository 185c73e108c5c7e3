import { spend } from '../../../../base/effort.ts';
import { goBoolean } from '../../../../base/go-boolean.ts';
import { memoizeLast } from '../../../../base/memoize.ts';
import type { Json } from '../../../json.ts';
import { appliedAnnotation, managedBy, managedByLabel } from '../../../../api/resources.ts';
import { charactersOfBody, sealOf } from '../../../seal.ts';
import { dryRunAnnotation } from '../../vocabulary/labels.ts';
import {
  copyOfAnnotation,
  identityOf,
  isOurs,
  roleLabel,
  stableName,
  targetAnnotation,
  type ExitRole,
} from './names.ts';
import { countCopied, sizeOf } from './size.ts';
import type { ConfigObject, World } from './world.ts';

/**
 * What an object is for, and so when it has to be there:
 * - `AllowWaypoint` and `Copy` before a Service is bound to the waypoint: from then on the pods see the waypoint's
 *   identity, and
 * the waypoint decides about the callers.
 * - `Guard` before the first pod loses its sidecar: until then the sidecar decides about direct callers too, and does
 *   not read the guard.
 * - `SidecarCopy`, `SidecarAllow`, `SidecarDeny` and `SidecarGuard` before the first pod gets a sidecar: from then on
 *   it decides about whoever does not
 * come through the waypoint, and callers of the namespace itself begin not to (`to-sidecar/`).
 */
export type Role = 'Copy' | 'AllowWaypoint' | 'Guard' | ExitRole;

/** The step of an itinerary before which objects of a role have to be accepted. */
export const neededBefore: Readonly<Record<Role, 'BindWaypoint' | 'RestartWorkloads'>> = {
  AllowWaypoint: 'BindWaypoint',
  Copy: 'BindWaypoint',
  Guard: 'RestartWorkloads',
  SidecarCopy: 'RestartWorkloads',
  SidecarAllow: 'RestartWorkloads',
  SidecarDeny: 'RestartWorkloads',
  SidecarGuard: 'RestartWorkloads',
};

/** An object to apply: every field in it is ours, nothing that the API server fills in. */
export interface PlainObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Json;
}

/** An object to create, with what it stands for. */
export interface Manifest {
  readonly role: Role;
  readonly object: PlainObject;
  /** What it stands beside or is made from. */
  readonly originals: readonly string[];
  /** `Service shop/cart` or `Gateway shop/waypoint`. */
  readonly target: string;
  /** What differs from the original: `ports 8080 become 80`. */
  readonly changes: readonly string[];
  /** It says more than its original. */
  readonly isGrown?: true;
}

/** What is to be created. */
export interface Draft {
  readonly role: Role;
  readonly apiVersion: string;
  readonly kind: string;
  /** Of the copy; absent for objects that are no copies. */
  readonly original?: ConfigObject;
  readonly originals: readonly string[];
  /** Last part of the readable name: the Service or Gateway. */
  readonly target: { readonly kind: 'Service' | 'Gateway'; readonly namespace: string; readonly name: string };
  readonly spec: Json;
  readonly changes?: readonly string[];
}

/** First part of the name: what the object does, or the name of its original. */
const stems: Readonly<Record<Role, (original: ConfigObject | undefined) => string>> = {
  AllowWaypoint: () => 'allow-waypoint',
  Copy: (original) => original?.name ?? 'copy',
  Guard: () => 'waypoint-only',
  SidecarCopy: (original) => original?.name ?? 'copy',
  SidecarAllow: () => 'allow-at-sidecars',
  SidecarDeny: () => 'deny-at-sidecars',
  SidecarGuard: () => 'no-detour',
};

/**
 * istiod reads dry-run from the annotation; a copy without it would begin to decide. Of what is no boolean it makes
 * nothing (checkDryRunAnnotation): a copy has none then, or each would have whatever somebody has written there.
 */
function keptAnnotations({ annotations }: Pick<ConfigObject, 'annotations'>): Readonly<Record<string, string>> {
  const value = annotations[dryRunAnnotation];
  return value === undefined || goBoolean(value) === undefined ? {} : { [dryRunAnnotation]: value };
}

/**
 * By kind and namespace: each of the objects that are made asks. By the lists, because a Service sees the same world with
 * a waypoint of its own (`worldFor`).
 */
const takenIn = memoizeLast(
  (
    policies: World['policies'],
    requestAuthentications: World['requestAuthentications'],
    extensions: World['extensions'],
  ): ReadonlyMap<string, ReadonlySet<string>> => {
    const objects = [...policies, ...requestAuthentications].map(({ object }) => object);
    const taken = Map.groupBy(
      [...objects, ...extensions].filter((object) => !isOurs(object)),
      ({ kind, namespace }) => `${kind} ${namespace}`,
    );
    return new Map([...taken].map(([place, those]) => [place, new Set(those.map(({ name }) => name))]));
  },
);

const none: ReadonlySet<string> = new Set();

/** Names of a kind in a namespace that are not ours to use. */
function takenNames(
  { policies, requestAuthentications, extensions }: World,
  kind: string,
  namespace: string,
): ReadonlySet<string> {
  return takenIn(policies, requestAuthentications, extensions).get(`${kind} ${namespace}`) ?? none;
}

/** What it takes to make one, and to keep it in mind, whatever it says. */
const stepsOfManifest = 96;

/** Characters by which a copy says what it is attached to: no name has more than 253. */
const roomForTarget = 1000;

/**
 * Gives a draft its name, labels and annotations. It lives in the namespace of its target: Istio reads targetRefs
 * nowhere else (ShouldAttachPolicy).
 */
export function manifest(world: World, draft: Draft): Manifest {
  spend(stepsOfManifest);
  const characters = charactersOfBody(draft.spec);
  countCopied(characters);
  const { role, kind, original, target } = draft;
  const copyOf: readonly (readonly [string, string])[] =
    original === undefined ? [] : [[copyOfAnnotation, `${original.kind}/${original.namespace}/${original.name}`]];
  const name = stableName(
    [stems[role](original), target.name],
    identityOf(role, kind, original, target),
    takenNames(world, kind, target.namespace),
  );
  const { namespace } = target;
  const labels = { [managedByLabel]: managedBy, [roleLabel]: role };
  const annotations = {
    ...Object.fromEntries(copyOf),
    ...(original && keptAnnotations(original)),
    [targetAnnotation]: `${target.kind}/${namespace}/${target.name}`,
  };
  const seal = sealOf({ kind, namespace, name, labels, annotations, spec: draft.spec });
  return {
    role,
    object: {
      apiVersion: draft.apiVersion,
      kind,
      metadata: { name, namespace, labels, annotations: { ...annotations, [appliedAnnotation]: seal } },
      spec: draft.spec,
    },
    originals: draft.originals,
    target: `${target.kind} ${namespace}/${target.name}`,
    changes: draft.changes ?? [],
    ...(original !== undefined && characters > sizeOf(original) + roomForTarget && { isGrown: true }),
  };
}
