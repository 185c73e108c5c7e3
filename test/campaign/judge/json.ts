/** Anything of JSON, looked at without trust. */
export type Json = Readonly<Record<string, unknown>>;

/** The value as an object; empty if it is none. */
export function fields(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The value at the end of a path; undefined if there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => fields(found)[key], value);
}

/** The value as a list of objects. */
export function items(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

/** The strings of a list. */
export function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** The strings of an object. */
export function labels(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The value if it is a string; else nothing. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Whether an object has all these labels. */
export function hasLabels(of: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => of[key] === value);
}
