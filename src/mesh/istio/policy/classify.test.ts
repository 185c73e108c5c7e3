import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../test/support/properties.ts';
import {
  authorizationPolicy,
  peerAuthentication,
  requestAuthentication,
  type Placement,
} from '../../../../test/policy/written.ts';
import { classify } from './classify.ts';
import { operationFieldNames, sourceFieldNames } from './fields.ts';
import { defaultOptions, type PolicyOptions } from './options.ts';
import type { Effect } from '../../../requests/semantics.ts';
import type { Plane, Rule } from './types.ts';

function effects(spec: string, options: PolicyOptions = defaultOptions, placement: Placement = {}) {
  const { planes } = classify(authorizationPolicy(spec, placement), options);
  return [planes.sidecar.effect, planes.ztunnel.effect, planes.waypoint.effect];
}

function ztunnelRule(action: string, rule: string) {
  const {
    planes: { sidecar, ztunnel },
    needsWaypoint,
  } = classify(authorizationPolicy(`{action: ${action}, rules: [${rule}]}`), defaultOptions);
  expect(sidecar.effect).toBe('Exact');
  return { effect: ztunnel.effect, fields: ztunnel.rules[0]?.fields, needsWaypoint };
}

const values: Readonly<Record<string, string>> = {
  principals: 'cluster.local/ns/a/sa/b',
  requestPrincipals: 'iss/sub',
  namespaces: 'a',
  serviceAccounts: 'a/b',
  trustDomains: 'cluster.local',
  ipBlocks: '10.0.0.0/8',
  remoteIpBlocks: '10.0.0.0/8',
  hosts: 'a.com',
  methods: 'GET',
  paths: '/x',
  ports: '8080',
};
const valueOf = (field: string) => values[field] ?? values[`${field.charAt(3).toLowerCase()}${field.slice(4)}`] ?? '';
const l4 = ['principals', 'namespaces', 'serviceAccounts', 'ipBlocks', 'ports'].flatMap((field) => [
  field,
  `not${field.charAt(0).toUpperCase()}${field.slice(1)}`,
]);

const fields = [
  ...sourceFieldNames.map((field) => ({ field, rule: `{from: [{source: {${field}: ["${valueOf(field)}"]}}]}` })),
  ...operationFieldNames.map((field) => ({ field, rule: `{to: [{operation: {${field}: ["${valueOf(field)}"]}}]}` })),
];

describe('each field alone at ztunnel', () => {
  it.each(fields.filter(({ field }) => l4.includes(field)))('$field is exact', ({ rule }) => {
    expect(ztunnelRule('ALLOW', rule)).toEqual({ effect: 'Exact', fields: [], needsWaypoint: false });
    expect(ztunnelRule('DENY', rule)).toEqual({ effect: 'Exact', fields: [], needsWaypoint: false });
  });

  it.each(fields.filter(({ field }) => !l4.includes(field)))(
    '$field fails closed in ALLOW and open in DENY',
    ({ field, rule }) => {
      expect(ztunnelRule('ALLOW', rule)).toEqual({ effect: 'FailsClosed', fields: [field], needsWaypoint: true });
      expect(ztunnelRule('DENY', rule)).toEqual({ effect: 'FailsOpen', fields: [field], needsWaypoint: true });
    },
  );

  it.each(fields)('$field fails open in CUSTOM', ({ field, rule }) => {
    // At a waypoint no address of a direct peer ever matches, so that it would be no help.
    expect(ztunnelRule('CUSTOM', rule)).toEqual({
      effect: 'FailsOpen',
      fields: ['action'],
      needsWaypoint: !/^(not)?ipBlocks$/i.test(field),
    });
  });
});

