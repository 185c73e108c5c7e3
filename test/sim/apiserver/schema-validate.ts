import { invalidValue, notSupported, required, type StatusCause } from './errors.ts';
import { asArray, equal, isObject, type JsonObject } from './json.ts';
import { hasFormat } from './schema-formats.ts';
import { memberSchema, type Schema } from './schema.ts';

/** What fits into 64 bits: all else is decoded as a float64 (k8s.io/apimachinery/pkg/util/json). */
function isInteger(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function allowedTypes(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return schema.type === undefined || schema.type === '' ? [] : [schema.type];
}

function hasType(value: unknown, schema: Schema): boolean {
  const allowed = allowedTypes(schema);
  const name = typeName(value);
  return (
    allowed.length === 0 ||
    allowed.includes(name) ||
    (name === 'integer' && allowed.includes('number')) ||
    (value === null && schema.nullable === true)
  );
}

function wrongType(path: string, value: unknown, type: string): StatusCause {
  const name = typeName(value);
  return {
    ...invalidValue(path, name, `${inBody(path)} must be of type ${type}: "${name}"`),
    reason: 'FieldValueTypeInvalid',
  };
}

function inBody(path: string): string {
  return path === '' ? '' : `${path} in body`;
}

/** A bound of a schema: whether a value breaks it, and what is then said. */
type Check = (value: never, schema: Schema, path: string) => StatusCause | undefined;

function tooLong(limit: number): string {
  return `Too long: may not be more than ${String(limit)} bytes`;
}

function tooMany(actual: number, limit: number): string {
  return `Too many: ${String(actual)}: must have at most ${String(limit)} ${limit === 1 ? 'item' : 'items'}`;
}

const stringChecks: readonly Check[] = [
  (value: string, { maxLength }, field) =>
    maxLength !== undefined && [...value].length > maxLength
      ? { reason: 'FieldValueTooLong', message: tooLong(maxLength), field }
      : undefined,
  (value: string, { minLength }, field) =>
    minLength !== undefined && [...value].length < minLength
      ? invalidValue(field, value, `${inBody(field)} should be at least ${String(minLength)} chars long`)
      : undefined,
  (value: string, { pattern }, field) =>
    pattern !== undefined && !new RegExp(pattern, 'u').test(value)
      ? invalidValue(field, value, `${inBody(field)} should match '${pattern}'`)
      : undefined,
  (value: string, { format }, field) =>
    format !== undefined && !hasFormat(value, format)
      ? {
          ...invalidValue(field, value, `${inBody(field)} must be of type ${format}: "${value}"`),
          reason: 'FieldValueTypeInvalid',
        }
      : undefined,
];

const numberChecks: readonly Check[] = [
  (value: number, { maximum, exclusiveMaximum }, field) => {
    if (maximum === undefined || (exclusiveMaximum === true ? value < maximum : value <= maximum)) return undefined;
    return invalidValue(
      field,
      value,
      `${inBody(field)} should be less than ${exclusiveMaximum === true ? '' : 'or equal to '}${String(maximum)}`,
    );
  },
  (value: number, { minimum, exclusiveMinimum }, field) => {
    if (minimum === undefined || (exclusiveMinimum === true ? value > minimum : value >= minimum)) return undefined;
    return invalidValue(
      field,
      value,
      `${inBody(field)} should be greater than ${exclusiveMinimum === true ? '' : 'or equal to '}${String(minimum)}`,
    );
  },
  (value: number, { multipleOf }, field) =>
    multipleOf !== undefined && value % multipleOf !== 0
      ? invalidValue(field, value, `${inBody(field)} should be a multiple of ${String(multipleOf)}`)
      : undefined,
];

const listChecks: readonly Check[] = [
  (value: readonly unknown[], { maxItems }, field) =>
    maxItems !== undefined && value.length > maxItems
      ? { reason: 'FieldValueTooMany', message: tooMany(value.length, maxItems), field }
      : undefined,
  (value: readonly unknown[], { minItems }, field) =>
    minItems !== undefined && value.length < minItems
      ? invalidValue(field, value.length, `${inBody(field)} should have at least ${String(minItems)} items`)
      : undefined,
];

const objectChecks: readonly Check[] = [
  (value: JsonObject, { maxProperties }, field) => {
    const size = Object.keys(value).length;
    return maxProperties !== undefined && size > maxProperties
      ? { reason: 'FieldValueTooMany', message: tooMany(size, maxProperties), field }
      : undefined;
  },
  (value: JsonObject, { minProperties }, field) =>
    minProperties !== undefined && Object.keys(value).length < minProperties
      ? invalidValue(
          field,
          Object.keys(value).length,
          `${inBody(field)} should have at least ${String(minProperties)} properties`,
        )
      : undefined,
];

function checksFor(value: unknown): readonly Check[] {
  switch (typeof value) {
    case 'string':
      return stringChecks;
    case 'number':
      return numberChecks;
    case 'object':
      return Array.isArray(value) ? listChecks : objectChecks;
    default:
      return [];
  }
}

function child(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function junctors(value: unknown, schema: Schema, path: string): readonly StatusCause[] {
  const holds = (option: Schema): boolean => validateValue(value, undefined, option, path).length === 0;
  const said = path === '' ? '""' : `"${path}"`;
  const causes = (schema.allOf ?? []).flatMap((part) => validateValue(value, undefined, part, path));
  if (schema.anyOf !== undefined && !schema.anyOf.some(holds)) {
    causes.push({ ...invalidValue('', '', `${said} must validate at least one schema (anyOf)`), field: '<nil>' });
  }
  const matching = schema.oneOf?.filter(holds).length;
  if (matching !== undefined && matching !== 1) {
    const found = matching === 0 ? 'Found none valid' : `Found ${String(matching)} valid alternatives`;
    causes.push({
      ...invalidValue('', '', `${said} must validate one and only one schema (oneOf). ${found}`),
      field: '<nil>',
    });
    const [first] = schema.oneOf ?? [];
    if (matching === 0 && first !== undefined) causes.push(...validateValue(value, undefined, first, path));
  }
  if (schema.not !== undefined && holds(schema.not)) {
    causes.push({ ...invalidValue('', '', `${said} must not validate the schema (not)`), field: '<nil>' });
  }
  return causes;
}

/**
 * What breaks the schema, in the API server's words. A part that is identical to the previous version is not checked
 * again (validation ratcheting), so share the two versions first.
 */
export function validateValue(value: unknown, previous: unknown, schema: Schema, path: string): readonly StatusCause[] {
  if (value === undefined || value === previous) return [];
  const causes: StatusCause[] = hasType(value, schema) ? [] : [wrongType(path, value, allowedTypes(schema).join(','))];
  if (value === null) return causes;
  if (schema.enum !== undefined && !schema.enum.some((allowed) => equal(allowed, value)))
    causes.push(notSupported(path, value, schema.enum));
  if (causes.length > 0) return causes;
  for (const check of checksFor(value)) {
    const cause = check(value as never, schema, path);
    if (cause !== undefined) causes.push(cause);
  }
  causes.push(...junctors(value, schema, path));
  if (Array.isArray(value)) causes.push(...validateItems(value, previous, schema, path));
  else if (isObject(value)) causes.push(...validateMembers(value, previous, schema, path));
  return causes;
}

function validateItems(
  list: readonly unknown[],
  previous: unknown,
  schema: Schema,
  path: string,
): readonly StatusCause[] {
  const { items } = schema;
  const before = asArray(previous);
  return items === undefined
    ? []
    : list.flatMap((item, index) => validateValue(item, before[index], items, `${path}[${String(index)}]`));
}

function validateMembers(object: JsonObject, previous: unknown, schema: Schema, path: string): readonly StatusCause[] {
  const before = isObject(previous) ? previous : {};
  const missing = (schema.required ?? [])
    .filter((key) => object[key] === undefined)
    .map((key) => required(child(path, key)));
  const below = Object.entries(object).flatMap(([key, member]) => {
    const property = memberSchema(schema, key);
    return property === undefined ? [] : validateValue(member, before[key], property, child(path, key));
  });
  return [...missing, ...below];
}
