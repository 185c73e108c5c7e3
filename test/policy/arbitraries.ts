import fc from 'fast-check';
import type { PathMatch } from '../../src/requests/matches-text.ts';
import type {
  Condition,
  HttpFacts,
  Literal,
  Matcher,
  Reading,
  Request,
  TextMatch,
  Token,
} from '../../src/requests/semantics.ts';

/*
 * Conditions and requests from few values that resemble each other, so that they meet often: with random texts hardly anything would ever match.
 */

const words = {
  namespace: ['shop', 'shop-api', 'api', 'pay'],
  account: ['cart', 'cart-v2', 'web'],
  domain: ['cluster.local', 'other.local'],
};

const identities = words.domain.flatMap((domain) =>
  words.namespace.flatMap((namespace) => words.account.map((account) => `${domain}/ns/${namespace}/sa/${account}`)),
);

const texts = ['a', 'ab', 'abc', 'b', 'bc', 'abab', 'A', 'aB', 'x'];

const paths = ['/', '/a', '/a/b', '/a/b/c', '/a/c', '/b', '/a/x/c', '/a/', '/ab', '/a.js', '/b/a.js', '/a=b', '/a/=/c'];

const addresses = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '10.1.0.1', '192.168.0.1', '2001:db8::1', '2001:db9::1'];

const blocks = [
  '10.0.0.1',
  '10.0.0.0/24',
  '10.0.0.0/16',
  '10.0.0.0/8',
  '0.0.0.0/0',
  '2001:db8::/32',
  '::/0',
  '10.0.0.1/32',
];

const ports = [80, 8080, 9090];

function textMatch(values: readonly string[], ignoreCase = false): fc.Arbitrary<TextMatch> {
  const value = fc.constantFrom(...values);
  const piece = fc
    .tuple(value, fc.nat(6), fc.nat(6))
    .map(([text, a, b]) => text.slice(Math.min(a, b), Math.max(a, b) + 1));
  const folded = ignoreCase ? { ignoreCase: true } : {};
  return fc.oneof(
    value.map((text): TextMatch => ({ kind: 'Exact', value: text, ...folded })),
    fc
      .tuple(value, fc.nat(20))
      .map(([text, length]): TextMatch => ({ kind: 'Prefix', value: text.slice(0, length + 1), ...folded })),
    fc
      .tuple(value, fc.nat(20))
      .map(([text, length]): TextMatch => ({ kind: 'Suffix', value: text.slice(-length - 1), ...folded })),
    fc.constant<TextMatch>({ kind: 'Present' }),
    fc
      .tuple(piece, piece, piece)
      .map(([first, second, third]): TextMatch => ({ kind: 'Glob', value: `${first}*${second}*${third}` })),
  );
}

const template = fc
  .array(fc.constantFrom('a', 'b', 'c', '{*}', 'x'), { minLength: 1, maxLength: 3 })
  .chain((segments) =>
    fc
      .constantFrom('', '/{**}', '/{**}/c', '/')
      .map((tail): PathMatch => ({ kind: 'Template', value: `/${segments.join('/')}${tail}` })),
  );

/** One matcher of any kind. */
export const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  textMatch(identities).map((match): Matcher => ({ of: 'identity', part: 'Principal', match })),
  textMatch(words.namespace).map((match): Matcher => ({ of: 'identity', part: 'Namespace', match })),
  textMatch(words.domain).map((match): Matcher => ({ of: 'identity', part: 'TrustDomain', match })),
  fc
    .tuple(fc.constantFrom(...words.namespace), fc.constantFrom(...words.account))
    .map(([namespace, name]): Matcher => ({ of: 'identity', part: 'ServiceAccount', namespace, name })),
  fc
    .tuple(
      fc.constantFrom('sourceIp' as const, 'remoteIp' as const, 'destinationIp' as const),
      fc.constantFrom(...blocks),
    )
    .map(([of, block]): Matcher => ({ of, block })),
  fc
    .tuple(fc.constantFrom('Workload' as const, 'Service' as const), fc.constantFrom(...ports))
    .map(([side, port]): Matcher => ({ of: 'port', side, port })),
  textMatch(texts).map((match): Matcher => ({ of: 'sni', match })),
  fc
    .boolean()
    .chain((ignoreCase) => textMatch(texts, ignoreCase))
    .map((match): Matcher => ({ of: 'host', match })),
  textMatch(['GET', 'POST']).map((match): Matcher => ({ of: 'method', match })),
  fc.oneof<fc.Arbitrary<PathMatch>[]>(textMatch(paths), template).map((match): Matcher => ({ of: 'path', match })),
  textMatch(texts).map((match): Matcher => ({ of: 'header x-a', match })),
  fc
    .tuple(textMatch(texts), textMatch(texts))
    .map(([issuer, subject]): Matcher => ({ of: 'token', part: 'Principal', issuer, subject })),
  fc
    .tuple(fc.constantFrom(['iss'], ['sub'], ['aud'], ['realm', 'roles']), textMatch(texts))
    .map(([claim, match]): Matcher => ({ of: 'token', part: 'Claim', claim, match })),
  fc
    .tuple(textMatch(texts), fc.boolean())
    .map(([match, list]): Matcher => ({ of: 'metadata filter[key]', match, list })),
);

