import { objectSchema } from '../../src/api/crd.ts';
import { kinds, type KindDefinition } from '../../src/api/kinds.ts';
import type { Resource } from '../../src/api/object.ts';
import type { StructuralSchema } from '../../src/api/structural-schema.ts';
import { validateValue } from '../sim/apiserver/schema-validate.ts';

/** One key of a status, with two values of its schema that differ. */
export interface StatusKey {
  readonly resource: Resource;
  readonly kind: string;
  readonly key: string;
  readonly values: readonly [unknown, unknown];
}

type Pair = readonly [unknown, unknown];

/** Pairs of strings: a schema gets the first that it takes. */
const pairs: readonly (readonly [string, string])[] = [
  ['One', 'Two'],
  ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
  [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`],
];

function stringsOf(schema: StructuralSchema): Pair {
  if (schema.enum !== undefined) return [schema.enum[0], schema.enum.at(-1)];
  const taken = pairs.find((pair) => pair.every((text) => validateValue(text, undefined, schema, '').length === 0));
  if (taken === undefined) throw new Error(`no two strings are known that this takes: ${JSON.stringify(schema)}`);
  return taken;
}

/** The second differs from the first in every member: keys of lists that are maps differ too. */
function objectsOf(schema: StructuralSchema): Pair {
  const members = Object.entries(schema.properties ?? {}).map(([key, member]) => [key, valuesOf(member)] as const);
  return [0, 1].map((index) => Object.fromEntries(members.map(([key, pair]) => [key, pair[index]]))) as unknown as Pair;
}

/** Two values that the API server takes. */
function valuesOf(schema: StructuralSchema): Pair {
  switch (schema.type) {
    case 'string':
      return stringsOf(schema);
    case 'boolean':
      return [false, true];
    case 'integer':
    case 'number':
      return [1, 2];
    case 'array': {
      const [one, two] = valuesOf(schema.items ?? {});
      return [[one], [one, two]];
    }
    default:
      return objectsOf(schema);
  }
}

function keysOf(definition: KindDefinition): readonly StatusKey[] {
  const { resource } = definition;
  const schema = objectSchema(definition).properties?.['status'];
  return Object.entries(schema?.properties ?? {}).map(([key, member]) => ({
    resource,
    kind: resource.kind,
    key,
    values: valuesOf(member),
  }));
}

/** Every key of the status of both kinds, from the schema: one that is added tomorrow is among them. */
export const statusKeys: readonly StatusKey[] = kinds.flatMap(keysOf);
