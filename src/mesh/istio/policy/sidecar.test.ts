import { describe, expect, it, jest } from '@jest/globals';
import { fc } from '../../../../test/support/properties.ts';
import { authorizationPolicy } from '../../../../test/policy/written.ts';
import { matcherOf } from './attribute.ts';
import { asIntended } from './intent.ts';
import { defaultOptions, type PolicyOptions } from './options.ts';
import { asSidecar, envoyRules } from './sidecar.ts';
import { readingMatches } from '../../../requests/matches.ts';
import { textMatch } from '../../../requests/text-match.ts';
import type { AuthorizationPolicy } from './types.ts';

function principals(spec: string, options: PolicyOptions = defaultOptions) {
  return envoyRules(authorizationPolicy(spec), 'http', options)[0]?.principals;
}

function matcher(field: string, value: string) {
  const policy = authorizationPolicy(`{rules: [{from: [{source: {${field}: ["${value}"]}}]}]}`);
  return envoyRules(policy, 'http', defaultOptions)[0]?.principals[0]?.[0]?.anyOf[0];
}

function condition(key: string, value: string) {
  const [rule] = envoyRules(
    authorizationPolicy(`{rules: [{when: [{key: "${key}", values: ["${value}"]}]}]}`),
    'http',
    defaultOptions,
  );
  return [rule?.permissions[0]?.[0]?.anyOf[0], rule?.principals[0]?.[0]?.anyOf[0]];
}

const shape = (spec: string, protocol: 'http' | 'tcp' = 'http') =>
  envoyRules(authorizationPolicy(spec), protocol, defaultOptions).map(({ permissions, principals: callers }) =>
    [permissions, callers].map((clauses) =>
      clauses.map((clause) =>
        clause.map(({ anyOf, negated }) => `${negated ? 'not ' : ''}${anyOf.map(({ of }) => of).join(' ')}`),
      ),
    ),
  );

describe('the order and grouping of istiod', () => {
  it('puts the fields of a source before the conditions', () => {
    expect(
      shape(
        '{rules: [{from: [{source: {ipBlocks: [10.0.0.1], remoteIpBlocks: [10.0.0.2], namespaces: [a], notRequestPrincipals: [i/s], principals: [p, q]}}, {source: {notIpBlocks: [10.0.0.3]}}], when: [{key: "request.headers[X]", values: [a]}, {key: source.ip, notValues: [10.0.0.4]}]}]}',
      ),
    ).toEqual([
      [
        [[]],
        [
          ['identity identity', 'not token', 'identity', 'remoteIp', 'sourceIp', 'header x', 'not sourceIp'],
          ['not sourceIp', 'header x', 'not sourceIp'],
        ],
      ],
    ]);
  });

  it('puts the fields of an operation before the conditions', () => {
    expect(
      shape(
        '{rules: [{to: [{operation: {ports: ["80"], notPorts: ["81"], paths: [/a], methods: [GET], hosts: [a]}}], when: [{key: connection.sni, values: [a]}]}]}',
      ),
    ).toEqual([[[['host', 'method', 'path', 'port', 'not port', 'sni']], [[]]]]);
  });

  it('names rules as Envoy reports them', () => {
    const names = (spec: string) =>
      envoyRules(authorizationPolicy(spec), 'http', defaultOptions).map(({ name }) => name);
    expect(names('{rules: [{}, {when: [{key: nonsense, values: [a]}]}, {}]}')).toEqual([
      'ns[shop]-policy[test]-rule[0]',
      'ns[shop]-policy[test]-rule[2]',
    ]);
    expect(names('{action: CUSTOM, provider: {name: oauth}, rules: [{}]}')).toEqual([
      'istio-ext-authz-oauth-ns[shop]-policy[test]-rule[0]',
    ]);
    expect(names('{}')).toEqual(['ns[shop]-policy[test]-rule[0]']);
  });

  it('makes a policy without rules match nothing', () => {
    expect(shape('{}')).toEqual([[[['']], [['']]]]);
    expect(asSidecar(authorizationPolicy('{}'), 'http', defaultOptions)?.rules).toEqual([]);
  });
});

