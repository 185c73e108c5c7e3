import { isDeepStrictEqual } from 'node:util';

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The JSON merge patch (RFC 7386) that turns `before` into `after`; undefined if they are equal. Members that are
 * absent or undefined in `after` become null, which removes them.
 */
export function mergePatch(before: Json, after: Json): Json | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, wanted] = [before[key], after[key]];
    // As JSON: a member that is undefined within a list is no difference, and a patch for it would change nothing for
    // ever.
    if (
      isDeepStrictEqual(old, wanted) ||
      (Array.isArray(wanted) && isDeepStrictEqual(old, JSON.parse(JSON.stringify(wanted))))
    )
      continue;
    if (wanted === undefined) patch[key] = null;
    else if (isObject(old) && isObject(wanted)) {
      const inner = mergePatch(old, wanted);
      if (inner !== undefined) patch[key] = inner;
    } else patch[key] = wanted;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
