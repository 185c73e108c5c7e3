import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../test/support/properties.ts';
import { parse } from 'yaml';
import { operationFieldNames, sourceFieldNames } from './fields.ts';
import { parsePolicy, policyKinds } from './parse.ts';

function read(spec: string, kind = 'AuthorizationPolicy', annotations: Readonly<Record<string, string>> = {}) {
  return parsePolicy({
    kind,
    namespace: 'shop',
    name: 'test',
    annotations,
    spec: parse(spec) as Record<string, unknown>,
  });
}

function rejected(spec: string, kind?: string) {
  return read(spec, kind)
    .problems.filter((problem) => problem.rejected)
    .map(({ field }) => field);
}

describe('a request principal', () => {
  const problemsOf = (value: string): readonly string[] =>
    read(
      `{rules: [{from: [{source: {requestPrincipals: ["${value}"]}}], when: [{key: request.auth.principal, notValues: ["${value}"]}]}]}`,
    ).problems.map(({ field, rejected: isRejected }) => `${isRejected ? 'refused' : 'taken'} ${field}`);

  it('without a slash matches no token, and nobody refuses it', () => {
    expect(problemsOf('https')).toEqual([
      'taken spec.rules[0].from[0].source.requestPrincipals',
      'taken spec.rules[0].when.request.auth.principal',
    ]);
  });

  it.each(['*', 'iss/sub', 'iss*', '*sub', 'iss/*', '*/sub'])('may match as %s', (value) => {
    expect(problemsOf(value)).toEqual([]);
  });
});

