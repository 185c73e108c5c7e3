import { describe, expect, it } from '@jest/globals';
import { quoted } from '../../../base/shown.ts';
import { defaultOptions } from './options.ts';
import { parsePolicy } from './parse.ts';
import { unloadable } from './unloadable.ts';

function faults(rule: unknown, action = 'ALLOW'): readonly string[] {
  const { policy } = parsePolicy({
    kind: 'AuthorizationPolicy',
    namespace: 'shop',
    name: 'it',
    annotations: {},
    spec: { action, rules: [rule] },
  });
  if (policy?.kind !== 'AuthorizationPolicy') throw new Error('no policy');
  return unloadable(policy, defaultOptions);
}

function path(value: string): unknown {
  return { to: [{ operation: { paths: [value] } }] };
}

function when(key: string): unknown {
  return { when: [{ key, values: ['a'] }] };
}

const long = `/${'a'.repeat(252)}/{*}`;

describe('what Envoy refuses of a policy', () => {
  it.each([
    ['{*}', 'does not begin with exactly one slash'],
    ['a/{**}', 'does not begin with exactly one slash'],
    ['//{*}', 'does not begin with exactly one slash'],
    ['/{*}//', 'ends with more than one slash'],
    ['/a/{**}//', 'ends with more than one slash'],
    [`${long}aa`, 'has a brace outside of {*} and {**}'],
    [`/a${long}`, 'is longer than 256 characters'],
    ['/{**}/{*}', 'has an operator after {**}'],
    ['/a b/{*}', 'has a segment with characters that a path template does not allow'],
  ])('is the template %s: it %s', (value, why) => {
    expect(faults(path(value))).toEqual([`the path template ${quoted(value)} ${why}`]);
  });

  it.each([
    '/{*}',
    '/{**}',
    '/a/{*}/',
    '/{**}/b',
    long,
    `/${Array.from({ length: 120 }, () => '{*}').join('/')}`,
    '*{*',
    '{',
    '//',
    'a',
    `/${'a'.repeat(400)}`,
  ])('is not the path %s', (value) => {
    expect(faults(path(value))).toEqual([]);
  });

  it.each([
    ['request.auth.claims[][a]', 'the claim request.auth.claims[][a] has a part without a name'],
    ['request.auth.claims[a][]', 'the claim request.auth.claims[a][] has a part without a name'],
    ['request.headers[a\nb]', 'the name of the header "a…" has a line break or a NUL'],
    ['request.headers[x\u0000]', 'the name of the header "x…" has a line break or a NUL'],
  ])('is the condition %j', (key, message) => {
    expect(faults(when(key))).toEqual([message]);
  });

  it.each([
    'request.auth.claims[a][b]',
    'request.auth.claims[ ]',
    'request.headers[a b]',
    'request.headers[é]',
    'request.headers[:path]',
  ])('is not the condition %s', (key) => {
    expect(faults(when(key))).toEqual([]);
  });

  it('is nothing in a rule that istiod drops', () => {
    expect(faults({ ...(path('{*}') as object), when: [{ key: 'source.unknown', values: ['a'] }] })).toEqual([]);
  });
});
