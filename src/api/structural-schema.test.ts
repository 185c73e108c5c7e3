import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { complaints } from './schema-rules.ts';
import { structuralSchema } from './structural-schema.ts';
import type { StructuralSchema } from './structural-schema.ts';

describe('structuralSchema', () => {
  it.each([
    ['an unbounded integer', z.int(), { type: 'integer', format: 'int64' }],
    ['a bounded integer', z.int32().min(1).max(6000), { type: 'integer', format: 'int32', minimum: 1, maximum: 6000 }],
    ['an integer with one bound', z.int32().min(1), { type: 'integer', format: 'int32', minimum: 1 }],
    [
      'a closed object',
      z.strictObject({ a: z.boolean() }),
      { type: 'object', required: ['a'], properties: { a: { type: 'boolean' } } },
    ],
    ['a time', z.iso.datetime(), { type: 'string', format: 'date-time' }],
    ['a map', z.record(z.string(), z.boolean()), { type: 'object', additionalProperties: { type: 'boolean' } }],
    [
      'an optional field',
      z.object({ a: z.boolean().optional() }),
      { type: 'object', properties: { a: { type: 'boolean' } } },
    ],
    [
      'a defaulted object',
      z.object({ a: z.boolean().default(true) }).prefault({}),
      { type: 'object', default: {}, properties: { a: { type: 'boolean', default: true } } },
    ],
    [
      'extensions',
      z.array(z.boolean()).meta({ 'x-kubernetes-list-type': 'set' }),
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'boolean' } },
    ],
  ])('writes %s', (_title, schema, expected) => {
    expect(structuralSchema(schema)).toEqual(expected);
  });

  it('writes a number or a string in the one form the API server allows, with the bounds beside it', () => {
    expect(
      structuralSchema(
        z.union([
          z.int().min(0),
          z
            .string()
            .max(4)
            .regex(/^[0-9]+%$/),
        ]),
      ),
    ).toEqual({
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      minimum: 0,
      maxLength: 4,
      pattern: '^[0-9]+%$',
    });
  });
});

describe('complaints', () => {
  const text: StructuralSchema = { type: 'string', maxLength: 8 };

  it.each<[string, StructuralSchema, string]>([
    ['a string without bound', { type: 'string' }, 'field is a string without maxLength, enum or format'],
    ['a list without bound', { type: 'array', items: text }, 'field is a list without maxItems'],
    ['a list of anything', { type: 'array', maxItems: 3 }, 'field is a list without items'],
    ['a map without bound', { type: 'object', additionalProperties: text }, 'field is a map without maxProperties'],
    [
      'an object without fields',
      { type: 'object' },
      'field is an object without fields: the API server would drop its content',
    ],
    ['an undescribed field', { type: 'object', properties: { a: text } }, 'field.a has no description'],
    ['no type', { description: 'x' }, 'field has no type'],
    [
      'a choice of types',
      { type: 'object', properties: {}, anyOf: [text] },
      'field uses anyOf for something else than a number or a string',
    ],
    [
      'an optional key of a list',
      {
        type: 'array',
        maxItems: 2,
        'x-kubernetes-list-map-keys': ['a'],
        items: { type: 'object', properties: { a: { ...text, description: 'x' } } },
      },
      'field is a list of type map whose keys are neither required nor defaulted',
    ],
    [
      'a fault in an item',
      { type: 'array', maxItems: 2, items: { type: 'string' } },
      'field[] is a string without maxLength, enum or format',
    ],
    [
      'a fault in a value',
      { type: 'object', maxProperties: 2, additionalProperties: { type: 'string' } },
      'field{} is a string without maxLength, enum or format',
    ],
  ])('finds %s', (_title, schema, complaint) => {
    expect(complaints(schema, 'field')).toEqual([complaint]);
  });

  it('finds what a discriminated union becomes', () => {
    const union = z.discriminatedUnion('type', [
      z.object({ type: z.literal('a') }),
      z.object({ type: z.literal('b') }),
    ]);

    expect(complaints(structuralSchema(union), 'field')).toContain(
      'field uses a keyword that a structural schema must not have',
    );
  });
});