describe('what cannot be generated', () => {
  const http = 'rules: [{to: [{operation: {methods: [GET], ports: ["80"]}}]}]';

  it('drops the rule of an ALLOW on TCP, and only the field of others', () => {
    expect(shape(`{${http}}`, 'tcp')).toEqual([]);
    expect(shape(`{action: DENY, ${http}}`, 'tcp')).toEqual([[[['port']], [[]]]]);
    expect(shape(`{action: CUSTOM, provider: {name: a}, ${http}}`, 'tcp')).toEqual([[[['port']], [[]]]]);
  });

  it('does so with values that are no port or address, too', () => {
    const bad = 'rules: [{to: [{operation: {ports: [http, "80"]}}]}]';
    expect(shape(`{${bad}}`)).toEqual([]);
    expect(shape(`{action: DENY, ${bad}}`)).toEqual([[[['port']], [[]]]]);
    expect(shape('{action: DENY, rules: [{from: [{source: {ipBlocks: [nonsense]}}]}]}')).toEqual([[[[]], [[]]]]);
  });

  it('drops a rule with an unknown condition whatever the action', () => {
    expect(shape('{action: DENY, rules: [{when: [{key: source.user, values: [a]}]}]}')).toEqual([]);
  });

  it('does not know fields that came later', () => {
    const old: PolicyOptions = { ...defaultOptions, version: { major: 1, minor: 24 } };
    expect(principals('{rules: [{from: [{source: {trustDomains: [a], ipBlocks: [10.0.0.1]}}]}]}', old)).toHaveLength(1);
    expect(principals('{rules: [{from: [{source: {trustDomains: [a], serviceAccounts: [a]}}]}]}', old)).toEqual([[]]);
    expect(principals('{rules: [{when: [{key: source.serviceAccount, values: [a]}]}]}', old)).toBeUndefined();
  });
});

