/** Plain JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** `value` as an object; anything else reads as an empty one, so that odd user YAML never throws. */
export function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** `value` as a list; anything else reads as an empty one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `value` as a list of objects. */
export function records(value: unknown): readonly Json[] {
  return list(value).map(record);
}

/** `value` as a list of strings, other members left out. */
export function strings(value: unknown): readonly string[] {
  return list(value).filter((member) => typeof member === 'string');
}

/** `value` if it is a string. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `value` if it is a number, else `otherwise`. */
export function count(value: unknown, otherwise = 0): number {
  return typeof value === 'number' ? value : otherwise;
}

/** `value` as a string map; other members left out. */
export function stringMap(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