describe('each condition alone at ztunnel', () => {
  const examples: Readonly<Record<string, string>> = {
    'source.ip': '10.0.0.0/8',
    'remote.ip': '10.0.0.0/8',
    'destination.ip': '10.0.0.0/8',
    'request.auth.principal': 'issuer/subject',
  };
  const condition = (key: string, name: string) => `{when: [{key: "${key}", ${name}: ["${examples[key] ?? '80'}"]}]}`;

  it.each(
    ['source.ip', 'source.namespace', 'source.principal', 'destination.ip', 'destination.port'].flatMap(
      (key) =>
        [
          [key, 'values'],
          [key, 'notValues'],
        ] as const,
    ),
  )('%s %s is exact', (key, name) => {
    expect(ztunnelRule('ALLOW', condition(key, name)).effect).toBe('Exact');
    expect(ztunnelRule('DENY', condition(key, name)).effect).toBe('Exact');
  });

  it.each(
    [
      'remote.ip',
      'source.serviceAccount',
      'source.trustDomain',
      'connection.sni',
      'request.headers[x-team]',
      'request.auth.principal',
      'request.auth.audiences',
      'request.auth.presenter',
      'request.auth.claims[a][b]',
      'experimental.envoy.filters.a[b]',
    ].flatMap(
      (key) =>
        [
          [key, 'values'],
          [key, 'notValues'],
        ] as const,
    ),
  )('%s %s fails closed in ALLOW and open in DENY', (key, name) => {
    expect(ztunnelRule('ALLOW', condition(key, name))).toEqual({
      effect: 'FailsClosed',
      fields: [key],
      // ztunnel sends no server name to a waypoint either.
      needsWaypoint: key !== 'connection.sni',
    });
    expect(ztunnelRule('DENY', condition(key, name))).toEqual({
      effect: 'FailsOpen',
      fields: [key],
      needsWaypoint: key !== 'connection.sni',
    });
  });
});

describe('fields together at ztunnel', () => {
  it.each<[string, string, Effect, readonly string[]]>([
    ['DENY', '{to: [{operation: {methods: [GET], ports: ["8080"]}}]}', 'FailsClosed', ['methods']],
    ['DENY', '{from: [{source: {namespaces: [a]}}], to: [{operation: {methods: [GET]}}]}', 'FailsOpen', ['methods']],
    [
      'DENY',
      '{to: [{operation: {ports: ["80"]}}], when: [{key: "request.headers[x]", values: [a]}]}',
      'FailsOpen',
      ['request.headers[x]'],
    ],
    ['DENY', '{from: [{source: {namespaces: [a], trustDomains: [b]}}]}', 'FailsClosed', ['trustDomains']],
    ['ALLOW', '{from: [{source: {namespaces: [a], trustDomains: [b]}}]}', 'FailsOpen', ['trustDomains']],
    [
      'ALLOW',
      '{from: [{source: {namespaces: [a]}}], to: [{operation: {methods: [GET], paths: [/a]}}]}',
      'FailsClosed',
      ['methods', 'paths'],
    ],
    ['ALLOW', '{from: [{source: {namespaces: ["a*b"]}}]}', 'FailsClosed', ['namespaces']],
    ['ALLOW', '{to: [{operation: {paths: ["/a/{*}/b"]}}]}', 'FailsClosed', ['paths']],
    ['ALLOW', '{from: [{source: {principals: ["spiffe://cluster.local/ns/a/sa/b"]}}]}', 'Exact', []],
    ['ALLOW', '{}', 'Exact', []],
    ['DENY', '{}', 'Exact', []],
  ])('%s %s: %s %j', (action, rule, effect, causes) => {
    expect(ztunnelRule(action, rule)).toMatchObject({ effect, fields: causes });
  });

  it('lets values that are no address widen what a source allows', () => {
    const rule = '{from: [{source: {namespaces: [a], ipBlocks: [nonsense]}}]}';
    expect(effects(`{rules: [${rule}]}`)).toEqual(['Exact', 'FailsOpen', 'FailsOpen']);
    expect(effects(`{action: DENY, rules: [${rule}]}`)).toEqual(['FailsClosed', 'FailsClosed', 'Exact']);
  });
});

