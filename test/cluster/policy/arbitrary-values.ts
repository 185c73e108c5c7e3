import fc from 'fast-check';

/*
 * Values for the fields of an AuthorizationPolicy: usual ones, each form of wildcard, and those that are easy to get wrong.
 * Each list has values that Istio's validation refuses, marked as odd; most policies have none of those, or few would be accepted.
 */

/** Values of one field. */
export interface ValueSet {
  readonly usual: readonly string[];
  /** Refused by the API server or by istiod, at least in some fields. */
  readonly odd: readonly string[];
}

/** By kind of value. */
export const valueSets = {
  principal: {
    usual: [
      '*',
      'cluster.local/ns/shop/sa/cart',
      'cluster.local/ns/shop/sa/*',
      'cluster.local/ns/shop/*',
      'cluster.local/*',
      '*/ns/shop/sa/cart',
      '*/sa/cart',
      '*cart',
      'td1/ns/shop/sa/cart',
      'td2/ns/shop/sa/cart',
      '*.local/ns/shop/sa/cart',
      'spiffe://cluster.local/ns/shop/sa/cart',
      'cluster.local/ns/sh*p/sa/cart',
      '**',
      '*cart*',
      'cluster.local',
      'sa/cart',
      'cluster.local/ns/a.b/sa/c+d',
      '*a.b+',
      'cluster.local/ns/shop/sa/cart/',
      'local*',
      '*local/ns/shop/sa/cart',
      'clus*/ns/shop/sa/cart',
      'a b',
      '*/ns/*/sa/*',
      '/',
      'ünï/ns/x/sa/y',
    ],
    odd: [''],
  },
  namespace: {
    usual: ['shop', '*', 'sh*', '*op', 's*p', 's*h*p', '*ho*', 'a.b', 'a+b', 'shop/sa', '**', 'SHOP', 'x[0]', 'shop '],
    odd: [''],
  },
  serviceAccount: {
    usual: ['cart', 'shop/cart', 'a.b/c.d', 'shop/c+d', 'CART'],
    odd: ['', 'sho*/cart', 'a/b/c', '/cart', 'shop/', '*'],
  },
  trustDomain: {
    usual: ['cluster.local', '*', 'td1', 'td*', '*.local', '.*', 'a.b', 'td2', 'TD1'],
    odd: ['', 'a/b', '**', 't*1', '*td*'],
  },
  block: {
    usual: [
      '10.0.0.0/8',
      '10.1.2.3',
      '10.1.2.3/8',
      '0.0.0.0/0',
      '::/0',
      '2001:db8::/32',
      '2001:DB8::1',
      '::1',
      '::ffff:10.0.0.1',
      '::ffff:10.0.0.0/104',
      '10.1.2.3/32',
      '255.255.255.255',
      '10.0.0.0/0',
      '2001:db8::1/64',
      'fe80::1',
      '10.0.0.0/31',
    ],
    odd: [
      '',
      '10.0.0.0/33',
      '10.0.0',
      'shop',
      '10.01.2.3',
      '10.0.0.0/08',
      '10.0.0.0/-1',
      ' 10.0.0.1',
      'fe80::1%eth0',
      'fe80::%eth0/64',
      '10.0.0.0/8/8',
      '/8',
      '10.0.0.0/',
      '1::2::3',
      '*',
      '10.*',
    ],
  },
  port: {
    usual: ['80', '8080', '443', '0', '65535', '080', '1'],
    odd: ['', '65536', '-1', 'http', '+80', ' 80', '80.0', '0x50', '4294967296', '8_0', '99999999999999999999999'],
  },
  host: {
    usual: [
      'shop.example',
      '*',
      '*.example',
      'shop.*',
      'SHOP.example',
      'shop.example:8080',
      '*:8080',
      'sh*p',
      '**',
      '*shop*',
      'shop.example*',
      '[::1]',
      'a b',
    ],
    odd: [''],
  },
  method: { usual: ['GET', 'POST', '*', 'get', 'P*', '*T', '*E*', 'G*T', 'PUT'], odd: [''] },
  path: {
    usual: [
      '/',
      '/a',
      '/a/*',
      '/a*',
      '*',
      '*.html',
      '/a*b',
      '/a/{*}',
      '/a/{**}',
      '/{*}/b',
      '/{*}/{*}',
      '{*}',
      '{**}',
      '/{**}/b',
      '/a/{*}/b/{**}',
      '/a/{**}/',
      '/A',
      '/a?x=1',
      '/a%20b',
      '/a/../b',
      '**',
      '*/a/*',
      'a',
      '/a/{*}/',
      '//a',
      '/~a/{*}',
      '/a b',
      '//{*}',
      '/a/{*}//',
    ],
    odd: [
      '',
      '/{**}/{*}',
      '/{**}/{**}',
      '/{a}',
      '/a/{*}b',
      '/a{**}',
      '/{',
      '/}',
      '/a*/{*}',
      '*/{*}',
      '/a b/{*}',
      '/a//{**}',
      '/{*}/é',
    ],
  },
  token: {
    usual: [
      '*',
      'iss/sub',
      'iss/*',
      '*/sub',
      'https://iss.example/sub',
      'https://iss.example/*',
      'iss',
      'iss*',
      '*sub',
      'iss/su*',
      '*ss/sub',
      '*/*',
      '/sub',
      'iss/',
      '*/su*',
      'i*s/sub',
      '*/a/sub',
      'a/b*',
      '**',
      '*iss/*',
      'iss/s*b',
      '/',
      '*/',
    ],
    odd: [''],
  },
  text: {
    usual: [
      'a',
      '*',
      'a*',
      '*a',
      'a*b',
      '**',
      '*a*',
      'A',
      'a b',
      'a,b',
      '[a]',
      '[*]',
      '[a*]',
      '[]',
      '[[a]]',
      '[a',
      'a]',
      'ä',
      'true',
      '1',
      '{"a":1}',
      'https://x/y',
    ],
    odd: [''],
  },
} as const satisfies Readonly<Record<string, ValueSet>>;

