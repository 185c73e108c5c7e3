import { isObject, type JsonObject } from './json.ts';

/** Applies an RFC 7386 patch: null removes a member, objects merge, everything else replaces. */
export function applyMergePatch(target: unknown, patch: JsonObject): JsonObject {
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = isObject(value) ? applyMergePatch(merged[key], value) : value;
  }
  return merged;
}