describe('whole policies', () => {
  it('are judged by all rules together', () => {
    const { planes } = classify(
      authorizationPolicy('{rules: [{to: [{operation: {methods: [GET]}}]}, {}]}'),
      defaultOptions,
    );
    expect(planes.ztunnel).toEqual({
      effect: 'Exact',
      rules: [
        { index: 0, effect: 'FailsClosed', fields: ['methods'] },
        { index: 1, effect: 'Exact', fields: [] },
      ],
    });
  });

  it('without rules deny everything or nothing, everywhere they are read', () => {
    expect(effects('{}')).toEqual(['Exact', 'Exact', 'FailsOpen']);
    expect(effects('{action: DENY}')).toEqual(['Exact', 'Exact', 'Exact']);
  });

  it('never decide with AUDIT or dry-run', () => {
    expect(effects('{action: AUDIT, rules: [{}]}')).toEqual(['NoEffect', 'NoEffect', 'NoEffect']);
    expect(
      effects('{action: DENY, rules: [{}]}', defaultOptions, { annotations: { 'istio.io/dry-run': 'true' } }),
    ).toEqual(['NoEffect', 'NoEffect', 'NoEffect']);
  });

  it('do decide with CUSTOM and dry-run since 1.30', () => {
    const custom = (options: PolicyOptions, spec = '') =>
      effects(`{action: CUSTOM, provider: {name: a}, rules: [{}]${spec}}`, options, {
        annotations: { 'istio.io/dry-run': 'true' },
      });
    expect(custom(defaultOptions)).toEqual(['FailsClosed', 'NoEffect', 'NoEffect']);
    expect(custom(defaultOptions, ', targetRefs: [{kind: Service, name: a}]')).toEqual([
      'Exact',
      'Exact',
      'FailsClosed',
    ]);
    expect(custom({ ...defaultOptions, version: { major: 1, minor: 29 } })).toEqual([
      'NoEffect',
      'NoEffect',
      'NoEffect',
    ]);
  });

  it('with targetRefs ask for a waypoint only', () => {
    const policy = authorizationPolicy(
      '{targetRefs: [{kind: Service, name: a}], rules: [{to: [{operation: {methods: [GET], ports: ["80"]}}]}]}',
    );
    expect(classify(policy, defaultOptions)).toMatchObject({
      scope: 'TargetRefs',
      needsWaypoint: true,
      planes: { sidecar: { effect: 'Exact' }, ztunnel: { effect: 'Exact' }, waypoint: { effect: 'Exact' } },
    });
  });

  it('may be for a gateway that is no waypoint', () => {
    const policy = authorizationPolicy(
      '{targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: a}], rules: [{}]}',
    );
    expect(classify(policy, defaultOptions).needsWaypoint).toBe(false);
  });

  it('with a selector without matchLabels reach no workload at ztunnel', () => {
    const { planes, needsWaypoint, scope } = classify(
      authorizationPolicy('{selector: {}, rules: [{from: [{source: {namespaces: [a]}}]}]}'),
      defaultOptions,
    );
    expect(planes.ztunnel).toEqual({
      effect: 'FailsOpen',
      rules: [{ index: 0, effect: 'FailsOpen', fields: ['selector'] }],
    });
    expect([needsWaypoint, scope]).toEqual([false, 'Namespace']);
    expect(effects('{selector: {matchLabels: {}}, rules: [{from: [{source: {namespaces: [a]}}]}]}')[1]).toBe('Exact');
  });

  it('with a namespace pattern that sidecars find in every identity fail open there', () => {
    expect(effects('{rules: [{from: [{source: {namespaces: ["*a"]}}]}]}')).toEqual(['FailsOpen', 'Exact', 'FailsOpen']);
    expect(effects('{rules: [{from: [{source: {namespaces: ["*api"]}}]}]}')).toEqual(['Exact', 'Exact', 'FailsOpen']);
  });

  it('depend on trust domains at ztunnel', () => {
    const spec = (action: string) =>
      `{action: ${action}, rules: [{from: [{source: {principals: [cluster.local/ns/a/sa/b]}}]}]}`;
    const aliased = { ...defaultOptions, trustDomainAliases: ['old.local'] };
    expect(effects(spec('ALLOW'), aliased)[1]).toBe('FailsClosed');
    expect(effects(spec('DENY'), aliased)[1]).toBe('FailsOpen');
    expect(effects(spec('ALLOW'), { ...defaultOptions, trustDomain: 'own.local' }).slice(0, 2)).toEqual([
      'Exact',
      'FailsOpen',
    ]);
  });

  it('depend on the version', () => {
    const old = { ...defaultOptions, version: { major: 1, minor: 24 } };
    const spec = '{rules: [{from: [{source: {serviceAccounts: [a], ipBlocks: [10.0.0.0/8]}}]}]}';
    expect(effects(spec)).toEqual(['Exact', 'Exact', 'FailsOpen']);
    expect(effects(spec, old)).toEqual(['FailsOpen', 'FailsOpen', 'FailsOpen']);
    expect(classify(authorizationPolicy(spec), old).notes).toContain(
      'this version of Istio does not know serviceAccounts',
    );
  });

  it('have the scope of their selector and namespace', () => {
    const scope = (spec: string, namespace = 'shop') =>
      classify(authorizationPolicy(spec, { namespace }), defaultOptions).scope;
    expect([
      scope('{}'),
      scope('{}', 'istio-system'),
      scope('{selector: {matchLabels: {a: b}}}', 'istio-system'),
    ]).toEqual(['Namespace', 'Mesh', 'Workload']);
  });

  it('are noted where istiod reports the contrary, and on TCP', () => {
    const notes = (spec: string) => classify(authorizationPolicy(spec), defaultOptions).notes.join('\n');
    expect(notes('{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}')).toMatch(
      /more restrictive than requested, but it lets more pass\n.*TCP ports/,
    );
    expect(notes('{rules: [{from: [{source: {namespaces: [a], trustDomains: [b]}}]}]}')).toContain('without a warning');
    expect(notes('{rules: [{from: [{source: {namespaces: [a]}}]}]}')).toBe('');
    expect(notes('{rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]}')).toBe('');
    expect(notes('{action: CUSTOM, rules: [{when: [{key: source.ip, values: [10.0.0.1]}]}]}')).toContain(
      'at a waypoint source.ip and ipBlocks never match',
    );
    expect(
      notes('{targetRefs: [{kind: Service, name: a}], rules: [{from: [{source: {notIpBlocks: [10.0.0.0/8]}}]}]}'),
    ).toContain('at a waypoint source.ip and ipBlocks never match');
    const byHeader = (name: string) => notes(`{rules: [{when: [{key: "request.headers[${name}]", values: [a]}]}]}`);
    expect(byHeader('X-Forwarded-Client-Cert')).toContain(
      'a waypoint does not see what a sidecar sees in request.headers[X-Forwarded-Client-Cert]: a sidecar writes this header',
    );
    expect(byHeader('x-team')).not.toContain('a waypoint does not see');
  });
});

