import { objectSchema } from '../../src/api/crd.ts';
import { kinds, type KindDefinition } from '../../src/api/kinds.ts';
import type { Resource } from '../../src/api/object.ts';
import type { StructuralSchema } from '../../src/api/structural-schema.ts';

/** One key of a status, with two values of its schema that differ. */
export interface StatusKey {
  readonly resource: Resource;
  readonly kind: string;
  readonly key: string;
  readonly values: readonly [unknown, unknown];
}

type Pair = readonly [unknown, unknown];

function stringsOf({ format, enum: words }: StructuralSchema): Pair {
  if (words !== undefined) return [words[0], words.at(-1)];
  return format === 'date-time' ? ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'] : ['One', 'Two'];
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
