import { untyped, type FieldType } from './field-type.ts';
import { metadataType } from './builtin-field-types.ts';
import { additionalSchema, type Schema } from './schema.ts';

/** The merge type that a schema's x-kubernetes-list-type, list-map-keys and map-type ask for. */
function fieldTypeOf(schema: Schema): FieldType {
  if (schema.type === 'array') return listType(schema);
  if (schema['x-kubernetes-map-type'] === 'atomic') return { atomic: true };
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([key, property]) => [key, fieldTypeOf(property)]),
  );
  const additional = additionalSchema(schema);
  if (additional !== undefined) return { map: fieldTypeOf(additional) };
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) {
    return Object.keys(fields).length === 0 ? untyped : { fields, rest: untyped };
  }
  return { fields };
}

function listType(schema: Schema): FieldType {
  const items = schema.items === undefined ? {} : fieldTypeOf(schema.items);
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return { set: true, items };
    case 'map': {
      const keys = schema['x-kubernetes-list-map-keys'] ?? [];
      const defaults = keys
        .map((key) => [key, schema.items?.properties?.[key]?.default] as const)
        .filter(([, value]) => value !== undefined);
      return { keys, items, keyDefaults: Object.fromEntries(defaults) };
    }
    default:
      return { atomic: true };
  }
}

/** The merge type of a custom resource. */
export function customFieldType(schema: Schema): FieldType {
  const type = fieldTypeOf(schema);
  return { ...type, fields: { apiVersion: {}, kind: {}, ...type.fields, metadata: metadataType } };
}