describe('values', () => {
  it.each([
    ['principals', '*', { of: 'identity', part: 'Principal', match: { kind: 'Present' } }],
    ['principals', '*/sa/a', { of: 'identity', part: 'Principal', match: { kind: 'Suffix', value: '/sa/a' } }],
    ['principals', 'a*b', { of: 'identity', part: 'Principal', match: { kind: 'Exact', value: 'a*b' } }],
    ['namespaces', 'a', { of: 'identity', part: 'Namespace', match: { kind: 'Exact', value: 'a' } }],
    ['namespaces', 'a*', { of: 'identity', part: 'Namespace', match: { kind: 'Prefix', value: 'a' } }],
    ['namespaces', '*a', { of: 'identity', part: 'Principal', match: { kind: 'Glob', value: '*/ns/*a/*' } }],
    ['trustDomains', '*', { of: 'identity', part: 'TrustDomain', match: { kind: 'Present' } }],
    ['trustDomains', 'a*', { of: 'identity', part: 'TrustDomain', match: { kind: 'Prefix', value: 'a' } }],
    ['serviceAccounts', 'a', { of: 'identity', part: 'ServiceAccount', namespace: 'shop', name: 'a' }],
    ['serviceAccounts', 'b/a', { of: 'identity', part: 'ServiceAccount', namespace: 'b', name: 'a' }],
    [
      'requestPrincipals',
      '*',
      { of: 'token', part: 'Principal', issuer: { kind: 'Present' }, subject: { kind: 'Present' } },
    ],
    [
      'requestPrincipals',
      'https://a/b/c',
      {
        of: 'token',
        part: 'Principal',
        issuer: { kind: 'Exact', value: 'https://a/b' },
        subject: { kind: 'Exact', value: 'c' },
      },
    ],
    [
      'requestPrincipals',
      'a/*',
      { of: 'token', part: 'Principal', issuer: { kind: 'Exact', value: 'a' }, subject: { kind: 'Present' } },
    ],
    [
      'requestPrincipals',
      'a/b*',
      {
        of: 'token',
        part: 'Principal',
        issuer: { kind: 'Exact', value: 'a' },
        subject: { kind: 'Prefix', value: 'b' },
      },
    ],
    [
      'requestPrincipals',
      '*/b',
      { of: 'token', part: 'Principal', issuer: { kind: 'Present' }, subject: { kind: 'Exact', value: 'b' } },
    ],
    [
      'requestPrincipals',
      '*a/b',
      {
        of: 'token',
        part: 'Principal',
        issuer: { kind: 'Suffix', value: 'a' },
        subject: { kind: 'Exact', value: 'b' },
      },
    ],
    [
      'requestPrincipals',
      '*b',
      { of: 'token', part: 'Principal', issuer: { kind: 'Present' }, subject: { kind: 'Suffix', value: 'b' } },
    ],
    [
      'requestPrincipals',
      'a*',
      { of: 'token', part: 'Principal', issuer: { kind: 'Prefix', value: 'a' }, subject: { kind: 'Present' } },
    ],
    [
      'requestPrincipals',
      'a',
      { of: 'token', part: 'Principal', issuer: { kind: 'Exact', value: 'a' }, subject: { kind: 'Exact', value: '' } },
    ],
  ])('%s %s', (field, value, expected) => {
    expect(matcher(field, value)).toEqual(expected);
  });

  it.each([
    ['request.headers[X-Team]', 'a', { of: 'header x-team', match: { kind: 'Exact', value: 'a' } }],
    [
      'request.auth.audiences',
      'a*',
      { of: 'token', part: 'Claim', claim: ['aud'], match: { kind: 'Prefix', value: 'a' } },
    ],
    [
      'request.auth.presenter',
      'a',
      { of: 'token', part: 'Claim', claim: ['azp'], match: { kind: 'Exact', value: 'a' } },
    ],
    [
      'request.auth.claims[realm][roles]',
      'a',
      { of: 'token', part: 'Claim', claim: ['realm', 'roles'], match: { kind: 'Exact', value: 'a' } },
    ],
    [
      'request.auth.claims[a]b]',
      'a',
      { of: 'token', part: 'Claim', claim: ['a]b'], match: { kind: 'Exact', value: 'a' } },
    ],
  ])('principal %s', (key, value, expected) => {
    expect(condition(key, value)).toEqual([undefined, expected]);
  });

  it.each([
    ['connection.sni', '*.a', { of: 'sni', match: { kind: 'Suffix', value: '.a' } }],
    [
      'experimental.envoy.filters.a.b[c]',
      'd',
      { of: 'metadata envoy.filters.a.b[c]', match: { kind: 'Exact', value: 'd' }, list: false },
    ],
    [
      'experimental.envoy.filters.a.b[c]',
      '[d*]',
      { of: 'metadata envoy.filters.a.b[c]', match: { kind: 'Prefix', value: 'd' }, list: true },
    ],
    ['destination.port', '80', { of: 'port', side: 'Workload', port: 80 }],
    ['destination.ip', '10.0.0.0/8', { of: 'destinationIp', block: '10.0.0.0/8' }],
  ])('permission %s', (key, value, expected) => {
    expect(condition(key, value)).toEqual([expected, undefined]);
  });

  it('compares hosts without case, paths and methods with it', () => {
    const [rule] = envoyRules(
      authorizationPolicy(
        '{rules: [{to: [{operation: {hosts: [A.com, "a*"], methods: [GET], paths: ["/A", "/{*}/b", "/{**}"]}}]}]}',
      ),
      'http',
      defaultOptions,
    );
    expect(rule?.permissions[0]?.map(({ anyOf }) => anyOf)).toEqual([
      [
        { of: 'host', match: { kind: 'Exact', value: 'A.com', ignoreCase: true } },
        { of: 'host', match: { kind: 'Prefix', value: 'a', ignoreCase: true } },
      ],
      [{ of: 'method', match: { kind: 'Exact', value: 'GET' } }],
      [
        { of: 'path', match: { kind: 'Exact', value: '/A' } },
        { of: 'path', match: { kind: 'Template', value: '/{*}/b' } },
        { of: 'path', match: { kind: 'Template', value: '/{**}' } },
      ],
    ]);
  });

  it('asks about the host for the header that carries it', () => {
    const reading = asSidecar(
      authorizationPolicy('{rules: [{when: [{key: "request.headers[Host]", values: [a]}]}]}'),
      'http',
      defaultOptions,
    );
    expect(reading?.rules[0]?.[0]?.[0]?.anyOf).toEqual([{ of: 'host', match: { kind: 'Exact', value: 'a' } }]);
  });

  it('has at most one star at an end that counts', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '*', '/') }), (value) => {
        const match = textMatch(value);
        const written = {
          Present: '*',
          Prefix: 'value' in match ? `${match.value}*` : '',
          Suffix: 'value' in match ? `*${match.value}` : '',
          Exact: 'value' in match ? match.value : '',
          Glob: '',
        };
        expect(written[match.kind]).toBe(value);
      }),
    );
  });
});

