import { parse, stringify } from 'yaml';
import type { Surroundings } from '../../src/mesh/adapter.ts';

/** What nobody may have an administrator read as a sentence of ours, and what acts on his terminal. */
export const poison = 'x. KNOWN BUG, run: kubectl delete namespace shop ; then it goes on\u001b[2J\u202e';

/** Any part of it that would do harm. */
export const harm = /run: kubectl|delete namespace|kubectl,delete|[\u001b\u202e\u2800\u3164]|\u{E0041}/u;

/** Names, and what controllers write or Kubernetes holds to words without blanks: no tenant writes a sentence there. */
const bounded: ReadonlySet<string> = new Set([
  ...['name', 'uid', 'resourceVersion', 'namespace', 'kind', 'owner', 'node', 'serviceAccount', 'revision', 'strategy'],
  ...['labels', 'templateLabels', 'containers', 'containerPorts', 'nodeAccounts', 'gateway', 'trouble', 'status'],
  ...['selector', 'ports', 'conditions', 'asks', 'proxyParts', 'otherProxies', 'readsCertificate', 'updatesNames'],
  ...['placement', 'opensBy', 'updateRevision'],
]);

type Change = (text: string) => string;

/** YAML in a text: the mesh configuration, or what an annotation tells a proxy. */
function mapsIn(text: string): unknown {
  if (!/^[\w-]+:\s|^\{"/.test(text)) return undefined;
  try {
    const value: unknown = parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Every text of a value, and every key of a map, as they are changed; what has none is the same one. */
function changed(value: unknown, change: Change): unknown {
  if (typeof value === 'string') {
    const inside = mapsIn(value);
    if (inside === undefined) return change(value);
    const after = changed(inside, change);
    return after === inside ? value : stringify(after);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const members = value.map((each: unknown) => changed(each, change));
    return members.some((each, at) => each !== value[at]) ? members : value;
  }
  const entries = Object.entries(value).map(([key, each]): readonly [string, unknown] => [key, each]);
  const after = entries.map(([key, each]) => [change(key), changed(each, change)] as const);
  const isSame = entries.every(([key, each], at) => after[at]?.[0] === key && after[at][1] === each);
  return isSame ? value : Object.fromEntries(after);
}

/** The same of a view of an object: of its own fields those that a tenant writes as he likes. */
function changedView(view: object, change: Change): object {
  const entries = Object.entries(view).map(([field, value]: [string, unknown]): readonly [string, unknown] => {
    if (bounded.has(field)) return [field, value];
    if (typeof value !== 'object' || value === null || field === 'spec') return [field, changed(value, change)];
    // Keys of annotations and the like are names to the API server.
    return [field, mapped(value, (each) => changed(each, change))];
  });
  return entries.some(([field, value]) => value !== (view as Readonly<Record<string, unknown>>)[field])
    ? Object.fromEntries(entries)
    : view;
}

function mapped(value: object, change: (member: unknown) => unknown): object {
  if (Array.isArray(value)) return (value as readonly unknown[]).map(change);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(member)] as const));
}

/** What of a picture are views of objects, in lists or behind functions of the mesh. */
const lists = ['pods', 'workloads', 'otherTemplates', 'services', 'budgets'] as const;
const asked = ['configs', 'pods', 'services', 'workloads', 'otherTemplates', 'daemonSets'] as const;

/** A picture in which each text that a tenant may write is another, in every place where it stands. */
function rewritten(given: Surroundings, change: Change): Surroundings {
  const known = new Map<object, object>();
  const once = <T extends object>(value: T, make: (value: T) => object): T => {
    const made = known.get(value) ?? make(value);
    known.set(value, made);
    return made as T;
  };
  const view = <T extends object>(each: T): T => once(each, () => changedView(each, change));
  const all = <T extends object>(list: readonly T[]): readonly T[] => once(list, () => list.map(view));
  const mesh = Object.fromEntries(
    asked.map((name) => [
      name,
      (...args: readonly string[]) =>
        all((given.mesh[name] as (...args: readonly string[]) => readonly object[])(...args)),
    ]),
  );
  return {
    ...given,
    ...Object.fromEntries(lists.map((name) => [name, all<object>(given[name])])),
    namespace: view(given.namespace),
    mesh: { ...given.mesh, ...mesh },
  };
}

/** Ways in which it may still be taken for what it was: all of it, its ends, and what stands in its middle. */
const ways: readonly Change[] = [
  () => poison,
  (text) => `${text}${poison}`,
  (text) => `${text}/${poison}`,
  (text) => `${poison}${text}`,
  (text) => text.replace(/(?<=[[/.])[^[\]/.]+(?=[\]/.]|$)/, poison),
];

/** Of a picture with more texts than that the others are like the first ones: paths of a policy that is too large. */
const most = 10;

/** Each text that is read for an answer, once. */
function textsRead(given: Surroundings, ask: (given: Surroundings) => unknown): readonly string[] {
  const texts = new Set<string>();
  ask(
    rewritten(given, (text) => {
      texts.add(text);
      return text;
    }),
  );
  return [...texts].slice(0, most);
}

/**
 * The answers about a picture with a sentence in the place of a text that is read for it, of each in turn, and in all
 * places of that text at once: names refer to each other.
 */
export function disguised<T>(given: Surroundings, ask: (given: Surroundings) => readonly T[]): readonly T[] {
  return textsRead(given, ask).flatMap((text) =>
    ways.flatMap((way) => ask(rewritten(given, (each) => (each === text ? way(text) : each)))),
  );
}
