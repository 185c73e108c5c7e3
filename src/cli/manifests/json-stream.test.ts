import { describe, expect, it } from '@jest/globals';
import { jsonObjects, type Characters } from './json-stream.ts';

/** How many characters are read, one by one or of what is cut out, until it is known what a text is. */
function readsOf(text: string): number {
  let reads = 0;
  const counted: Characters = {
    length: text.length,
    charAt: (at) => {
      reads += 1;
      return text.charAt(at);
    },
    slice: (from, to) => {
      const cut = text.slice(from, to);
      reads += cut.length;
      return cut;
    },
  };
  jsonObjects(counted);
  return reads;
}

const hostile: Readonly<Record<string, string>> = {
  'quotes that are none, in a text that does not end': `{"a": "${'\\"'.repeat(1000)}`,
  'the same that ends in the middle of an escape': `{"a": "${'\\"'.repeat(1000)}\\`,
  'quotes and escapes in turn': `{"a": ${'"\\'.repeat(1000)}`,
  'objects that nothing closes': '{"a":'.repeat(1000),
  'many objects': '{"a": {"b": "c"}}\n'.repeat(200),
};

describe('a stream of JSON objects', () => {
  it('is cut into its objects, whatever stands in their texts', () => {
    const [one, other] = ['{"a": "}\\"{", "b": [1, {"c": null}]}', '{"d": "\\\\"}'];

    expect(jsonObjects(`\n${one}\n\t${other},`)).toEqual([
      { text: one, offset: 1 },
      { text: other, offset: one.length + 3 },
    ]);
  });

  it.each(['', 'a: b', '{"a": "b}', '{"a": 1}}', '{"a": 1', '{"a": 1} b', '"a"', '{"a": "b\\'])(
    'is none: %s',
    (text) => {
      expect(jsonObjects(text)).toBeUndefined();
    },
  );

  it.each(Object.entries(hostile))('is read once, and its objects once more: %s', (_, text) => {
    expect(readsOf(text)).toBeLessThanOrEqual(2 * text.length);
  });
});