describe('AuthorizationPolicy', () => {
  it('reads every field of a source and an operation', () => {
    const valueOf = (name: string): string => {
      if (name.endsWith('RequestPrincipals') || name === 'requestPrincipals') return 'a/b';
      return /ipBlocks$/i.test(name) ? '10.0.0.0/8' : 'a';
    };
    const source = Object.fromEntries(
      sourceFieldNames
        .filter((name) => !name.toLowerCase().includes('serviceaccounts'))
        .map((name) => [name, [valueOf(name)]]),
    );
    const operation = Object.fromEntries(
      operationFieldNames.map((name) => [name, [name.toLowerCase().includes('ports') ? '80' : '/a']]),
    );
    const { policy, problems } = parsePolicy({
      kind: 'AuthorizationPolicy',
      namespace: 'shop',
      name: 'test',
      annotations: {},
      spec: { rules: [{ from: [{ source }], to: [{ operation }] }] },
    });
    expect(problems).toEqual([]);
    expect(policy).toMatchObject({
      action: 'ALLOW',
      rules: [{ from: [{ ...source, serviceAccounts: [] }], to: [operation], when: [] }],
    });
  });

  it('reads an empty spec as an ALLOW of nothing', () => {
    expect(read('{}')).toEqual({
      policy: {
        kind: 'AuthorizationPolicy',
        namespace: 'shop',
        name: 'test',
        annotations: {},
        targetRefs: [],
        action: 'ALLOW',
        dryRun: false,
        rules: [],
      },
      problems: [],
    });
  });

  it('takes the list of targets before the single one', () => {
    const one = { group: '', kind: 'Service', name: 'one' };
    expect(read('{targetRef: {kind: Service, name: one, group: ""}}').policy?.targetRefs).toEqual([one]);
    expect(read('{targetRef: {kind: Service, name: one, group: core}, targetRefs: []}').policy?.targetRefs).toEqual([
      one,
    ]);
    expect(
      read('{targetRef: {kind: Service, name: one}, targetRefs: [{kind: Service, name: two}]}').policy?.targetRefs,
    ).toMatchObject([{ name: 'two' }]);
  });

  it.each([
    ['true', true],
    ['1', true],
    ['T', true],
    ['False', false],
    ['0', false],
  ])('reads dry-run %s as %s', (value, dryRun) => {
    expect(read('{}', 'AuthorizationPolicy', { 'istio.io/dry-run': value })).toMatchObject({
      policy: { dryRun },
      problems: [],
    });
  });

  it.each(['yes', '', 'tRUE', 'constructor'])('enforces a policy whose dry-run is %j', (value) => {
    const { policy, problems } = read('{}', 'AuthorizationPolicy', { 'istio.io/dry-run': value });
    expect(policy).toMatchObject({ dryRun: false });
    expect(problems).toMatchObject([{ field: 'metadata.annotations[istio.io/dry-run]', rejected: true }]);
  });

  it.each(['{action: AUDIT, rules: [{}]}', '{action: CUSTOM, provider: {name: a}, rules: [{}]}'])(
    'says that dry-run is refused on %s',
    (spec) => {
      const { policy, problems } = read(spec, 'AuthorizationPolicy', { 'istio.io/dry-run': 'true' });
      expect(policy).toMatchObject({ dryRun: true });
      expect(problems).toMatchObject([{ field: 'metadata.annotations[istio.io/dry-run]', rejected: true }]);
    },
  );

  it.each(['AUDIT', 'CUSTOM'])('says that dry-run is refused for %s, whatever its value', (action) => {
    const { problems } = read(`{action: ${action}, rules: [{}], provider: {name: x}}`, 'AuthorizationPolicy', {
      'istio.io/dry-run': 'false',
    });
    expect(problems).toContainEqual(
      expect.objectContaining({ field: 'metadata.annotations[istio.io/dry-run]', rejected: true }),
    );
  });

  it('takes an empty list for an absent one', () => {
    expect(read('{rules: [{from: [], to: []}]}')).toMatchObject({
      policy: { rules: [{ from: [], to: [], when: [] }] },
      problems: [],
    });
  });

  it('lets a condition on the trust domain have a slash, and the field not', () => {
    expect(read('{rules: [{when: [{key: source.trustDomain, values: [a/b]}]}]}').problems).toEqual([]);
    expect(read('{rules: [{from: [{source: {trustDomains: [a/b]}}]}]}').problems).toMatchObject([{ rejected: true }]);
  });

  it('tells a selector without matchLabels from one with none in it', () => {
    expect(read('{selector: {}}').policy).toMatchObject({ selector: {}, hasEmptyLabels: false });
    expect(read('{selector: {matchLabels: null}}').policy).toMatchObject({ selector: {}, hasEmptyLabels: false });
    expect(read('{selector: {matchLabels: {}}}').policy).toMatchObject({ selector: {}, hasEmptyLabels: true });
    expect(read('{selector: null}').policy).not.toHaveProperty('selector');
  });

  it('reads a port that is a number as what was meant, and says that it is refused', () => {
    const { policy, problems } = read('{rules: [{to: [{operation: {ports: [8080]}}]}]}');
    expect(policy).toMatchObject({ rules: [{ to: [{ ports: ['8080'] }] }] });
    expect(problems).toMatchObject([{ field: 'spec.rules[0].to[0].operation.ports[0]', rejected: true }]);
  });

  it('names fields that it does not know', () => {
    expect(read('{rules: [{from: [{source: {principal: [a], namespaces: [b]}}]}], rule: []}').problems).toMatchObject([
      { field: 'spec.rule', rejected: false },
      { field: 'spec.rules[0].from[0].source.principal', rejected: false },
    ]);
  });

  it('takes an empty list for an absent one', () => {
    expect(read('{rules: [{from: [], to: []}]}')).toEqual(read('{rules: [{}]}'));
  });

  it.each([
    ['{action: deny}', 'spec.action'],
    ['{action: DENY}', 'spec.rules'],
    ['{action: CUSTOM, provider: {name: a}}', 'spec.rules'],
    ['{action: CUSTOM, rules: [{}]}', 'spec.provider.name'],
    ['{provider: {name: a}}', 'spec.provider'],
    [
      '{action: CUSTOM, provider: {name: a}, rules: [{from: [{source: {namespaces: [a]}}]}]}',
      'spec.rules[0].from[0].source.namespaces',
    ],
    [
      '{action: CUSTOM, provider: {name: a}, rules: [{when: [{key: "request.auth.claims[a]", values: [b]}]}]}',
      'spec.rules[0].when.request.auth.claims[a]',
    ],
    ['{selector: {matchLabels: {a: b}}, targetRefs: [{kind: Service, name: c}]}', 'spec'],
    ['{selector: {matchLabels: {a: "b*"}}}', 'spec.selector.matchLabels.a'],
    ['{targetRefs: [{kind: Deployment, group: apps, name: c}]}', 'spec.targetRefs[0]'],
    ['{targetRefs: [{kind: Service}]}', 'spec.targetRefs[0].name'],
    ['{targetRefs: [{kind: Service, name: a, namespace: b}]}', 'spec.targetRefs[0].namespace'],
    ['{rules: [null]}', 'spec.rules[0]'],
    ['{rules: [{from: [{source: {}}]}]}', 'spec.rules[0].from[0].source'],
    ['{rules: [{from: [{source: {namespaces: [""]}}]}]}', 'spec.rules[0].from[0].source.namespaces'],
    ['{rules: [{from: [{source: {ipBlocks: [10.0.0.0/33]}}]}]}', 'spec.rules[0].from[0].source.ipBlocks'],
    ['{rules: [{from: [{source: {serviceAccounts: ["a*"]}}]}]}', 'spec.rules[0].from[0].source.serviceAccounts'],
    ['{rules: [{from: [{source: {serviceAccounts: [a], namespaces: [b]}}]}]}', 'spec.rules[0].from[0].source'],
    ['{rules: [{from: [{source: {trustDomains: ["a*b"]}}]}]}', 'spec.rules[0].from[0].source.trustDomains'],
    ['{rules: [{to: [{operation: {ports: [http]}}]}]}', 'spec.rules[0].to[0].operation.ports'],
    ['{rules: [{to: [{operation: {ports: ["65536"]}}]}]}', 'spec.rules[0].to[0].operation.ports'],
    ['{rules: [{to: [{operation: {paths: ["/{**}/{*}"]}}]}]}', 'spec.rules[0].to[0].operation.paths'],
    ['{rules: [{to: [{operation: {notPaths: ["/a{b}"]}}]}]}', 'spec.rules[0].to[0].operation.notPaths'],
    ['{rules: [{when: [{key: source.ip}]}]}', 'spec.rules[0].when[0]'],
    ['{rules: [{when: [{key: source.user, values: [a]}]}]}', 'spec.rules[0].when[0].key'],
    ['{rules: [{when: [{key: request.headers, values: [a]}]}]}', 'spec.rules[0].when[0].key'],
  ])('says that %s is refused', (spec, field) => {
    expect(rejected(spec)).toContain(field);
  });
});

