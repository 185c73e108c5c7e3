import { describe, expect, it } from '@jest/globals';
import { goJson } from './go-json.ts';

describe('goJson', () => {
  it.each([
    ['what HTML would take for markup', 'a<b>&c', '"a\\u003cb\\u003e\\u0026c"'],
    ['separators of JavaScript', 'a\u2028b\u2029', '"a\\u2028b\\u2029"'],
    ['what JSON escapes', 'a"\\\n', '"a\\"\\\\\\n"'],
    ['other languages, as they are', 'grüße 東', '"grüße 東"'],
  ])('writes as Go does: %s', (_what, text, written) => {
    expect(goJson(text)).toBe(written);
    expect(JSON.parse(goJson({ [text]: [text] }))).toEqual({ [text]: [text] });
  });
});
