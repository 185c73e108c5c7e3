import fc from 'fast-check';
import type { Request, Token } from '../../../../src/requests/semantics.ts';

/** Callers that have a certificate. */
export const identities: readonly string[] = [
  'cluster.local/ns/shop/sa/cart',
  'cluster.local/ns/shop/sa/other',
  'cluster.local/ns/other/sa/cart',
  'td1/ns/shop/sa/cart',
  'td2/ns/shop/sa/cart',
  'cluster.local/ns/a.b/sa/c.d',
  'cluster.local/ns/axb/sa/c',
  'x.local/ns/op/sa/cart',
  'cluster.local/ns/policy-home/sa/cart',
];

/** Callers' addresses; all of them are on loopback. */
const sources = ['127.0.0.1', '127.1.2.3', '127.0.0.9'];
const remotes = ['10.1.2.3', '10.0.0.1', '203.0.113.9', '2001:db8::1', 'fe80::1', '255.255.255.255'];
const hosts = ['shop.example', 'SHOP.example', 'x.example', 'shop.test', 'shop.example:8080', 'other', 'sh*p', 'sh-p'];
const methods = ['GET', 'POST', 'PUT', 'DELETE'];
const paths = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/a/b/c',
  '/A',
  '/x.html',
  '/b',
  '/c/b',
  '/c/d/b',
  '/a*b',
  '//a',
  '/a%20b',
  '/~a/x',
  '/a/x/b/y',
  '/a/x/b',
  '/ab',
];
const texts = ['', 'a', 'ab', 'ba', 'a*b', 'A', '[a]', 'a,b', 'true', 'axb'];
const headerNames = ['x-a', 'user-agent', 'x'];

const tokens: readonly Token[] = [
  { issuer: 'iss', subject: 'sub', claims: {} },
  { issuer: 'iss', subject: 'subx', claims: { '[aud]': ['a'], '[azp]': ['a'], '[a]': ['ab'] } },
  { issuer: 'https://iss.example', subject: 'sub', claims: { '[aud]': ['x', 'ba', 'A'], '[a][b]': ['a', 'c'] } },
  { issuer: 'xiss', subject: 'asub', claims: { '[a]': ['x', 'true'], '[aud]': ['[a]'], '[azp]': ['1'] } },
  { issuer: 'a', subject: 'b', claims: { '[a.b]': ['ab'], '[azp]': ['a*b'] } },
  { issuer: '', subject: 'sub', claims: {} },
  { issuer: 'iss', subject: '', claims: { '[a]': [''] } },
];

const header = fc.tuple(fc.constantFrom(...headerNames), fc.constantFrom(...texts));

/** Requests that can be sent: from a caller with a certificate or without, over HTTP. */
export function arbitraryRequest(ports: { readonly tls: number; readonly plain: number }): fc.Arbitrary<Request> {
  return fc
    .record({
      identity: fc.option(fc.constantFrom(...identities), { nil: undefined, freq: 6 }),
      sourceIp: fc.constantFrom(...sources),
      forwarded: fc.option(fc.constantFrom(...remotes), { nil: undefined, freq: 3 }),
      host: fc.constantFrom(...hosts),
      method: fc.constantFrom(...methods),
      path: fc.constantFrom(...paths),
      headers: fc.array(header, { maxLength: 2 }),
      token: fc.option(fc.constantFrom(...tokens), { nil: undefined, freq: 2 }),
    })
    .map(({ identity, sourceIp, forwarded, host, method, path, headers, token }) => ({
      ...(identity === undefined ? {} : { identity }),
      sourceIp,
      remoteIp: forwarded ?? sourceIp,
      destinationIp: '127.0.0.1',
      workloadPort: identity === undefined ? ports.plain : ports.tls,
      metadata: {},
      http: { host, method, path, headers: Object.fromEntries(headers), ...(token === undefined ? {} : { token }) },
    }));
}
