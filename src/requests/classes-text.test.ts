import { describe, expect, it, jest } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { bounded } from '../base/effort.ts';
import { RequestSpaceTooLarge } from './boxes.ts';
import { maximumSteps, reachableTexts } from './classes-text-automaton.ts';
import { identityParts } from './classes-identity.ts';
import { occurs, textClasses, type TextClasses, type TextKind } from './classes-text.ts';
import { textMatcher, textMatches, type PathMatch } from './matches-text.ts';
import type { TextMatch } from './semantics.ts';

const kinds: readonly TextKind[] = ['Any', 'NotEmpty', 'Segment', 'Path'];

const value = fc.array(fc.constantFrom('a', 'b', 'A', '/'), { maxLength: 3 }).map((characters) => characters.join(''));

const match: fc.Arbitrary<PathMatch> = fc.oneof(
  fc.record({ kind: fc.constantFrom('Exact' as const, 'Prefix' as const, 'Suffix' as const), value }),
  fc.record({
    kind: fc.constantFrom('Exact' as const, 'Prefix' as const, 'Suffix' as const),
    value,
    ignoreCase: fc.constant(true),
  }),
  fc.constant<PathMatch>({ kind: 'Present' }),
  fc.tuple(value, value).map(([first, second]): PathMatch => ({ kind: 'Glob', value: `${first}*${second}` })),
  fc
    .array(fc.constantFrom('/a', '/b', '/{*}'), { minLength: 1, maxLength: 3 })
    .chain((parts) =>
      fc
        .constantFrom('', '/{**}', '/{**}/a')
        .map((tail): PathMatch => ({ kind: 'Template', value: parts.join('') + tail })),
    ),
);

/** Every text of up to five characters, of which one is in no value and one (=) is none of a template's. */
const everyText = [
  '',
  ...Array.from({ length: 5 }).reduce<string[]>(
    (texts) => [
      ...new Set([...texts, ...texts.flatMap((text) => ['a', 'b', 'A', '/', 'q', '='].map((one) => text + one))]),
    ],
    [''],
  ),
];

/** Which of the matches hold for a text, as zeros and ones. */
function truthsUnder(matches: readonly PathMatch[]): (text: string) => string {
  const matchers = matches.map(textMatcher);
  return (text) => matchers.map((one) => Number(one(text))).join('');
}

/** What the classes say can hold together. */
function combinations({ forms, ends, holds }: TextClasses): ReadonlyMap<string, string> {
  const bit = (bits: bigint, index: number): boolean => ((bits >> BigInt(index)) & 1n) === 1n;
  return new Map(
    forms.flatMap((form, index) =>
      (form.open ? ends : ['']).map((end, place): [string, string] => [
        holds.map((one) => Number(bit(one.forms, index) || (form.open && bit(one.ends, place)))).join(''),
        form.open ? form.text + end : form.text,
      ]),
    ),
  );
}

describe('classes of texts', () => {
  it.each(kinds)(
    'of kind %s hold every combination of matches that some short text has, and each is true of its text',
    (kind) => {
      fc.assert(
        fc.property(fc.array(match, { maxLength: 4 }), (matches) => {
          const found = combinations(textClasses(kind, matches, ['a']));
          const truths = truthsUnder(matches);
          expect([...found].filter(([expected, text]) => !occurs(kind, text) || truths(text) !== expected)).toEqual([]);
          expect(everyText.filter((text) => occurs(kind, text) && !found.has(truths(text)))).toEqual([]);
        }),
        { numRuns: 100 },
      );
    },
  );

  it('name the usual text first if no match tells it from others', () => {
    expect(
      textClasses('Path', [{ kind: 'Prefix', value: '/admin' }], ['/other'])
        .forms.map(({ text }) => text)
        .slice(0, 2),
    ).toEqual(['/other', '/admin']);
  });

  it('are given up, with an error, when patterns overlap in too many ways', () => {
    const globs = Array.from('abcdefghijklmnopqrst', (character): PathMatch => ({
      kind: 'Glob',
      value: `*${character}*`,
    }));
    expect(() => textClasses('Any', globs, [], 100_000)).toThrow(RequestSpaceTooLarge);
  });
});

describe('a pattern of many parts', () => {
  it('costs for each place in which it may be, so that it is given up', () => {
    const template: PathMatch = { kind: 'Template', value: `/${'{*}'.repeat(2000)}` };
    expect(bounded(4_000_000, () => reachableTexts('Path', [template], '\u0000', () => false, maximumSteps)).kind).toBe(
      'TooLarge',
    );
  });
});

describe('a suffix of many characters', () => {
  it('is compared with what is open by those that may lead out, and not by each', () => {
    const prefixes = Array.from({ length: 20 }, (_, at): PathMatch => ({
      kind: 'Prefix',
      value: '/a'.padEnd(at + 2, 'a'),
    }));
    const characters = Array.from({ length: 2000 }, (_, at) => String.fromCodePoint(0x100 + at));
    const suffix: PathMatch = { kind: 'Suffix', value: characters.join('') };
    const joined = jest.spyOn(Array.prototype, 'join');
    try {
      const done = bounded(1_500_000, () =>
        reachableTexts('Path', [...prefixes, suffix], 'x', ({ kind }) => kind === 'Suffix', maximumSteps),
      );
      expect(done).toMatchObject({ kind: 'Done' });
      expect(joined.mock.calls.length).toBeLessThan(20_000);
    } finally {
      joined.mockRestore();
    }
  });
});

describe('patterns for identities', () => {
  const parts = ['cluster.local', 'ns', 'sa', 'shop', 'shop-api', 'a'];
  const identity = fc
    .tuple(fc.constantFrom(...parts), fc.constantFrom(...parts), fc.constantFrom(...parts))
    .map(([domain, namespace, name]) => ({ domain, namespace, name, text: `${domain}/ns/${namespace}/sa/${name}` }));
  const piece = fc
    .tuple(identity, fc.nat(30), fc.nat(30))
    .map(([{ text }, from, to]) => text.slice(Math.min(from, to), Math.max(from, to)));
  const pattern: fc.Arbitrary<TextMatch> = fc.oneof(
    identity.map(({ text }): TextMatch => ({ kind: 'Exact', value: text })),
    fc
      .tuple(identity, fc.nat(30))
      .map(([{ text }, length]): TextMatch => ({ kind: 'Prefix', value: text.slice(0, length) })),
    fc
      .tuple(identity, fc.nat(30))
      .map(([{ text }, length]): TextMatch => ({ kind: 'Suffix', value: text.slice(length) })),
    fc.tuple(piece, piece, piece).map((pieces): TextMatch => ({ kind: 'Glob', value: pieces.join('*') })),
    fc.constant<TextMatch>({ kind: 'Present' }),
  );

  it('ask the same of the parts as of the whole', () => {
    fc.assert(
      fc.property(pattern, fc.array(identity, { minLength: 40, maxLength: 40 }), (match, identities) => {
        for (const { text, domain, namespace, name } of identities) {
          const byParts = identityParts(match).some(
            (one) =>
              textMatches(one.trustDomain, domain) &&
              textMatches(one.namespace, namespace) &&
              textMatches(one.serviceAccount, name),
          );
          expect([text, byParts]).toEqual([text, textMatches(match, text)]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
