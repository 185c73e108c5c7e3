import { nearest } from '../base/nearest.ts';
import { shown } from '../base/shown.ts';
import type { StructuralSchema } from './structural-schema.ts';

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function missing(key: string, path: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return `${path}.${shown(key)}: no such field${meant === undefined ? '' : `; the nearest is ${meant}`}`;
}

/**
 * The fields of an object that its schema does not have, each with its path and the name that was probably meant. `kubectl
 * apply` refuses them (strict field validation), and without that the API server takes them off without a word.
 */
export function unknownFields(value: unknown, schema: StructuralSchema, path: string): readonly string[] {
  const { properties, items, additionalProperties } = schema;
  if (Array.isArray(value))
    return items === undefined ? [] : value.flatMap((each, at) => unknownFields(each, items, `${path}[${at}]`));
  if (!isObject(value)) return [];
  if (properties === undefined)
    return additionalProperties === undefined
      ? []
      : Object.entries(value).flatMap(([key, each]) =>
          unknownFields(each, additionalProperties, `${path}.${shown(key)}`),
        );
  return Object.entries(value).flatMap(([key, each]) => {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    return known === undefined
      ? [missing(key, path, Object.keys(properties))]
      : unknownFields(each, known, `${path}.${key}`);
  });
}
