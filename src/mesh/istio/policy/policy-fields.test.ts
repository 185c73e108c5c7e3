import { describe, expect, it } from '@jest/globals';
import { asksWhoCalls, l7Fields, principals } from './policy-fields.ts';

/*
 * The columns of AuthorizationPolicy as istiod converts it for ztunnel (convertAuthorizationPolicy, httpOperations, httpSources and
 * l4WhenAttributes in istio/istio pilot/pkg/serviceregistry/ambient/authorization.go).
 */
const l4Source = [
  'principals',
  'notPrincipals',
  'namespaces',
  'notNamespaces',
  'ipBlocks',
  'notIpBlocks',
  'serviceAccounts',
  'notServiceAccounts',
];
const l7Source = [
  'requestPrincipals',
  'notRequestPrincipals',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
  'trustDomains',
  'notTrustDomains',
];
const l4Operation = ['ports', 'notPorts'];
const l7Operation = ['hosts', 'notHosts', 'methods', 'notMethods', 'paths', 'notPaths'];
const l4Keys = ['source.ip', 'source.namespace', 'source.principal', 'destination.ip', 'destination.port'];
const l7Keys = [
  'request.headers[x-user]',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'request.auth.claims[iss]',
  'remote.ip',
  'connection.sni',
  'source.trustDomain',
  'experimental.envoy.filters.network.mysql_proxy[db.table]',
];

function from(source: unknown): object {
  return { rules: [{ from: [{ source }] }] };
}

function to(operation: unknown): object {
  return { rules: [{ to: [{ operation }] }] };
}

function when(key: string): object {
  return { rules: [{ when: [{ key, values: ['x'] }] }] };
}

function fields(spec: object): readonly string[] {
  return l7Fields(spec as Record<string, unknown>);
}

describe('l7Fields', () => {
  it.each(l4Source)('leaves source %s to ztunnel', (field) => {
    expect(fields(from({ [field]: ['x'] }))).toEqual([]);
  });

  it.each(l4Operation)('leaves operation %s to ztunnel', (field) => {
    expect(fields(to({ [field]: ['8080'] }))).toEqual([]);
  });

  it.each(l4Keys)('leaves condition %s to ztunnel', (key) => {
    expect(fields(when(key))).toEqual([]);
  });

  it.each(l7Source)('names source %s', (field) => {
    expect(fields(from({ [field]: ['x'] }))).toEqual([field]);
  });

  it.each(l7Operation)('names operation %s', (field) => {
    expect(fields(to({ [field]: ['x'] }))).toEqual([field]);
  });

  it.each(l7Keys)('names condition %s', (key) => {
    expect(fields(when(key))).toEqual([key]);
  });

  it.each<[string, object, readonly string[]]>([
    ['an empty list', to({ methods: [] }), []],
    ['an empty policy, which is deny-all', {}, []],
    ['an empty rule, which matches everything', { rules: [{}] }, []],
    ['a field that nobody knows yet', from({ tomorrow: ['x'] }), ['tomorrow']],
    ['a field of tomorrow that is no list', from({ tomorrow: { exact: 'x' } }), ['tomorrow']],
    ['a clause of tomorrow', { rules: [{ unless: [{ source: { principals: ['x'] } }] }] }, ['unless']],
    ['a condition without a key', { rules: [{ when: [{ values: ['x'] }] }] }, ['a condition without a key']],
    ['L7 beside L4 in the same element', to({ ports: ['8080'], methods: ['POST'] }), ['methods']],
    [
      'L4 in from and L7 in when',
      { rules: [{ from: [{ source: { principals: ['x'] } }], when: [{ key: 'request.headers[a]', values: ['b'] }] }] },
      ['request.headers[a]'],
    ],
    [
      'the second of several rules, each field once',
      {
        rules: [
          { to: [{ operation: { ports: ['1'] } }] },
          { to: [{ operation: { paths: ['/a'] } }, { operation: { paths: ['/b'] } }] },
        ],
      },
      ['paths'],
    ],
    ['YAML that is not as it should be', { rules: [null, { from: 'x', to: [null], when: [] }] }, []],
  ])('reads %s', (_case, spec, expected) => {
    expect(fields(spec)).toEqual(expected);
  });
});

describe('principals', () => {
  it('finds them in sources and conditions, positive and negative', () => {
    const spec = {
      rules: [
        {
          from: [{ source: { principals: ['a'], notPrincipals: ['b'], namespaces: ['no'] } }],
          when: [
            { key: 'source.principal', values: ['c'], notValues: ['d'] },
            { key: 'source.namespace', values: ['no'] },
          ],
        },
      ],
    };

    expect(principals(spec)).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('asksWhoCalls', () => {
  it.each<[string, object, boolean]>([
    ['a source', from({ namespaces: ['x'] }), true],
    ['a condition on the source', when('source.principal'), true],
    ['a port only', to({ ports: ['1'] }), false],
    ['a condition on the destination', when('destination.port'), false],
    ['deny-all', {}, false],
  ])('judges %s', (_case, spec, expected) => {
    expect(asksWhoCalls(spec as Record<string, unknown>)).toBe(expected);
  });
});
