import { FieldSetBuilder, type FieldSet } from './field-set.ts';
import { isAssociative, isMapKey, memberType, plain, type FieldType } from './field-type.ts';
import { asArray, asObject, equal, isObject, type JsonObject } from './json.ts';

/** The path element of an item of an associative list. */
export function itemElement(type: FieldType, item: unknown): string {
  if (type.keys === undefined) return `v:${JSON.stringify(item)}`;
  const object = asObject(item);
  const key = type.keys.toSorted().map((name) => [name, object[name] ?? type.keyDefaults?.[name]] as const);
  return `k:${JSON.stringify(Object.fromEntries(key.filter(([, value]) => value !== undefined)))}`;
}

/** The paths that a configuration sets (typed.ToFieldSet): leaves, map keys, list items. */
export function fieldSetOf(value: unknown, type: FieldType): FieldSet {
  const builder = new FieldSetBuilder();
  collect(value, type, builder);
  return builder.build();
}

/** Whether the value is one leaf; if not, what lies below is added to the builder. */
function collect(value: unknown, type: FieldType, builder: FieldSetBuilder): boolean {
  if (isObject(value)) {
    if (type.atomic === true) return true;
    for (const [key, member] of Object.entries(value)) {
      const element = `f:${key}`;
      const leaf = collect(member, memberType(type, key), builder.below(element));
      const empty = member === null || (isObject(member) && Object.keys(member).length === 0);
      if (leaf || empty || isMapKey(type, key)) builder.insert(element);
    }
    return false;
  }
  if (!Array.isArray(value) || !isAssociative(type)) return true;
  for (const item of asArray(value)) {
    const element = itemElement(type, item);
    collect(item, type.items ?? plain, builder.below(element));
    builder.insert(element);
  }
  return false;
}

/** What an update did, path by path (typed.Comparison). */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

interface Differences {
  readonly added: FieldSetBuilder;
  readonly modified: FieldSetBuilder;
  readonly removed: FieldSetBuilder;
}

/** Compares two values of the same type. Identical parts cost nothing, so share them first. */
export function compareValues(left: unknown, right: unknown, type: FieldType): Comparison {
  const found: Differences = {
    added: new FieldSetBuilder(),
    modified: new FieldSetBuilder(),
    removed: new FieldSetBuilder(),
  };
  compareBelow(left, right, type, found);
  return { added: found.added.build(), modified: found.modified.build(), removed: found.removed.build() };
}

function compareMember(left: unknown, right: unknown, type: FieldType, element: string, found: Differences): void {
  if (left === right) return;
  const below: Differences = {
    added: found.added.below(element),
    modified: found.modified.below(element),
    removed: found.removed.below(element),
  };
  const leaf = isLeaf(left, right, type);
  if (left === undefined) found.added.insert(element);
  else if (right === undefined) found.removed.insert(element);
  else if (leaf && !equal(left, right)) found.modified.insert(element);
  if (!leaf) compareBelow(left, right, type, below);
}

function isContainer(value: unknown, type: FieldType): boolean {
  return isObject(value) ? type.atomic !== true : Array.isArray(value) && isAssociative(type);
}

function size(value: unknown): number {
  return isObject(value) ? Object.keys(value).length : asArray(value).length;
}

/** Atomic values and scalars are leaves, and so is a pair of empty containers, to keep empty and absent apart. */
function isLeaf(left: unknown, right: unknown, type: FieldType): boolean {
  if (!isContainer(left, type) && !isContainer(right, type)) return true;
  return size(left) === 0 && size(right) === 0;
}

function compareBelow(left: unknown, right: unknown, type: FieldType, found: Differences): void {
  if (isObject(left) || isObject(right)) {
    const before = asObject(left);
    const after = asObject(right);
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compareMember(before[key], after[key], memberType(type, key), `f:${key}`, found);
    }
    return;
  }
  const before = itemsByElement(left, type);
  const after = itemsByElement(right, type);
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    compareMember(before.get(element), after.get(element), type.items ?? plain, element, found);
  }
}

/** The items of an associative list by their path elements. */
export function itemsByElement(list: unknown, type: FieldType): ReadonlyMap<string, unknown> {
  return new Map(asArray(list).map((item) => [itemElement(type, item), item]));
}

/** The value without the members of the set (typed.RemoveItems). */
export function removeFields(value: unknown, set: FieldSet, type: FieldType): unknown {
  if (set.members.size === 0 && set.children.size === 0) return value;
  if (isObject(value)) {
    const kept: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      const element = `f:${key}`;
      if (!set.members.has(element)) kept[key] = removeBelow(member, set, element, memberType(type, key));
    }
    return kept satisfies JsonObject;
  }
  if (!Array.isArray(value) || !isAssociative(type)) return value;
  return asArray(value)
    .filter((item) => !set.members.has(itemElement(type, item)))
    .map((item) => removeBelow(item, set, itemElement(type, item), type.items ?? plain));
}

function removeBelow(member: unknown, set: FieldSet, element: string, type: FieldType): unknown {
  const below = set.children.get(element);
  return below === undefined ? member : removeFields(member, below, type);
}

/** The set together with every named struct field on the way to its paths (fieldpath.EnsureNamedFieldsAreMembers). */
export function withNamedParents(set: FieldSet, type: FieldType): FieldSet {
  const members = new Set(set.members);
  const children = [...set.children].map(([element, child]) => {
    const isField = element.startsWith('f:');
    const key = element.slice(2);
    if (isField && !isMapKey(type, key)) members.add(element);
    return [element, withNamedParents(child, isField ? memberType(type, key) : (type.items ?? plain))] as const;
  });
  return { members, children: new Map(children) };
}

/**
 * `left` with `right` laid over it (typed.Merge): structs and maps member by member, associative lists item by item.
 */
export function mergeValues(left: unknown, right: unknown, type: FieldType): unknown {
  if (isObject(left) && isObject(right) && type.atomic !== true) {
    const merged: Record<string, unknown> = { ...left };
    for (const [key, value] of Object.entries(right))
      merged[key] = mergeValues(left[key], value, memberType(type, key));
    return merged;
  }
  if (Array.isArray(left) && Array.isArray(right) && isAssociative(type)) return mergeLists(left, right, type);
  return right;
}

/** Items of `right` in their order; items that only `left` has stay after the item they followed. */
function mergeLists(left: readonly unknown[], right: readonly unknown[], type: FieldType): readonly unknown[] {
  const existing = itemsByElement(left, type);
  const wanted = itemsByElement(right, type);
  const remaining = left.map((item) => itemElement(type, item));
  const merged: unknown[] = [];
  const takeOwn = (): void => {
    while (remaining[0] !== undefined && !wanted.has(remaining[0])) merged.push(existing.get(remaining.shift() ?? ''));
  };
  for (const [element, item] of wanted) {
    takeOwn();
    merged.push(existing.has(element) ? mergeValues(existing.get(element), item, type.items ?? plain) : item);
    const position = remaining.indexOf(element);
    if (position !== -1) remaining.splice(position, 1);
  }
  takeOwn();
  return merged;
}