/** A literal; its matchers are mostly about one fact, as in policies. */
export const literal: fc.Arbitrary<Literal> = fc.record({
  anyOf: fc.array(matcher, { minLength: 0, maxLength: 3 }),
  negated: fc.boolean(),
});

/** A condition of a few clauses. */
export const condition: fc.Arbitrary<Condition> = fc.array(fc.array(literal, { maxLength: 3 }), { maxLength: 3 });

/** What some data plane makes of some policy. */
export const reading: fc.Arbitrary<Reading> = fc.record({
  namespace: fc.constant('shop'),
  name: fc.constantFrom('one', 'two', 'three'),
  action: fc.constantFrom('ALLOW' as const, 'DENY' as const, 'CUSTOM' as const),
  rules: fc.array(condition, { maxLength: 2 }),
});

const text = fc.oneof(
  fc.constantFrom(...texts),
  fc.tuple(fc.constantFrom(...texts), fc.constantFrom(...texts)).map(([a, b]) => a + b),
  fc.constantFrom('q', 'qa', 'aq', 'C'),
);

const path = fc.oneof(
  fc.constantFrom(...paths),
  fc
    .array(fc.constantFrom('a', 'b', 'c', 'x', '', '=', 'a.js'), { maxLength: 4 })
    .map((segments) => `/${segments.join('/')}`),
);

const identity = fc
  .tuple(
    fc.constantFrom(...words.domain, 'q'),
    fc.constantFrom(...words.namespace, 'q', 'shopq', 'qapi', 'shop-q'),
    fc.constantFrom(...words.account, 'q', 'cartq'),
  )
  .map(([domain, namespace, account]) => `${domain}/ns/${namespace}/sa/${account}`);

const token: fc.Arbitrary<Token> = fc.record({
  issuer: text,
  subject: text,
  claims: fc.record(
    { aud: fc.array(text, { maxLength: 2 }), 'realm.roles': fc.array(text, { maxLength: 2 }) },
    { requiredKeys: [] },
  ),
});

const http: fc.Arbitrary<HttpFacts> = fc.record(
  {
    host: text,
    method: fc.constantFrom('GET', 'POST', 'PUT', 'GETPOST'),
    path,
    headers: fc.record({ 'x-a': fc.oneof(text, fc.constant('')) }, { requiredKeys: [] }),
    token,
  },
  { requiredKeys: ['host', 'method', 'path', 'headers'] },
);

/** Any request that can occur. */
export const request: fc.Arbitrary<Request> = fc.record(
  {
    identity,
    sni: text,
    http,
    sourceIp: fc.constantFrom(...addresses),
    remoteIp: fc.constantFrom(...addresses),
    destinationIp: fc.constantFrom(...addresses),
    workloadPort: fc.constantFrom(...ports, 7),
    servicePort: fc.constantFrom(...ports, 7),
    metadata: fc.record({ 'filter[key]': fc.oneof(text, fc.array(text, { maxLength: 2 })) }, { requiredKeys: [] }),
  },
  { requiredKeys: ['sourceIp', 'remoteIp', 'destinationIp', 'workloadPort', 'metadata'] },
);

/** Conditions about one fact only, so that small differences between patterns are met. */
export function conditionAbout(of: Matcher['of']): fc.Arbitrary<Condition> {
  const about = fc.record({
    anyOf: fc.array(
      matcher.filter((one) => one.of === of),
      { minLength: 1, maxLength: 2 },
    ),
    negated: fc.boolean(),
  });
  return fc.array(fc.array(about, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });
}