/** A kind of value. */
export type ValueKind = keyof typeof valueSets;

/** Kind of the values of each field of `from[].source`. */
export const sourceKinds = {
  principals: 'principal',
  requestPrincipals: 'token',
  namespaces: 'namespace',
  serviceAccounts: 'serviceAccount',
  trustDomains: 'trustDomain',
  ipBlocks: 'block',
  remoteIpBlocks: 'block',
} as const satisfies Readonly<Record<string, ValueKind>>;

/** Kind of the values of each field of `to[].operation`. */
export const operationKinds = {
  hosts: 'host',
  ports: 'port',
  methods: 'method',
  paths: 'path',
} as const satisfies Readonly<Record<string, ValueKind>>;

/** Kind of the values of each key of `when[]`. */
export const whenKinds = {
  'source.ip': 'block',
  'remote.ip': 'block',
  'source.namespace': 'namespace',
  'source.principal': 'principal',
  'source.serviceAccount': 'serviceAccount',
  'source.trustDomain': 'trustDomain',
  'destination.ip': 'block',
  'destination.port': 'port',
  'connection.sni': 'host',
  'request.auth.principal': 'token',
  'request.auth.audiences': 'text',
  'request.auth.presenter': 'text',
  'request.headers[x-a]': 'text',
  'request.headers[User-Agent]': 'text',
  'request.headers[:path]': 'path',
  'request.headers[[x]]': 'text',
  'request.headersx[y]': 'text',
  'request.headers[x]y[z]': 'text',
  'request.auth.claims[a]': 'text',
  'request.auth.claims[a][b]': 'text',
  'request.auth.claims[a[b]]': 'text',
  'request.auth.claims[a.b]': 'text',
  'request.auth.claims[iss]': 'text',
  'request.auth.claims[a]b[c]': 'text',
  'request.auth.claims[][a]': 'text',
  'request.auth.claims[a][]': 'text',
  'experimental.envoy.filters.a.b[c]': 'text',
  'experimental.envoy.filters.network.mysql_proxy[t.u]': 'text',
  'experimental.envoy.filters.a[b][c]': 'text',
} as const satisfies Readonly<Record<string, ValueKind>>;

/** Keys of `when[]` that Istio refuses. */
export const oddKeys: readonly string[] = [
  '',
  'source.labels[app]',
  'destination.labels[app]',
  'destination.name',
  'destination.namespace',
  'destination.user',
  'request.headers',
  'request.headers[]',
  'request.headers[a',
  'request.auth.claims',
  'source.IP',
  'experimental.envoy.filters.',
  'experimental.x[y]',
  'experimental.envoy.filters.a',
  'request.host',
  ' source.ip',
  'request.auth.claims[]',
  'request.auth',
  'request.method',
];

/** One to four values of a kind, without repetition; an odd one about once in `oddness`. */
export function valuesOf(kind: ValueKind, oddness: number): fc.Arbitrary<readonly string[]> {
  const { usual, odd } = valueSets[kind];
  const value = fc.oneof(
    { weight: oddness, arbitrary: fc.constantFrom<string>(...usual) },
    { weight: 1, arbitrary: fc.constantFrom<string>(...odd) },
  );
  return fc.oneof(
    { weight: 6, arbitrary: fc.array(value, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.array(value, { minLength: 3, maxLength: 4 }) },
  );
}
