import { asArray, isObject, type JsonObject } from './json.ts';
import { memberSchema, rootFields, type Schema } from './schema.ts';

const reserved: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);

/** A property name as rules write it (apiserver cel.Escape); names of map keys are not escaped. */
function escapeProperty(name: string): string {
  if (reserved.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

/** A value as a rule sees it: integers as CEL ints, timestamps as such, properties under their escaped names. */
export function celValue(value: unknown, schema: Schema | undefined): unknown {
  if (typeof value === 'number') return isIntegral(value, schema) ? BigInt(value) : value;
  if (typeof value === 'string') return schema?.format === 'date-time' ? new Date(value) : value;
  if (Array.isArray(value)) return asArray(value).map((item) => celValue(item, schema?.items));
  return isObject(value) ? celMembers(value, schema ?? {}) : value;
}

function isIntegral(value: number, schema: Schema | undefined): boolean {
  return Number.isInteger(value) && schema?.type !== 'number';
}

function celMembers(object: JsonObject, schema: Schema): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, member]) => {
      const declared =
        schema.properties?.[key] !== undefined ||
        (schema['x-kubernetes-embedded-resource'] === true && rootFields.includes(key));
      return [declared ? escapeProperty(key) : key, celValue(member, memberSchema(schema, key))];
    }),
  );
}

/** The root of an object: of its metadata only the name is visible to rules. */
export function celRoot(object: JsonObject, schema: Schema): unknown {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const visible = Object.fromEntries(
    Object.entries(metadata).filter(([key]) => key === 'name' || key === 'generateName'),
  );
  return celValue({ ...object, metadata: visible }, schema);
}
