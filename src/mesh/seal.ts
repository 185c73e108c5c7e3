import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { appliedAnnotation, group, managedBy, managedByLabel, migrationLabel, stepLabel } from '../api/resources.ts';
import { memoize } from '../base/memoize.ts';
import { isTooDeep, readableDepth } from './depth.ts';
import { record, records, type Json } from './json.ts';
import type { ConfigView } from './views.ts';

/** What an object says, as far as it decides about requests. */
export interface Sealed {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels?: ConfigView['labels'] | undefined;
  readonly annotations?: ConfigView['annotations'] | undefined;
  /** Or the data of a ConfigMap. */
  readonly spec: unknown;
}

/**
 * Whose keys mean something: the operator's own, and those that the mesh reads (`istio.io/rev`,
 * `networking.istio.io/service-type`). istiod reads many of a Gateway, and gives the others to its Service and its
 * pods, where more are read.
 */
const meaningful: readonly string[] = [group, 'istio.io'];

/**
 * The one key that an istiod may write on an object of ours; that of 1.31 writes none on a waypoint
 * (setGatewayControllerVersion in pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go).
 */
const writtenByMesh = 'gateway.istio.io/controller-version';

/** Whether a label or annotation of an object of ours says something. */
export function isMeaningful(key: string): boolean {
  const [domain = ''] = key.split('/');
  return (
    key.includes('/') &&
    key !== writtenByMesh &&
    meaningful.some((whose) => domain === whose || domain.endsWith(`.${whose}`))
  );
}

/** Marks that say who applied it and when, not what it is. */
const marks: readonly string[] = [appliedAnnotation, managedByLabel, migrationLabel, stepLabel];

function relevant(entries: Readonly<Record<string, string>> | undefined): Json {
  return Object.fromEntries(Object.entries(entries ?? {}).filter(([key]) => isMeaningful(key) && !marks.includes(key)));
}

/** What the API server fills into a listener that says nothing of it (Gateway API's CRD). */
const defaultRoutes = { namespaces: { from: 'Same' } };

function withoutDefaults(spec: unknown): unknown {
  const said = record(spec);
  if (said['listeners'] === undefined) return spec;
  return {
    ...said,
    listeners: records(said['listeners']).map(({ allowedRoutes, ...listener }) =>
      isDeepStrictEqual(allowedRoutes, defaultRoutes) ? listener : { ...listener, allowedRoutes },
    ),
  };
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, ordered(member)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function textOf(value: unknown): string {
  return JSON.stringify(ordered(value));
}

/** What an object says, whatever the order of its keys; worked out once for as long as it lives. */
export const orderedText: (value: object) => string = memoize((value: object) => textOf(readableDepth(value)));

/** Copies of one object have what stands in it in common, as one and the same value: that is put in order once for all. */
const memberText = memoize((member: object) => textOf(member));

/**
 * What an object says, in pieces: to put them together for each copy of a large one would take as much memory as all
 * the copies.
 */
function bodyOf(spec: unknown): readonly string[] {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return [textOf(spec ?? {})];
  const members = withoutDefaults(spec) as Json;
  const inOrder = ordered(Object.fromEntries(Object.keys(members).map((key) => [key, null]))) as Json;
  const pieces = Object.keys(inOrder).flatMap((key) => {
    const member = members[key];
    if (member === undefined) return [];
    return [
      ',',
      `${JSON.stringify(key)}:`,
      typeof member === 'object' && member !== null ? memberText(member) : textOf(member),
    ];
  });
  return ['{', ...pieces.slice(1), '}'];
}

/** How many characters the body of an object has; of what is shared they are counted and not made anew. */
export function charactersOfBody(spec: unknown): number {
  return bodyOf(spec).reduce((sum, piece) => sum + piece.length, 0);
}

/** So many that nobody finds two originals whose copies look the same: the second would not be followed. */
const sealLength = 32;

/**
 * Of what versions before this one applied. It is as it was applied, and gets the longer seal like any other change.
 */
const formerSealLength = 16;

/** Every look asks for the seals of all that was made, each of which has a spec of its own. */
const sealed = new WeakMap<object, { readonly head: string; readonly seal: string }>();

/** The same for all that says the same: key order does not change it, nor labels that nobody reads. */
export function sealOf({ kind, namespace, name, labels, annotations, spec = {} }: Sealed): string {
  const head = [
    JSON.stringify(kind),
    JSON.stringify(namespace),
    JSON.stringify(name),
    textOf(relevant(labels)),
    textOf(relevant(annotations)),
  ].join();
  const body = typeof spec === 'object' && spec !== null ? spec : undefined;
  const known = body && sealed.get(body);
  if (known?.head === head) return known.seal;
  const hash = createHash('sha256').update(`[${head},`);
  for (const piece of bodyOf(spec)) hash.update(piece);
  const seal = hash.update(']').digest('hex').slice(0, sealLength);
  if (body !== undefined) sealed.set(body, { head, seal });
  return seal;
}

/** Whether it carries a label or an annotation of the operator, whatever somebody has made of its value. */
export function carriesMarks({ labels, annotations }: Pick<Sealed, 'labels' | 'annotations'>): boolean {
  return Object.keys({ ...labels, ...annotations }).some((key) => key.startsWith(`${group}/`));
}

/** Whether it carries the operator's label, which anybody can put on anything. */
export function isMarked({ labels }: Pick<Sealed, 'labels'>): boolean {
  return labels?.[managedByLabel] === managedBy;
}

/**
 * Whether it is as the operator applied it: an exported copy under another name, one that was edited, or the user's own
 * with our label is not.
 */
export const isSealed: (object: Sealed) => boolean = memoize((object: Sealed) => {
  const applied = object.annotations?.[appliedAnnotation];
  // Nothing is applied that is too deep to be read, and putting it in order would end the look.
  if (!isMarked(object) || applied === undefined || isTooDeep(object.spec)) return false;
  const seal = sealOf(object);
  return applied === seal || applied === seal.slice(0, formerSealLength);
});
