import { hash } from 'node:crypto';
import type { MeshMigrationSpec } from '../../../api/mesh-migration-spec.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { marksIn } from '../../marks.ts';
import { allBeside, isNamed } from '../../named.ts';
import { orderedText } from '../../seal.ts';
import type { ConfigView } from '../../views.ts';
import { decisiveMarks } from '../vocabulary/decisive.ts';
import { nodeAgentNamespaces } from '../vocabulary/node-agents.ts';

/**
 * What `spec.accept` is bound to by its digest: what was looked at, of one object and of all of its kind in its
 * namespace.
 */
export interface Seen {
  readonly one: string;
  readonly all: () => string;
}

/** So long that nobody makes another object for which what was accepted stands as well. */
const digestLength = 32;

const digestOfObject = memoize((object: ConfigView): string => {
  const { kind, namespace, name, spec } = object;
  const marks = marksIn(object, decisiveMarks);
  return hash('sha256', `${JSON.stringify([kind, namespace, name])}${orderedText(spec)}${marks}`, 'hex');
});

/** The same for all that says the same, whatever the order of objects and keys. `words` are what else decides. */
export function digestOfAll(objects: readonly ConfigView[], words: readonly string[] = []): string {
  return hash('sha256', JSON.stringify([objects.map(digestOfObject).sort(), words.toSorted()]), 'hex').slice(
    0,
    digestLength,
  );
}

/** By kind and namespace, as long as the look: there may be thousands of findings about the objects of one. */
const wholes = memoize((_surroundings: Surroundings) => new Map<string, string>());

/** Of all objects of a kind in one namespace. */
export function digestOfKind(kind: string, namespace: string, surroundings: Surroundings): string {
  const known = wholes(surroundings);
  const found = known.get(`${kind} ${namespace}`) ?? digestOfAll(surroundings.mesh.configs(kind, namespace));
  known.set(`${kind} ${namespace}`, found);
  return found;
}

/** Of an object that decides by itself. */
export function seenOf(object: ConfigView, surroundings: Surroundings): Seen {
  const { kind, namespace } = object;
  return { one: digestOfAll([object]), all: () => digestOfKind(kind, namespace, surroundings) };
}

/**
 * The namespace in which the object of a finding stands, if that is neither the namespace itself nor the root
 * namespace.
 */
export function ownerOf(
  { object }: { readonly object: string },
  { namespace, mesh }: Surroundings,
): string | undefined {
  const [, owner] = / ([^/ ]+)\//.exec(object) ?? [];
  return owner === namespace.name || owner === mesh.rootNamespace ? undefined : owner;
}

/** Whether a finding is about what others have: neither the namespace itself nor those who run the mesh. */
export function isOfOthers(about: { readonly object: string }, surroundings: Surroundings): boolean {
  const owner = ownerOf(about, surroundings);
  return owner !== undefined && !nodeAgentNamespaces(surroundings.mesh).includes(owner);
}

/** What is asked about. */
export interface Subject {
  readonly id: string;
  readonly object: string;
  /** What goes on decides about requests, and not only what ends. */
  readonly binds: boolean;
  readonly seen: Seen | undefined;
}

type Entry = MeshMigrationSpec['accept'][number];

function whyNot({ object, digest }: Entry, { binds, seen }: Subject, isTheirs: boolean): string | undefined {
  if (!isTheirs) return 'it is no object of others';
  if (digest === undefined)
    return binds ? 'without a digest, and by what it becomes requests may get through or elsewhere' : undefined;
  return digest === (object.endsWith('/*') ? seen?.all() : seen?.one)
    ? undefined
    : 'it is not what it was when it was accepted';
}

/** Whether `spec.accept` has it: `but` says why it is named there in vain. */
export type Acceptance =
  | { readonly kind: 'None' }
  | { readonly kind: 'Accepted'; readonly entry: Entry }
  | { readonly kind: 'InVain'; readonly but: string };

/** What the entries of `spec.accept` make of a finding. */
export function acceptanceOf(
  subject: Subject,
  { accept }: Pick<MeshMigrationSpec, 'accept'>,
  isTheirs: boolean,
): Acceptance {
  const named = accept.filter((entry) => entry.finding === subject.id && isNamed(entry, subject));
  const reasons = named.map((entry) => whyNot(entry, subject, isTheirs));
  const taken = named.filter((_, at) => reasons[at] === undefined);
  // Who has named the object itself has said more than who has named all of them.
  const entry = taken.find(({ object }) => object === subject.object) ?? taken.at(0);
  if (entry !== undefined) return { kind: 'Accepted', entry };
  const [but] = reasons;
  return but === undefined ? { kind: 'None' } : { kind: 'InVain', but };
}

/** The entries that accept it as it is, to be copied. */
export function entriesFor({ id, object, seen }: Subject): string {
  if (seen === undefined) return '';
  const entry = (of: string, digest: string): string => `{finding: ${id}, object: ${of}, digest: ${digest}}`;
  if (object === allBeside(object))
    return ` To accept them as they are, add to spec.accept: ${entry(object, seen.all())}.`;
  return ` To accept it as it is, add to spec.accept: ${entry(object, seen.one)}; with all others of the kind there: ${entry(allBeside(object), seen.all())}.`;
}
