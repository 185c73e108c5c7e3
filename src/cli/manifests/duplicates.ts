import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../api/object.ts';
import { record } from '../../mesh/json.ts';
import type { Manifest, Source } from './manifest.ts';

/** One object that stands in several places. */
export interface Duplicate {
  readonly group: string;
  readonly object: string;
  /** Undefined for what has none; that of a Namespace is itself. */
  readonly namespace: string | undefined;
  /** All places, the one that counts first. */
  readonly sources: readonly Source[];
  /** They do not all say the same. */
  readonly differs: boolean;
}

/** A manifest, and its object in its namespace. */
export interface Placed {
  readonly manifest: Manifest;
  readonly object: KubeObject;
}

/** `AuthorizationPolicy shop/deny-delete`, as findings name an object. */
export function nameOf(kind: string, { metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** What an object says, but for where and in which version. */
function contentOf({ apiVersion: _, ...content }: KubeObject): unknown {
  return content;
}

/** How much of an object is there: a patch of an overlay has a part of it. */
function extent({ object }: Placed): number {
  return Object.keys(object).length * 100 + Object.keys(record(object['spec'])).length;
}

/** The last of the most complete ones: what is applied last is what a cluster has, and a patch is applied to another. */
function countingOf(members: readonly Placed[], differs: boolean): Placed | undefined {
  const most = members.reduce((max, member) => Math.max(max, extent(member)), 0);
  return differs ? members.findLast((member) => extent(member) === most) : members[0];
}

function areSame(members: readonly Placed[]): boolean {
  const [first, ...others] = members.map(({ object }) => contentOf(object));
  return others.every((other) => isDeepStrictEqual(other, first));
}

/**
 * Each object once, by group, kind, namespace and name: the version does not make another object. One without a name, or
 * with a prefix for one, gets its own.
 */
export function onceEach(all: readonly Placed[]): {
  readonly counting: readonly Placed[];
  readonly duplicates: readonly Duplicate[];
} {
  const isNamed = ({ object: { metadata } }: Placed): boolean => metadata.name !== '' && !metadata.name.endsWith('-');
  const groups = Map.groupBy(
    all.filter(isNamed),
    ({ manifest, object }) => `${manifest.group}/${nameOf(manifest.kind, object)}`,
  );
  const left = new Set<Placed>();
  const duplicates: Duplicate[] = [];
  for (const members of groups.values()) {
    if (members.length === 1) continue;
    const differs = !areSame(members);
    const counting = countingOf(members, differs);
    if (counting === undefined) continue;
    const others = members.filter((member) => member !== counting);
    for (const other of others) left.add(other);
    const {
      manifest: { group, kind, source },
      object,
    } = counting;
    duplicates.push({
      group,
      object: nameOf(kind, object),
      namespace: group === '' && kind === 'Namespace' ? object.metadata.name : object.metadata.namespace,
      sources: [source, ...others.map(({ manifest }) => manifest.source)],
      differs,
    });
  }
  return { counting: all.filter((each) => !left.has(each)), duplicates };
}
