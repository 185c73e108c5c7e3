import { describe, expect, it } from '@jest/globals';
import { blockContains, formatAddress, parseAddress } from '../base/address.ts';
import { textMatches, type PathMatch } from './matches-text.ts';
import { matcherHolds, matches } from './matches.ts';
import type { HttpFacts, Matcher, Request } from './semantics.ts';

const cart = 'cluster.local/ns/shop/sa/cart';

function request(facts: Partial<Request> = {}): Request {
  return {
    identity: cart,
    sourceIp: '10.0.0.1',
    remoteIp: '203.0.113.9',
    destinationIp: '10.0.0.2',
    workloadPort: 8080,
    metadata: {},
    ...facts,
  };
}

function http(facts: Partial<HttpFacts> = {}): Request {
  return request({ http: { host: 'cart.shop', method: 'GET', path: '/', headers: {}, ...facts } });
}

describe('texts', () => {
  it.each<[PathMatch, string, boolean]>([
    [{ kind: 'Exact', value: '/a' }, '/a', true],
    [{ kind: 'Exact', value: '/a' }, '/A', false],
    [{ kind: 'Exact', value: 'Shop', ignoreCase: true }, 'sHOP', true],
    [{ kind: 'Prefix', value: '/a' }, '/ab', true],
    [{ kind: 'Prefix', value: 'CART.', ignoreCase: true }, 'cart.shop', true],
    [{ kind: 'Suffix', value: '.js' }, '/x.js', true],
    [{ kind: 'Suffix', value: '.js' }, '/x.json', false],
    [{ kind: 'Present' }, 'x', true],
    [{ kind: 'Present' }, '', false],
    [{ kind: 'Glob', value: 'a*c' }, 'ac', true],
    [{ kind: 'Glob', value: 'a*c' }, 'abcc', true],
    [{ kind: 'Glob', value: 'a*c' }, 'abcd', false],
    [{ kind: 'Glob', value: 'a.c*' }, 'abc', false],
    [{ kind: 'Template', value: '/a/{*}/c' }, '/a/b/c', true],
    [{ kind: 'Template', value: '/a/{*}/c' }, '/a//c', false],
    [{ kind: 'Template', value: '/a/{*}/c' }, '/a/b/b/c', false],
    [{ kind: 'Template', value: '/a/{**}' }, '/a/', true],
    [{ kind: 'Template', value: '/a/{**}' }, '/a', false],
    [{ kind: 'Template', value: '/a/{**}/c' }, '/a/x/y/c', true],
    [{ kind: 'Template', value: '/a/{**}/c' }, '/a/c', false],
    // Envoy leaves = and * out of the characters of a segment.
    [{ kind: 'Template', value: '/a/{*}' }, '/a/b=c', false],
    [{ kind: 'Template', value: '/a.b/{*}' }, '/axb/c', false],
  ])('%j on %j: %j', (match, text, expected) => {
    expect(textMatches(match, text)).toBe(expected);
  });
});

describe('addresses', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['10.0.0.1', '10.0.0.1', true],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['::ffff:1.2.3.4', '::ffff:102:304', true],
    ['10.0.0.0/33', '10.0.0.1', false],
    ['10.0.0.0/x', '10.0.0.1', false],
    ['10.0.0.0/8/8', '10.0.0.1', false],
    ['nonsense', '10.0.0.1', false],
    ['10.0.0.0/8', 'nonsense', false],
  ])('%s holds %s: %j', (block, address, expected) => {
    expect(blockContains(block, address)).toBe(expected);
  });

  it.each(['10.0.255.1', '::', '::1', '2001:db8::1', 'fe80:1:2:3:4:5:6:7'])('%s reads back as itself', (address) => {
    const parsed = parseAddress(address);
    expect(parsed && formatAddress(parsed.family, parsed.value)).toBe(address);
  });
});

