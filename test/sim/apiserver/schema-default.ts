import { asArray, isObject, type JsonObject } from './json.ts';
import { memberSchema, type Schema } from './schema.ts';

/**
 * Fills in defaults (apiextensions defaulting). A null for a field that has a default and is not nullable counts as
 * absent. The same value when nothing was missing.
 */
export function applyDefaults(value: unknown, schema: Schema): unknown {
  if (isObject(value)) return defaultMembers(value, schema);
  if (!Array.isArray(value) || schema.items === undefined) return value;
  const { items } = schema;
  const filled = asArray(value).map((item) => applyDefaults(item, items));
  return filled.every((item, index) => item === value[index]) ? value : filled;
}

function defaultMembers(object: JsonObject, schema: Schema): JsonObject {
  let filled = object;
  const set = (key: string, value: unknown): void => {
    filled = { ...filled, [key]: value };
  };
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const present =
      object[key] !== undefined &&
      !(object[key] === null && property.nullable !== true && property.default !== undefined);
    if (!present && property.default !== undefined) set(key, property.default);
  }
  for (const [key, member] of Object.entries(filled)) {
    const property = memberSchema(schema, key);
    if (property === undefined) continue;
    const below = applyDefaults(member, property);
    if (below !== member) set(key, below);
  }
  return filled;
}