describe('trust domains', () => {
  const names = (principal: string, trustDomain: string, trustDomainAliases: readonly string[]) =>
    principals(`{rules: [{from: [{source: {principals: ["${principal}"]}}]}]}`, {
      ...defaultOptions,
      trustDomain,
      trustDomainAliases,
    })?.[0]?.[0]?.anyOf.map((found) => ('match' in found && 'value' in found.match ? found.match.value : ''));

  it.each([
    ['td1/ns/a/sa/b', 'td1', ['td2'], ['td1/ns/a/sa/b', 'td2/ns/a/sa/b']],
    ['td2/ns/a/sa/b', 'td1', ['td2'], ['td1/ns/a/sa/b', 'td2/ns/a/sa/b']],
    ['cluster.local/ns/a/sa/b', 'td1', [], ['td1/ns/a/sa/b']],
    ['other/ns/a/sa/b', 'td1', ['td2'], ['other/ns/a/sa/b']],
    ['*/ns/a/sa/b', 'td1', ['td2'], ['/ns/a/sa/b']],
    ['*-td/ns/a/sa/b', 'old-td', ['new-td', 'other'], ['-td/ns/a/sa/b', 'other/ns/a/sa/b']],
    ['td1/ns/a/*', 'td1', ['td2'], ['td1/ns/a/']],
  ])('%s in %s with %j', (principal, trustDomain, aliases, expected) => {
    expect(names(principal, trustDomain, aliases)).toEqual(expected);
  });

  it('expands a trust domain of the mesh to all of them', () => {
    const options = { ...defaultOptions, trustDomain: 'td1', trustDomainAliases: ['td2'] };
    const values = (domain: string) =>
      principals(`{rules: [{from: [{source: {notTrustDomains: [${domain}]}}]}]}`, options)?.[0]?.[0];
    expect(values('td2')).toMatchObject({
      negated: true,
      anyOf: [{ match: { value: 'td1' } }, { match: { value: 'td2' } }],
    });
    expect(values('cluster.local')).toMatchObject({ anyOf: [{ match: { value: 'cluster.local' } }] });
  });
});