describe('matchers', () => {
  it.each<[string, Matcher, Request, boolean]>([
    ['a principal', { of: 'identity', part: 'Principal', match: { kind: 'Exact', value: cart } }, request(), true],
    [
      'the namespace part',
      { of: 'identity', part: 'Namespace', match: { kind: 'Exact', value: 'shop' } },
      request(),
      true,
    ],
    [
      'not the namespace of a ServiceAccount of that name',
      { of: 'identity', part: 'Namespace', match: { kind: 'Exact', value: 'cart' } },
      request(),
      false,
    ],
    [
      'the trust domain part',
      { of: 'identity', part: 'TrustDomain', match: { kind: 'Prefix', value: 'cluster' } },
      request(),
      true,
    ],
    ['a ServiceAccount', { of: 'identity', part: 'ServiceAccount', namespace: 'shop', name: 'cart' }, request(), true],
    [
      'no longer ServiceAccount',
      { of: 'identity', part: 'ServiceAccount', namespace: 'shop', name: 'car' },
      request(),
      false,
    ],
    ['the peer', { of: 'sourceIp', block: '10.0.0.0/24' }, request(), true],
    ['the original client', { of: 'remoteIp', block: '10.0.0.0/24' }, request(), false],
    ['the port of the container', { of: 'port', side: 'Workload', port: 8080 }, request({ servicePort: 80 }), true],
    ['the port of the Service', { of: 'port', side: 'Service', port: 80 }, request({ servicePort: 80 }), true],
    ['the port of a pod at a waypoint', { of: 'port', side: 'Service', port: 8080 }, request(), true],
    ['a server name', { of: 'sni', match: { kind: 'Present' } }, request({ sni: 'x' }), true],
    ['no server name', { of: 'sni', match: { kind: 'Present' } }, request(), false],
    [
      'a host in another case',
      { of: 'host', match: { kind: 'Exact', value: 'CART.shop', ignoreCase: true } },
      http(),
      true,
    ],
    [
      'a host without the port that it came with',
      { of: 'host', match: { kind: 'Exact', value: 'cart.shop' } },
      http({ host: 'cart.shop:80' }),
      false,
    ],
    ['a method', { of: 'method', match: { kind: 'Exact', value: 'GET' } }, http(), true],
    ['a method on plain TCP', { of: 'method', match: { kind: 'Exact', value: 'GET' } }, request(), false],
    [
      'an empty header that has to be there',
      { of: 'header x-a', match: { kind: 'Present' } },
      http({ headers: { 'x-a': '' } }),
      true,
    ],
    ['a header that is not there', { of: 'header x-a', match: { kind: 'Prefix', value: '' } }, http(), false],
    [
      'a claim with several values',
      { of: 'token', part: 'Claim', claim: ['realm', 'roles'], match: { kind: 'Exact', value: 'b' } },
      http({ token: { issuer: 'i', subject: 's', claims: { '[realm][roles]': ['a', 'b'] } } }),
      true,
    ],
    [
      'the issuer as a claim',
      { of: 'token', part: 'Claim', claim: ['iss'], match: { kind: 'Exact', value: 'i' } },
      http({ token: { issuer: 'i', subject: 's', claims: {} } }),
      true,
    ],
    [
      'issuer and subject',
      { of: 'token', part: 'Principal', issuer: { kind: 'Exact', value: 'i' }, subject: { kind: 'Present' } },
      http({ token: { issuer: 'i', subject: '', claims: {} } }),
      false,
    ],
    [
      'a text in metadata',
      { of: 'metadata f[k]', list: false, match: { kind: 'Exact', value: 'v' } },
      request({ metadata: { 'f[k]': 'v' } }),
      true,
    ],
    [
      'a text compared with a list',
      { of: 'metadata f[k]', list: true, match: { kind: 'Exact', value: 'v' } },
      request({ metadata: { 'f[k]': 'v' } }),
      false,
    ],
    [
      'a list in metadata',
      { of: 'metadata f[k]', list: true, match: { kind: 'Exact', value: 'v' } },
      request({ metadata: { 'f[k]': ['u', 'v'] } }),
      true,
    ],
  ])('%s', (_name, matcher, one, expected) => {
    expect(matcherHolds(matcher, one)).toBe(expected);
  });

  it('without an identity no matcher for one holds, and every negated literal does', () => {
    const anyone: Matcher = { of: 'identity', part: 'Principal', match: { kind: 'Present' } };
    const { identity: _, ...anonymous } = request();
    expect(matches([[{ anyOf: [anyone], negated: false }]], anonymous)).toBe(false);
    expect(matches([[{ anyOf: [anyone], negated: true }]], anonymous)).toBe(true);
  });
});
