import { extend } from '../../base/lists.ts';
import { kindKey, type KubeObject, type Resource } from '../../api/object.ts';
import { listed } from '../../base/counted.ts';
import { nearest } from '../../base/nearest.ts';
import { namespaces } from '../../engine/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ApiError, ExpiredError, ForbiddenError, NotFoundError } from '../../kube/errors.ts';
import type { MeshAdapter } from '../../mesh/adapter.ts';
import { isUnserved } from '../cluster/explained.ts';
import { Refused } from '../cluster/refused.ts';
import { isTooDeep } from '../manifests/depth.ts';
import { nameOf } from '../manifests/duplicates.ts';
import type { Manifest, Manifests, Unreadable } from '../manifests/manifest.ts';
import { kept, podFilter } from './kept.ts';
import { liveKinds, type LiveKind } from './kinds.ts';

/** What is read, and for whom. */
export interface Reading {
  readonly client: KubeClient;
  readonly mesh: Pick<MeshAdapter, 'watched' | 'modeOf'>;
  /** Of the control plane. */
  readonly rootNamespace: string;
  /** The namespaces that are asked about; undefined: all. */
  readonly asked: ReadonlySet<string> | undefined;
  readonly signal: AbortSignal;
}

/** More are not held at once: whoever has as many asks about manifests, namespace by namespace. */
const mostObjects = 200_000;

/** As much as a check has to wait for, and no more than an API server likes to give at once. */
const pageSize = 500;

function tooMany(what: string): Refused {
  return new Refused(
    `there are more than ${mostObjects} ${what}: ask about manifests instead (-f), some namespaces after the others`,
  );
}

/** What was found of a kind; `deep` are those that nobody can read, because all that reads them recurses. */
interface Found {
  readonly manifests: readonly Manifest[];
  readonly deep: readonly string[];
}

/** What came of a kind. */
type Outcome =
  | ({ readonly kind: 'Read' } & Found)
  | { readonly kind: 'Unserved' }
  | { readonly kind: 'Unread'; readonly error: ApiError };

async function pagesOf(
  { resource, page: limit = pageSize }: LiveKind,
  namespace: string | undefined,
  { client, mesh, signal }: Reading,
): Promise<Found> {
  const isKept = podFilter(mesh);
  const found: Manifest[] = [];
  const deep: string[] = [];
  let next: string | undefined;
  do {
    const page = await client.listPage(resource, {
      namespace,
      limit,
      ...(next !== undefined && { continue: next }),
      signal,
    });
    for (const item of page.items) {
      if (isTooDeep(item)) deep.push(nameOf(resource.kind, item));
      else if (isKept(resource, item)) found.push(kept(resource, item));
    }
    if (found.length > mostObjects) throw tooMany(resource.plural);
    next = page.continue;
  } while (next !== undefined);
  return { manifests: found, deep };
}

/** Once more from the beginning where the list has become too old on the way. */
async function listOf(kind: LiveKind, namespace: string | undefined, reading: Reading): Promise<Outcome> {
  const attempt = async (): Promise<Outcome> => ({
    kind: 'Read',
    ...(await pagesOf(kind, namespace, reading)),
  });
  try {
    return await attempt().catch(async (error: unknown) => {
      if (error instanceof ExpiredError) return await attempt();
      throw error;
    });
  } catch (error) {
    // Who is not known may read nothing at all, and a server that is away has nothing to say of any kind.
    const isFirst = kindKey(kind.resource) === kindKey(namespaces) && !(error instanceof ForbiddenError);
    if (!(error instanceof ApiError) || error.code === 401 || isFirst) throw error;
    return isUnserved(error) ? { kind: 'Unserved' } : { kind: 'Unread', error };
  }
}

/** One namespace, for whoever may get it and list none; one that is not there is nothing. */
async function namespaceAlone(name: string, { client, signal }: Reading): Promise<Outcome> {
  try {
    const home = await client.get(namespaces, undefined, name, signal);
    return { kind: 'Read', manifests: [kept(namespaces, home)], deep: [] };
  } catch (error) {
    if (error instanceof NotFoundError) return { kind: 'Read', manifests: [], deep: [] };
    if (!(error instanceof ApiError) || error.code === 401) throw error;
    return { kind: 'Unread', error };
  }
}

/** What may be read in single namespaces where it may not be in all. */
async function byNamespace(kind: LiveKind, reading: Reading): Promise<Found | undefined> {
  const { asked, rootNamespace } = reading;
  const isNamespaces = kindKey(kind.resource) === kindKey(namespaces);
  if (asked === undefined || !(kind.resource.namespaced || isNamespaces)) return undefined;
  const manifests: Manifest[] = [];
  const deep: string[] = [];
  for (const name of new Set([...asked, rootNamespace])) {
    const outcome = isNamespaces ? await namespaceAlone(name, reading) : await listOf(kind, name, reading);
    if (outcome.kind !== 'Read') return undefined;
    extend(manifests, outcome.manifests);
    extend(deep, outcome.deep);
  }
  return { manifests, deep };
}