describe('other kinds', () => {
  const planes = (of: Readonly<Record<Plane, { readonly effect: Effect }>>) => [
    of.sidecar.effect,
    of.ztunnel.effect,
    of.waypoint.effect,
  ];

  it('RequestAuthentication is nothing to ztunnel', () => {
    const jwt = (spec: string) => classify(requestAuthentication(spec), defaultOptions);
    expect(planes(jwt('{jwtRules: [{issuer: a}]}').planes)).toEqual(['Exact', 'FailsOpen', 'FailsOpen']);
    expect(planes(jwt('{jwtRules: [{issuer: a}], targetRefs: [{kind: Service, name: a}]}').planes)).toEqual([
      'Exact',
      'Exact',
      'Exact',
    ]);
    expect([jwt('{jwtRules: [{issuer: a}]}'), jwt('{}')].map(({ needsWaypoint }) => needsWaypoint)).toEqual([
      true,
      false,
    ]);
  });

  it('PeerAuthentication depends on the others of its kind', () => {
    const policy = peerAuthentication(
      '{selector: {matchLabels: {a: b}}, mtls: {mode: PERMISSIVE}, portLevelMtls: {80: {mode: STRICT}}}',
    );
    const mesh = peerAuthentication('{mtls: {mode: STRICT}}', { namespace: 'istio-system', name: 'default' });
    expect(planes(classify(policy, defaultOptions).planes)).toEqual(['Exact', 'Exact', 'Exact']);
    expect(planes(classify(policy, defaultOptions, [mesh, policy]).planes)).toEqual(['Exact', 'FailsOpen', 'Exact']);
    expect(classify(mesh, defaultOptions)).toMatchObject({ action: 'STRICT', scope: 'Mesh', needsWaypoint: false });
  });

  it('PeerAuthentication is noted where it says DISABLE, or is not in force', () => {
    const disabled = peerAuthentication('{mtls: {mode: DISABLE}}', { createdAt: 2, name: 'younger' });
    const older = peerAuthentication('{mtls: {mode: STRICT}}', { createdAt: 1, name: 'older' });
    expect(classify(disabled, defaultOptions, [older, disabled]).notes).toHaveLength(2);
    expect(classify(older, defaultOptions, [older, disabled]).notes).toEqual([]);
  });
});

