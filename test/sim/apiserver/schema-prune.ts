import { asArray, isObject, type JsonObject } from './json.ts';
import { memberSchema, rootFields, type Schema } from './schema.ts';

/** A value without the fields its schema does not know, and their paths. */
export interface Pruned {
  readonly value: unknown;
  readonly unknownFields: readonly string[];
}

const free: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

/** Removes unknown fields (apiextensions pruning). Fields of the root that every object has are kept. */
export function pruneObject(object: JsonObject, schema: Schema): Pruned {
  const unknownFields: string[] = [];
  return {
    value: pruneMembers(object, { ...schema, 'x-kubernetes-embedded-resource': true }, '', unknownFields),
    unknownFields: unknownFields.sort(),
  };
}

function prune(value: unknown, schema: Schema | undefined, path: string, unknownFields: string[]): unknown {
  if (isObject(value)) return pruneMembers(value, schema ?? {}, path, unknownFields);
  if (!Array.isArray(value)) return value;
  const items = schema?.['x-kubernetes-preserve-unknown-fields'] === true ? (schema.items ?? free) : schema?.items;
  const pruned = asArray(value).map((item, index) => prune(item, items, `${path}[${String(index)}]`, unknownFields));
  return pruned.every((item, index) => item === value[index]) ? value : pruned;
}

function pruneMembers(object: JsonObject, schema: Schema, path: string, unknownFields: string[]): JsonObject {
  const kept: Record<string, unknown> = {};
  let changed = false;
  for (const [key, member] of Object.entries(object)) {
    const known =
      schema['x-kubernetes-embedded-resource'] === true && rootFields.includes(key)
        ? free
        : (memberSchema(schema, key) ?? (schema['x-kubernetes-preserve-unknown-fields'] === true ? free : undefined));
    const below = path === '' ? key : `${path}.${key}`;
    if (known === undefined) {
      unknownFields.push(below);
      changed = true;
    } else {
      kept[key] = known === free ? member : prune(member, known, below, unknownFields);
      changed ||= kept[key] !== member;
    }
  }
  return changed ? kept : object;
}