function unread({ resource, optional }: LiveKind, error: ApiError, besides: readonly string[]): Unreadable {
  const whose = besides.length === 0 ? '' : ` of other namespaces than ${listed(besides)}`;
  const lost = optional === undefined ? '' : `; ${optional}`;
  const name = kindKey(resource);
  const why = error instanceof ForbiddenError ? `you may not list ${name} (${error.code})` : error.sentence;
  return {
    file: name,
    reason: `not checked: ${resource.kind}${whose}, because ${why}${lost}`,
    ...(optional !== undefined && { isMinor: true }),
  };
}

function tooDeep({ resource }: LiveKind, { deep }: Found): readonly Unreadable[] {
  return deep.map((name) => ({
    file: kindKey(resource),
    reason: `not checked: ${name}, because it is nested too deeply`,
  }));
}

function checkServed(served: readonly LiveKind[], kinds: readonly LiveKind[], { client }: Reading): void {
  if (served.some(({ isOfMesh }) => isOfMesh)) return;
  const names = kinds.filter(({ isOfMesh }) => isOfMesh).map(({ resource }) => resource.kind);
  throw new Refused(
    `${client.server} serves none of ${listed(names, 3)}: the mesh is not installed there, or this is another cluster than you think (--context)`,
  );
}

/** A misspelt name would be a clean result. */
function checkAsked({ asked }: Reading, manifests: readonly Manifest[]): void {
  const names = manifests.filter(({ kind }) => kind === 'Namespace').map(({ object }) => object.metadata.name);
  const missing = [...(asked ?? [])].find((name) => !names.includes(name));
  // Where none may be read, that is said by itself.
  if (missing === undefined || names.length === 0) return;
  const near = nearest(missing, names);
  throw new Refused(`there is no namespace ${missing}${near === undefined ? '' : `. Did you mean ${near}?`}`);
}

/** What was read of a kind, and what was not. */
interface ReadKind {
  readonly kind: LiveKind;
  readonly manifests: readonly Manifest[];
  readonly unreadable: readonly Unreadable[];
}

/** What may be read all the same of a kind that may not be listed, and that it may not. */
async function unreadKind(kind: LiveKind, error: ApiError, reading: Reading): Promise<ReadKind> {
  const some = error instanceof ForbiddenError && !kind.isOfRoot ? await byNamespace(kind, reading) : undefined;
  if (some === undefined) return { kind, manifests: [], unreadable: [unread(kind, error, [])] };
  const besides = [...(reading.asked ?? [])];
  return { kind, manifests: some.manifests, unreadable: [unread(kind, error, besides), ...tooDeep(kind, some)] };
}

/**
 * Undefined where it is not served: there is nothing of it. Who may not list it is told the same of what is there and
 * of what is not, because rights are asked first; of groups discovery tells.
 */
async function readKind(
  kind: LiveKind,
  reading: Reading,
  isServed: (group: string) => Promise<boolean>,
): Promise<ReadKind | undefined> {
  const first = await listOf(kind, kind.isOfRoot ? reading.rootNamespace : undefined, reading);
  switch (first.kind) {
    case 'Unserved':
      return undefined;
    case 'Read':
      return { kind, manifests: first.manifests, unreadable: tooDeep(kind, first) };
    case 'Unread': {
      const { error } = first;
      const isHidden = error instanceof ForbiddenError && !(await isServed(kind.resource.group));
      return isHidden ? undefined : await unreadKind(kind, error, reading);
    }
  }
}

/** Whether a group of the API is served, asked when somebody wants to know; where that may not be read all are. */
function servedBy({ client, signal }: Reading): (group: string) => Promise<boolean> {
  let asked: Promise<ReadonlySet<string> | undefined> | undefined;
  return async (group) => {
    asked ??= client.groups(signal).catch((error: unknown) => {
      if (error instanceof ApiError) return undefined;
      throw error;
    });
    return group === '' || ((await asked)?.has(group) ?? true);
  };
}

/**
 * All that checks of manifests read, from a cluster: one list of each kind, page by page, and nothing is written. What
 * may not be read is named, each kind once.
 */
export async function readCluster(reading: Reading): Promise<Manifests> {
  const kinds = liveKinds(reading.mesh);
  const isServed = servedBy(reading);
  const read: ReadKind[] = [];
  let held = 0;
  for (const kind of kinds) {
    const found = await readKind(kind, reading, isServed);
    if (found === undefined) continue;
    read.push(found);
    held += found.manifests.length;
    if (held > mostObjects) throw tooMany('objects');
  }
  checkServed(
    read.map(({ kind }) => kind),
    kinds,
    reading,
  );
  const manifests = read.flatMap((each) => each.manifests);
  checkAsked(reading, manifests);
  return { manifests, unreadable: read.flatMap(({ unreadable }) => unreadable) };
}

/** The workloads of a namespace among what was read. */
export function objectsIn(
  { manifests }: Pick<Manifests, 'manifests'>,
  { group, kind }: Resource,
  namespace: string,
): readonly KubeObject[] {
  return manifests
    .filter((manifest) => manifest.group === group && manifest.kind === kind)
    .map(({ object }) => object)
    .filter(({ metadata }) => metadata.namespace === namespace);
}
