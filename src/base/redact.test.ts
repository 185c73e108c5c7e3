import { describe, expect, it } from '@jest/globals';
import { redacted, redactedError } from './redact.ts';
import { costOf } from '../../test/support/cost.ts';

describe('redacted', () => {
  it.each([
    ['http://user:S3CRET@host:9090/path', 'http://***@host:9090/path'],
    ['http://user:S3/C?R#ET@host', 'http://***@host'],
    ['ftp://u:S3CRET@h', 'ftp://***@h'],
    ['u:S3CRET@h:9090', '***@h:9090'],
    ['not "u:S3CRET@h:9090"', 'not "***@h:9090"'],
    ['https://S3CRET@host', 'https://***@host'],
    ['https://h/?token=S3CRET', 'https://h/?***'],
    ['https://h/#S3CRET', 'https://h/?***'],
    ['GET https://h/a?tenant=S3CRET@x failed', 'GET https://***@x failed'],
    ['authorization: Bearer S3CRETRAWTOKEN', 'authorization: Bearer ***'],
    ['Basic dTpTM0NSRVQ=', 'Basic ***'],
  ])('hides the secret of %s', (text, expected) => {
    expect(redacted(text)).toBe(expected);
    expect(redacted(text)).not.toContain('S3CRET');
  });

  it.each([
    'https://10.0.0.1:6443',
    'GET /api/v1/pods?limit=500 at https://h: connect ECONNREFUSED',
    'prometheus:9090',
    'system:serviceaccount:a:b',
    'AuthorizationPolicy shop/a@b',
    'Basic mode',
    '/livez and /readyz',
  ])('leaves %s as it is', (text) => {
    expect(redacted(text)).toBe(text);
  });

  it.each([`${'a'.repeat(32_000)} `, '//a:b', 'a://', ' x:y', 'a:', '(a:b', 'http://x?', 'a', 'a-', 'u:p@', 'Basic '])(
    'takes as long as a text is, whatever stands in it: %s',
    (piece) => {
      let read = '';
      const cost = costOf(() => {
        read = redacted(piece.repeat(100_000 / piece.length));
      });
      // Each place compared with each takes minutes.
      expect(cost).toBeLessThan(150);
      expect(read.length).toBeLessThan(110_000);
    },
    300_000,
  );

  it('hides a secret that is longer than anybody writes one, or where the text is cut', () => {
    for (const at of [100, 600, 40_000]) {
      for (const secret of [
        `http://user:${'x'.repeat(at)}S3CRET@host`,
        `u:S3CRET${'x'.repeat(at)}@h`,
        `https://h/${'x'.repeat(at)}?token=S3CRET`,
      ])
        expect(redacted(`see ${secret} there`)).not.toContain('S3CRET');
    }
    for (let before = 32_700; before < 32_800; before += 1)
      expect(redacted(`${'x '.repeat(before / 2)} http://user:S3CRET@host`)).not.toContain('S3CRET');
  });

  it('takes an error with what caused it, and nothing else that hangs on it', () => {
    const error = Object.assign(new TypeError('at http://u:S3CRET@h', { cause: new Error('Bearer S3CRETRAWTOKEN') }), {
      code: 'EX',
      headers: { authorization: 'S3CRET' },
    });

    expect(redactedError(error)).toMatchObject({
      type: 'TypeError',
      code: 'EX',
      message: 'at http://***@h',
      cause: { message: 'Bearer ***' },
    });
    expect(JSON.stringify(redactedError(error))).not.toContain('S3CRET');
  });
});
