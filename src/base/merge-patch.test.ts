import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { mergePatch } from './merge-patch.ts';

type Json = Readonly<Record<string, unknown>>;

/** RFC 7386, section 2. */
function applyTo(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = applyTo(result[key], value);
  }
  return result;
}

const key = fc.constantFrom('phase', 'step', 'pods', 'labels', 'x');
const document = fc.letrec<{ object: Json; value: unknown }>((tie) => ({
  object: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof(
    { depthSize: 'small' },
    fc.nat(2),
    fc.constantFrom('a', 'b'),
    fc.boolean(),
    fc.array(tie('object'), { maxLength: 2 }),
    tie('object'),
  ),
})).object;

describe('mergePatch', () => {
  it('turns before into after for any two documents', () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        expect(applyTo(before, mergePatch(before, after) ?? {})).toEqual(after);
      }),
      { numRuns: 500 },
    );
  });

  it('says nothing about equal documents', () => {
    fc.assert(
      fc.property(document, (same) => {
        expect(mergePatch(same, JSON.parse(JSON.stringify(same)) as Json)).toBeUndefined();
      }),
    );
  });

  it.each<[string, Json, Json]>([
    ['at the top', { a: 1 }, { a: 1, b: undefined }],
    ['in an object', { a: { x: 1 } }, { a: { x: 1, y: undefined } }],
    ['in an object that stays empty', { a: {} }, { a: { y: undefined } }],
    ['in a list', { a: [{ x: 1 }] }, { a: [{ x: 1, y: undefined }] }],
  ])(
    'takes an undefined member %s for an absent one, so that no patch changes nothing for ever',
    (_where, before, after) => {
      expect(mergePatch(before, after)).toBeUndefined();
    },
  );

  it('removes what is absent or undefined, at any depth', () => {
    expect(mergePatch({ a: 1, b: { c: 1, d: 2 } }, { b: { c: 1, d: undefined } })).toEqual({ a: null, b: { d: null } });
  });

  it('replaces lists as a whole, and members of another type', () => {
    expect(mergePatch({ a: [1], b: { c: 1 }, d: 1 }, { a: [1, 2], b: 'text', d: { e: 1 } })).toEqual({
      a: [1, 2],
      b: 'text',
      d: { e: 1 },
    });
  });
});
