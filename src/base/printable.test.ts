import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { parse } from 'yaml';
import { printable, printableJson, printableYaml } from './printable.ts';
import { costOf } from '../../test/support/cost.ts';

const acting = [
  '\u0000',
  '\u0007',
  '\u001B',
  '\r',
  '\u007F',
  '\u0085',
  '\u009B',
  '\u202A',
  '\u202E',
  '\u2066',
  '\u2069',
  '\u2028',
  '\u2029',
  '\u200F',
  '\uFEFF',
  '\u2800',
  '\u3164',
  '\u00AD',
  '\uFE0F',
  '\u00A0',
];
const odd = fc
  .array(
    fc.constantFrom(
      ...acting,
      '::',
      '##',
      'some words',
      '\u{E0041}',
      '\u{10FFFF}',
      'a',
      ' ',
      '\n',
      '\t',
      '\\',
      '"',
      "'",
      ':',
      '#',
      '-',
      '1',
      '&',
      '*',
      '|',
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));

describe('printable', () => {
  it.each(acting.map((character) => character.charCodeAt(0).toString(16)))('escapes the character %s', (code) => {
    expect(printable(`a${String.fromCharCode(Number.parseInt(code, 16))}[31m`)).toMatch(/^a\\u[0-9a-f]{4}\[31m$/);
  });

  it('escapes whatever nobody sees, and every blank but those that everybody knows', () => {
    const left = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code)).filter(
      (character) =>
        /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u.test(character) && printable(character) === character,
    );
    expect(left).toEqual(['\t', '\n', ' ']);
  });

  it('lets a text of tags be seen', () => {
    expect(printable('a\u{E0041}')).toBe('a\\udb40\\udc41');
    expect(printableYaml({ a: '\u{E0041}' }, { lineWidth: 0 })).toBe('a: "\\U000e0041"\n');
  });

  it('leaves lines, tabs and letters of any script', () => {
    expect(printable('größe\t東京\nשלום 🙂')).toBe('größe\t東京\nשלום 🙂');
  });

  it('leaves JSON what it says', () => {
    fc.assert(
      fc.property(fc.dictionary(odd, odd), (value) => {
        const text = printableJson(value);
        // Not by JSON.parse: that of Node 24.9 takes a key that is one escape ("\\u007f") for the key "\\" if it has seen
        // that before. JSON is YAML.
        expect(parse(text)).toEqual({ ...value });
        expect(text).not.toMatch(/^\s*::|##/m);
      }),
      { numRuns: 200 },
    );
  });

  it('takes a long text of blank lines as fast as any other', () => {
    const cost = costOf(() => printableYaml({ text: `${'\n'.repeat(40_000)}x` }, { lineWidth: 0 }));

    // Each line end tried as the beginning of the rest takes seconds.
    expect(cost).toBeLessThan(75);
  });

  it('leaves a key of a map in YAML that begins like a command', () => {
    expect(parse(printableYaml({ map: { '::1': 'a' } }, { lineWidth: 0 }))).toEqual({ map: { '::1': 'a' } });
  });

  it.each([' \n', '\n \n', '\t\n'])('leaves in YAML what consists of blanks: %j', (blanks) => {
    expect(parse(printableYaml({ [blanks]: [blanks] }, { lineWidth: 0 }))).toEqual({ [blanks]: [blanks] });
  });

  it('leaves YAML what it says', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            key: odd,
            list: fc.array(odd, { maxLength: 3 }),
            map: fc.dictionary(odd, odd, { maxKeys: 3, noNullPrototype: true }),
          }),
          { maxLength: 3 },
        ),
        (value) => {
          for (const lineWidth of [0, 20]) {
            const text = printableYaml(value, { aliasDuplicateObjects: false, lineWidth });

            expect(text).toBe(printable(text));
            expect(text).not.toMatch(/^\s*::.*\s|##/m);
            expect(parse(text)).toEqual(value);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