describe('PeerAuthentication', () => {
  it('reads its modes', () => {
    expect(
      read(
        '{selector: {matchLabels: {app: a}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: PERMISSIVE}, 9090: null}}',
        'PeerAuthentication',
      ),
    ).toMatchObject({
      policy: { mode: 'STRICT', ports: { 8080: 'PERMISSIVE', 9090: 'UNSET' }, selector: { app: 'a' } },
      problems: [],
    });
  });

  it.each([
    ['{portLevelMtls: {80: {mode: STRICT}}}', 'spec.portLevelMtls'],
    ['{selector: {matchLabels: {a: b}}, portLevelMtls: {}}', 'spec.portLevelMtls'],
    ['{selector: {matchLabels: {a: b}}, portLevelMtls: {http: {mode: STRICT}}}', 'spec.portLevelMtls.http'],
    ['{mtls: {mode: strict}}', 'spec.mtls.mode'],
  ])('says that %s is refused', (spec, field) => {
    expect(rejected(spec, 'PeerAuthentication')).toContain(field);
  });
});

describe('RequestAuthentication', () => {
  it('reads its issuers', () => {
    expect(read('{jwtRules: [{issuer: a, jwksUri: "https://a"}, {issuer: b}]}', 'RequestAuthentication')).toMatchObject(
      { policy: { issuers: ['a', 'b'] }, problems: [] },
    );
  });

  it('says that a rule without an issuer is refused', () => {
    expect(rejected('{jwtRules: [{}]}', 'RequestAuthentication')).toEqual(['spec.jwtRules[0]']);
  });
});

it('says that dry-run is refused on kinds that do not decide about requests', () => {
  expect(read('{}', 'PeerAuthentication', { 'istio.io/dry-run': 'true' })).toMatchObject({
    policy: { mode: 'UNSET' },
    problems: [{ field: 'metadata.annotations[istio.io/dry-run]', rejected: true }],
  });
});

it('refuses an object of another kind', () => {
  expect(read('{}', 'Service')).toEqual({
    policy: undefined,
    problems: [{ field: 'kind', message: 'Service is no policy', rejected: true }],
  });
});

const names = [
  'selector',
  'matchLabels',
  'rules',
  'from',
  'source',
  'to',
  'operation',
  'when',
  'key',
  'values',
  'action',
  'mtls',
  'mode',
  'portLevelMtls',
  'targetRefs',
  'jwtRules',
  '__proto__',
  'constructor',
  ...sourceFieldNames,
  ...operationFieldNames,
];

const odd: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, '', 'a', '*', 'constructor', 'request.headers[', 0, true, 'DENY', 'STRICT'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

it('never throws, whatever the YAML', () => {
  fc.assert(
    fc.property(fc.constantFrom(...policyKinds, 'Other'), odd, (kind, spec) => {
      const { policy, problems } = parsePolicy({
        kind,
        namespace: 'shop',
        name: 'test',
        annotations: {},
        spec: spec as Record<string, unknown>,
      });
      expect(policy !== undefined || problems.some((problem) => problem.rejected)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
