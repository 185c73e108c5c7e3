import type { StructuralSchema } from './structural-schema.ts';

interface SchemaRule {
  readonly complaint: string;
  broken(schema: StructuralSchema): boolean;
}

function isText(schema: StructuralSchema): boolean {
  return schema.type === 'string' || schema['x-kubernetes-int-or-string'] === true;
}

/** Junctors may only carry value validations in a structural schema, and references do not exist there at all. */
const forbiddenKeywords = [
  '$ref',
  'definitions',
  'oneOf',
  'allOf',
  'not',
  'const',
  'propertyNames',
  'patternProperties',
];

/**
 * What every node has to keep to. The bounds are not decoration: from them the API server estimates the cost of CEL
 * rules, and it refuses a CustomResourceDefinition whose rules could become too expensive.
 */
const rules: readonly SchemaRule[] = [
  {
    complaint: 'uses a keyword that a structural schema must not have',
    broken: (schema) => forbiddenKeywords.some((keyword) => keyword in schema),
  },
  {
    complaint: 'uses anyOf for something else than a number or a string',
    broken: (schema) => schema.anyOf !== undefined && schema['x-kubernetes-int-or-string'] !== true,
  },
  {
    complaint: 'has no type',
    broken: (schema) => schema.type === undefined && schema['x-kubernetes-int-or-string'] !== true,
  },
  {
    complaint: 'is a string without maxLength, enum or format',
    broken: (schema) =>
      isText(schema) && schema.maxLength === undefined && schema.enum === undefined && schema.format === undefined,
  },
  {
    complaint: 'is a list without maxItems',
    broken: (schema) => schema.type === 'array' && schema.maxItems === undefined,
  },
  { complaint: 'is a list without items', broken: (schema) => schema.type === 'array' && schema.items === undefined },
  {
    complaint: 'is a map without maxProperties',
    broken: (schema) => schema.additionalProperties !== undefined && schema.maxProperties === undefined,
  },
  {
    complaint: 'is an object without fields: the API server would drop its content',
    broken: (schema) =>
      schema.type === 'object' && schema.properties === undefined && schema.additionalProperties === undefined,
  },
  {
    complaint: 'is a list of type map whose keys are neither required nor defaulted',
    broken: (schema) =>
      !(schema['x-kubernetes-list-map-keys'] ?? []).every(
        (key) =>
          schema.items?.required?.includes(key) === true || schema.items?.properties?.[key]?.default !== undefined,
      ),
  },
];

function children(schema: StructuralSchema, path: string): readonly (readonly [string, StructuralSchema])[] {
  return [
    ...Object.entries(schema.properties ?? {}).map(([name, child]) => [`${path}.${name}`, child] as const),
    ...(schema.items === undefined ? [] : [[`${path}[]`, schema.items] as const]),
    ...(schema.additionalProperties === undefined ? [] : [[`${path}{}`, schema.additionalProperties] as const]),
  ];
}

/**
 * Everything in a schema that the API server would refuse or that `kubectl explain` could not explain; empty when all
 * is well.
 */
export function complaints(schema: StructuralSchema, path: string): readonly string[] {
  const undescribed = Object.entries(schema.properties ?? {})
    .filter(([, child]) => (child.description ?? '') === '')
    .map(([name]) => `${path}.${name} has no description`);
  return [
    ...rules.filter((rule) => rule.broken(schema)).map((rule) => `${path} ${rule.complaint}`),
    ...undescribed,
    ...children(schema, path).flatMap(([childPath, child]) => complaints(child, childPath)),
  ];
}