describe('policies that decide nothing', () => {
  const dryRun = { annotations: { 'istio.io/dry-run': 'true' } };

  it('are AUDIT and dry-run', () => {
    expect(asSidecar(authorizationPolicy('{action: AUDIT, rules: [{}]}'), 'http', defaultOptions)).toBeUndefined();
    expect(
      asSidecar(authorizationPolicy('{action: DENY, rules: [{}]}', dryRun), 'http', defaultOptions),
    ).toBeUndefined();
  });

  it('are not CUSTOM with dry-run, which denies', () => {
    const policy = authorizationPolicy('{action: CUSTOM, provider: {name: a}, rules: [{}]}', dryRun);
    expect(asSidecar(policy, 'http', defaultOptions)?.action).toBe('DENY');
    expect(asSidecar(policy, 'http', { ...defaultOptions, version: { major: 1, minor: 29 } })).toBeUndefined();
  });
});

describe('a value of a list in the metadata of a filter', () => {
  const key = 'experimental.envoy.filters.network.mysql_proxy[db.table]';
  const valued = (value: string): unknown => matcherOf(key, value, { namespace: 'shop', portSide: 'Workload' });

  it.each([
    ['[update]', 'update'],
    ['[[update]]', 'update'],
    ['[]', ''],
    ['[a[b]', 'a[b'],
    ['[a]b]', 'a]b'],
  ])('%s is what stands between the brackets', (value, match) => {
    expect(valued(value)).toMatchObject({ list: true, match: { value: match } });
  });

  it('is read once, however many brackets stand in it', () => {
    const brackets = '['.repeat(30_000);
    const cut = jest.spyOn(String.prototype, 'replace');
    try {
      expect(valued(`[x${brackets}x]`)).toMatchObject({ match: { value: `x${brackets}x` } });
      // A pattern that may begin at each of them reads all after it each time.
      expect(cut).not.toHaveBeenCalled();
    } finally {
      cut.mockRestore();
    }
  });
});

describe('what sources and conditions ask for together', () => {
  /** How many objects something is made of. */
  function partsOf(value: unknown, seen = new Set<unknown>()): number {
    if (typeof value !== 'object' || value === null || seen.has(value)) return seen.size;
    seen.add(value);
    for (const member of Object.values(value)) partsOf(member, seen);
    return seen.size;
  }

  function policyOf(count: number, part: 'from' | 'to'): AuthorizationPolicy {
    const numbers = Array.from({ length: count }, (_, at) => at);
    const parts =
      part === 'from'
        ? numbers.map((at) => ({ source: { namespaces: [`n${at}`] } }))
        : numbers.map((at) => ({ operation: { methods: [`M${at}`] } }));
    const when = numbers.map((at) =>
      part === 'from'
        ? { key: 'source.ip', notValues: [`10.0.0.${at}`] }
        : { key: 'connection.sni', notValues: [`s${at}`] },
    );
    return authorizationPolicy(JSON.stringify({ action: 'DENY', rules: [{ [part]: parts, when }] }));
  }

  it.each(['from', 'to'] as const)('has as many parts as they have, and not as many as pairs of them: %s', (part) => {
    const sizes = [asSidecar, (policy: AuthorizationPolicy) => asIntended(policy, defaultOptions)].map((read) =>
      partsOf(read(policyOf(100, part), 'http', defaultOptions)),
    );
    for (const size of sizes) expect(size).toBeLessThan(20 * 200);
  });

  it.each([
    ['n7', '10.9.9.9', true],
    ['n7', '10.0.0.7', false],
    ['other', '10.9.9.9', false],
  ])('is the same as of each pair: %s from %s', (home, sourceIp, isAbout) => {
    const facts = { remoteIp: sourceIp, destinationIp: '10.1.1.1', workloadPort: 80, metadata: {} };
    const request = { ...facts, sourceIp, identity: `cluster.local/ns/${home}/sa/a` };
    for (const count of [10, 100]) {
      const policy = policyOf(count, 'from');
      const readings = [asSidecar(policy, 'http', defaultOptions), asIntended(policy, defaultOptions)];
      expect(readings.map((reading) => reading && readingMatches(reading, request))).toEqual([isAbout, isAbout]);
    }
  });
});