const some = (members: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...members), { minLength: 1, maxLength: 2 });
const part = (names: readonly string[]) =>
  fc
    .uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 2 })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(
          chosen.map((name) => [
            name,
            name.toLowerCase().includes('ip')
              ? some(['10.0.0.0/8', '10.0.0.1'])
              : some(name.toLowerCase().includes('ports') ? ['80', '81'] : ['a', 'b*', 'cluster.local/ns/a/sa/b']),
          ]),
        ),
      ),
    );
const l4Rule = fc.record(
  {
    from: fc.array(
      part(['principals', 'notPrincipals', 'namespaces', 'notNamespaces', 'ipBlocks', 'notIpBlocks']).map((source) => ({
        source,
      })),
      { minLength: 1, maxLength: 2 },
    ),
    to: fc.array(
      part(['ports', 'notPorts']).map((operation) => ({ operation })),
      { minLength: 1, maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);

it('is exact at ztunnel for any policy without fields about HTTP', () => {
  fc.assert(
    fc.property(fc.constantFrom('ALLOW', 'DENY'), fc.array(l4Rule, { maxLength: 2 }), (action, rules) => {
      const { planes, needsWaypoint } = classify(
        authorizationPolicy(JSON.stringify({ action, rules })),
        defaultOptions,
      );
      expect([planes.sidecar.effect, planes.ztunnel.effect, needsWaypoint]).toEqual(['Exact', 'Exact', false]);
    }),
    { numRuns: 60 },
  );
});

it('finds a cause for every rule that is not exact', () => {
  const l7 = part(['methods', 'notPaths', 'hosts']).map((operation) => ({ operation }));
  const rule = fc.record(
    {
      from: fc.array(
        part(['namespaces', 'notPrincipals', 'trustDomains']).map((source) => ({ source })),
        { minLength: 1, maxLength: 1 },
      ),
      to: fc.array(
        fc.oneof(
          l7,
          part(['ports']).map((operation) => ({ operation })),
        ),
        { minLength: 1, maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.constantFrom('ALLOW', 'DENY', 'CUSTOM'),
      fc.array(rule, { minLength: 1, maxLength: 2 }),
      (action, rules) => {
        const policy = authorizationPolicy(JSON.stringify({ action, rules, provider: { name: 'a' } }));
        const named = (ofRule: Rule | undefined) => JSON.stringify(ofRule);
        for (const { rules: classified } of Object.values(classify(policy, defaultOptions).planes)) {
          expect(classified.map(({ index }) => index)).toEqual(policy.rules.map((_rule, index) => index));
          for (const { effect, fields: causes, index } of classified) {
            expect(causes.length > 0).toBe(effect !== 'Exact');
            expect(
              causes.every(
                (cause) =>
                  ['action', 'targetRefs'].includes(cause) || named(policy.rules[index]).includes(`"${cause}"`),
              ),
            ).toBe(true);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
