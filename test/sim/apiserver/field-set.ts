import { isObject, type JsonObject } from './json.ts';

/**
 * A set of field paths as a trie (fieldpath.Set). Path elements are written as in fieldsV1: `f:name` for a field,
 * `k:{"name":"x"}` for an item of a list-map, `v:"x"` for a member of a set.
 */
export interface FieldSet {
  /** Elements that are themselves in the set. */
  readonly members: ReadonlySet<string>;
  /** What lies below an element; never empty sets. */
  readonly children: ReadonlyMap<string, FieldSet>;
}

/** The set without paths. */
export const emptySet: FieldSet = { members: new Set(), children: new Map() };

/** A path: elements from the root. */
export type Path = readonly string[];

/** A set under construction. */
export class FieldSetBuilder {
  private readonly members = new Set<string>();
  private readonly children = new Map<string, FieldSetBuilder>();

  insert(element: string): void {
    this.members.add(element);
  }

  below(element: string): FieldSetBuilder {
    let child = this.children.get(element);
    if (child === undefined) {
      child = new FieldSetBuilder();
      this.children.set(element, child);
    }
    return child;
  }

  build(): FieldSet {
    return make(
      this.members,
      [...this.children].map(([element, child]) => [element, child.build()]),
    );
  }
}

function make(members: ReadonlySet<string>, children: readonly (readonly [string, FieldSet])[]): FieldSet {
  const kept = children.filter(([, child]) => !isEmpty(child));
  return members.size === 0 && kept.length === 0 ? emptySet : { members, children: new Map(kept) };
}

/** Whether no path is in the set. */
export function isEmpty(set: FieldSet): boolean {
  return set.members.size === 0 && set.children.size === 0;
}

/** Paths in either set. */
export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(right) || left === right) return left;
  if (isEmpty(left)) return right;
  const elements = new Set([...left.children.keys(), ...right.children.keys()]);
  return make(
    new Set([...left.members, ...right.members]),
    [...elements].map((element) => [
      element,
      union(left.children.get(element) ?? emptySet, right.children.get(element) ?? emptySet),
    ]),
  );
}

/** Paths in `left` and not in `right`; a path in `right` takes nothing that lies below it. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(right) || isEmpty(left)) return left;
  return make(
    new Set([...left.members].filter((element) => !right.members.has(element))),
    [...left.children].map(([element, child]) => [element, difference(child, right.children.get(element) ?? emptySet)]),
  );
}

/** Paths in both sets. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(left) || isEmpty(right)) return emptySet;
  return make(
    new Set([...left.members].filter((element) => right.members.has(element))),
    [...left.children].map(([element, child]) => [
      element,
      intersection(child, right.children.get(element) ?? emptySet),
    ]),
  );
}

/** Whether both hold the same paths. */
export function sameSet(left: FieldSet, right: FieldSet): boolean {
  if (left === right) return true;
  return (
    left.members.size === right.members.size &&
    left.children.size === right.children.size &&
    [...left.members].every((element) => right.members.has(element)) &&
    [...left.children].every(([element, child]) => {
      const other = right.children.get(element);
      return other !== undefined && sameSet(child, other);
    })
  );
}

/** Every path of the set, in sorted order. */
export function pathsOf(set: FieldSet, prefix: Path = []): readonly Path[] {
  const elements = [...new Set([...set.members, ...set.children.keys()])].sort();
  return elements.flatMap((element) => {
    const path = [...prefix, element];
    const child = set.children.get(element);
    return [...(set.members.has(element) ? [path] : []), ...(child === undefined ? [] : pathsOf(child, path))];
  });
}

/** The set as managedFields carry it. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const elements = [...new Set([...set.members, ...set.children.keys()])].sort();
  return Object.fromEntries(
    elements.map((element) => {
      const child = set.children.get(element);
      if (child === undefined) return [element, {}];
      const inner = toFieldsV1(child);
      return [element, set.members.has(element) ? { '.': {}, ...inner } : inner];
    }),
  );
}

/** The set that a fieldsV1 object stands for. */
export function fromFieldsV1(fields: JsonObject): FieldSet {
  const members = new Set<string>();
  const children: (readonly [string, FieldSet])[] = [];
  for (const [element, value] of Object.entries(fields)) {
    if (element === '.' || !isObject(value)) continue;
    const keys = Object.keys(value);
    if (keys.length === 0 || keys.includes('.')) members.add(element);
    children.push([element, fromFieldsV1(value)]);
  }
  return make(members, children);
}

/** A path as conflict messages print it: `.spec.containers[name="app"].image`. */
export function printPath(path: Path): string {
  return path.map(printElement).join('');
}

function printElement(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  const key: unknown = JSON.parse(rest);
  return `[${Object.entries(isObject(key) ? key : {})
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}]`;
}
