import type { StatusCause } from './errors.ts';
import { asArray, isObject } from './json.ts';
import { memberSchema, type Schema } from './schema.ts';
import { itemElement } from './typed-value.ts';

function duplicates(list: readonly unknown[], schema: Schema, path: string): readonly StatusCause[] {
  const kind = schema['x-kubernetes-list-type'];
  if (kind !== 'set' && kind !== 'map') return [];
  const type = kind === 'set' ? { set: true as const } : { keys: schema['x-kubernetes-list-map-keys'] ?? [] };
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const element = itemElement(type, item);
    if (!seen.has(element)) {
      seen.add(element);
      return [];
    }
    return [
      {
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${element.slice(2)}`,
        field: `${path}[${String(index)}]`,
      },
    ];
  });
}

/** Keys that a list-map or set holds twice, anywhere below (x-kubernetes-list-type). */
export function validateListKeys(
  value: unknown,
  previous: unknown,
  schema: Schema,
  path: string,
): readonly StatusCause[] {
  if (value === previous) return [];
  if (Array.isArray(value)) {
    const { items } = schema;
    const below =
      items === undefined
        ? []
        : asArray(value).flatMap((item, index) =>
            validateListKeys(item, asArray(previous)[index], items, `${path}[${String(index)}]`),
          );
    return [...duplicates(value, schema, path), ...below];
  }
  if (!isObject(value)) return [];
  const before = isObject(previous) ? previous : {};
  return Object.entries(value).flatMap(([key, member]) => {
    const property = memberSchema(schema, key);
    return property === undefined
      ? []
      : validateListKeys(member, before[key], property, path === '' ? key : `${path}.${key}`);
  });
}
