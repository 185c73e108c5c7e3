/** A JSON object that nobody changes: every change makes a new one that shares the unchanged parts. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether the value is a JSON object (neither null nor an array). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one when it is something else. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The value as a list; an empty one when it is something else. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The value as a string; the empty one when it is something else. */
export function asString(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The value as a number; `fallback` when it is something else. */
export function asNumber(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

/** The member at a path of field names; undefined as soon as one is absent. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const field of path) {
    if (!isObject(current)) return undefined;
    current = current[field];
  }
  return current;
}

/** A copy of the object with one member set at a path of field names, or removed when `value` is undefined. */
export function withField<T extends object>(object: T, path: readonly string[], value: unknown): T {
  const [field, ...rest] = path;
  if (field === undefined) return object;
  const members = object as unknown as JsonObject;
  const next = rest.length === 0 ? value : withField(asObject(members[field]), rest, value);
  if (next === members[field] && (next !== undefined || !(field in members))) return object;
  const { [field]: _removed, ...others } = members;
  return (next === undefined ? others : { ...members, [field]: next }) as unknown as T;
}

/** A copy without the named members; the same object when it has none of them. */
export function omit<T extends object>(object: T, ...fields: readonly string[]): T {
  const present = fields.filter((field) => field in object);
  return present.reduce((copy, field) => withField(copy, [field], undefined), object);
}

/** A copy without the members that are undefined, so that it equals what JSON would carry. */
export function compact(object: JsonObject): JsonObject {
  const entries = Object.entries(object);
  return entries.some(([, value]) => value === undefined)
    ? Object.fromEntries(entries.filter(([, value]) => value !== undefined))
    : object;
}

/** Deep equality of JSON values; a member that is undefined counts as absent. */
export function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equal(item, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  return (
    Object.keys(left).every((key) => equal(left[key], right[key])) &&
    Object.keys(right).every((key) => right[key] === undefined || left[key] !== undefined)
  );
}

/** Freezes a JSON value through and through. A part that is already frozen is taken to be so below, too. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}

/**
 * `next` with every part that equals the corresponding part of `previous` replaced by it. Afterwards "unchanged" is
 * "identical", so that comparing two versions of an object costs only what differs.
 */
export function share<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next)) return next;
  if (Array.isArray(previous) && Array.isArray(next)) return shareList(previous, next) as T;
  if (isObject(previous) && isObject(next)) return shareMembers(previous, next) as T;
  return next;
}

function shareList(previous: readonly unknown[], next: readonly unknown[]): readonly unknown[] {
  const shared = next.map((item, index) => share(previous[index], item));
  return previous.length === next.length && shared.every((item, index) => item === previous[index]) ? previous : shared;
}

function shareMembers(previous: JsonObject, next: JsonObject): JsonObject {
  const shared: Record<string, unknown> = {};
  let same = true;
  for (const key of Object.keys(next)) {
    const value = share(previous[key], next[key]);
    if (value === undefined) continue;
    shared[key] = value;
    same &&= value === previous[key];
  }
  return same && Object.keys(previous).length === Object.keys(shared).length ? previous : shared;
}
