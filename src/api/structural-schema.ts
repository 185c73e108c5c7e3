import { z } from 'zod';

/** One CEL rule of a schema (`x-kubernetes-validations`). */
export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
}

/** The part of OpenAPI 3.0 that Kubernetes allows in a CustomResourceDefinition and that our schemas use. */
export interface StructuralSchema {
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly anyOf?: readonly StructuralSchema[];
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** What zod writes before it is made structural; only the members that differ from StructuralSchema are named. */
type EmittedSchema = Omit<StructuralSchema, 'additionalProperties'> & {
  readonly additionalProperties?: StructuralSchema | boolean;
};

const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

/** zod bounds every integer by what a double holds exactly; in OpenAPI that is said by the format. */
function integer(schema: EmittedSchema): EmittedSchema {
  if (schema.type !== 'integer') return schema;
  const { minimum = -Infinity, maximum = Infinity, ...rest } = schema;
  return {
    ...rest,
    format: minimum >= int32.min && maximum <= int32.max ? 'int32' : 'int64',
    ...(minimum > Number.MIN_SAFE_INTEGER && minimum !== int32.min && { minimum }),
    ...(maximum < Number.MAX_SAFE_INTEGER && maximum !== int32.max && { maximum }),
  };
}

/** Kubernetes allows types below anyOf in one form only; the bounds of the branches move up beside it. */
function intOrString(schema: EmittedSchema): EmittedSchema {
  const [first, second] = schema.anyOf ?? [];
  if (schema.anyOf?.length !== 2 || first?.type !== 'integer' || second?.type !== 'string') return schema;
  const { type: _integer, format: _int64, ...numeric } = integer(first);
  const { type: _string, ...textual } = second;
  return {
    ...numeric,
    ...textual,
    ...schema,
    'x-kubernetes-int-or-string': true,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
  };
}

/**
 * `additionalProperties: false` beside properties is forbidden: the API server prunes, or refuses, unknown fields
 * itself.
 */
function closedObject(schema: EmittedSchema): EmittedSchema {
  if (schema.additionalProperties !== false) return schema;
  const { additionalProperties: _closed, ...rest } = schema;
  return rest;
}

/** The API server checks the format; a pattern beside it would only say the same at length. */
function dateTime(schema: EmittedSchema): EmittedSchema {
  if (schema.format !== 'date-time') return schema;
  const { pattern: _pattern, ...rest } = schema;
  return rest;
}

const rewrites = [integer, intOrString, closedObject, dateTime];

/** The order of keys in the files: what people look for first comes first. */
const leading = ['description', 'type', 'format', 'enum', 'default'];
const trailing = ['required', 'properties', 'items', 'additionalProperties'];

function rank(key: string): number {
  const first = leading.indexOf(key);
  const last = trailing.indexOf(key);
  if (first >= 0) return first - leading.length;
  return last >= 0 ? last + 1 : 0;
}

function structural(emitted: EmittedSchema): StructuralSchema {
  const { properties, items, additionalProperties, ...own } = rewrites.reduce(
    (schema, rewrite) => rewrite(schema),
    emitted,
  );
  const schema: StructuralSchema = {
    ...own,
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, structural(child)])),
    }),
    ...(items !== undefined && { items: structural(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: structural(additionalProperties) }),
  };
  return Object.fromEntries(Object.entries(schema).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)));
}

/**
 * The structural schema of a zod schema: what is optional, defaulted, bounded and described there is so here.
 * Keys given by `.meta({ 'x-kubernetes-…': … })` pass through. It is not yet checked: see `complaints`.
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  const { $schema: _dialect, ...emitted } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    unrepresentable: 'throw',
  });
  return structural(emitted as EmittedSchema);
}
