import { describe, expect, it } from '@jest/globals';
import { authorizationPolicy } from '../../../../test/policy/written.ts';
import { defaultOptions } from './options.ts';
import { ztunnelStatus } from './ztunnel-status.ts';
import { asZtunnel, ztunnelAuthorization } from './ztunnel.ts';

function groups(spec: string) {
  return ztunnelAuthorization(authorizationPolicy(spec), defaultOptions)?.groups;
}

const source = (fields: string) => `{rules: [{from: [{source: {${fields}}}]}]}`;

describe('what istiod sends', () => {
  it.each([
    ['principals: [cluster.local/ns/a/sa/b]', { principals: [{ exact: 'cluster.local/ns/a/sa/b' }] }],
    ['notPrincipals: ["*"]', { notPrincipals: [{ presence: {} }] }],
    ['namespaces: ["a*"], notNamespaces: ["*b"]', { namespaces: [{ prefix: 'a' }], notNamespaces: [{ suffix: 'b' }] }],
    ['namespaces: ["**"]', { namespaces: [{ suffix: '*' }] }],
    ['namespaces: ["a*b"]', { namespaces: [{ exact: 'a*b' }] }],
    [
      'serviceAccounts: [own, other/web]',
      {
        serviceAccounts: [
          { namespace: 'shop', serviceAccount: 'own' },
          { namespace: 'other', serviceAccount: 'web' },
        ],
      },
    ],
    ['notServiceAccounts: [own]', { notServiceAccounts: [{ namespace: 'shop', serviceAccount: 'own' }] }],
    [
      'ipBlocks: [10.0.0.1, 10.1.2.3/8, "2001:DB8::1/32", nonsense, 10.0.0.0/99]',
      {
        sourceIps: [
          { address: '10.0.0.1', length: 32 },
          { address: '10.1.2.3', length: 8 },
          { address: '2001:db8::1', length: 32 },
        ],
      },
    ],
    ['notIpBlocks: [10.0.0.0/8]', { notSourceIps: [{ address: '10.0.0.0', length: 8 }] }],
    ['trustDomains: [a], namespaces: [b]', { namespaces: [{ exact: 'b' }] }],
    ['trustDomains: [a]', {}],
  ])('for a source with %s', (fields, match) => {
    expect(groups(source(fields))).toEqual([{ rules: [{ matches: [match] }] }]);
  });

  it('puts to before from before when', () => {
    expect(
      groups(
        '{rules: [{from: [{source: {namespaces: [a]}}], to: [{operation: {ports: ["80", http, "080"], notPorts: ["65536", "1"]}}], when: [{key: destination.ip, notValues: [10.0.0.1]}, {key: source.principal, values: [x]}]}]}',
      ),
    ).toEqual([
      {
        rules: [
          { matches: [{ destinationPorts: [80, 80], notDestinationPorts: [1] }] },
          { matches: [{ namespaces: [{ exact: 'a' }] }] },
          { matches: [{ notDestinationIps: [{ address: '10.0.0.1', length: 32 }] }] },
          { matches: [{ principals: [{ exact: 'x' }] }] },
        ],
      },
    ]);
  });

  it('leaves out an ALLOW rule about HTTP, and of a DENY rule what is about HTTP', () => {
    const rules =
      'rules: [{to: [{operation: {methods: [GET], ports: ["80"]}}]}, {when: [{key: "request.headers[x]", values: [a]}]}, {}]';
    expect(groups(`{${rules}}`)).toEqual([{ rules: [] }]);
    expect(groups(`{action: DENY, ${rules}}`)).toEqual([
      { rules: [{ matches: [{ destinationPorts: [80] }] }] },
      { rules: [{ matches: [{}] }] },
      { rules: [] },
    ]);
  });

  it.each([
    '{action: AUDIT, rules: [{}]}',
    '{action: CUSTOM, provider: {name: a}, rules: [{}]}',
    '{targetRefs: [{kind: Service, name: a}]}',
  ])('is nothing for %s', (spec) => {
    expect(groups(spec)).toBeUndefined();
  });

  it('has the scope of the selector and the namespace', () => {
    const scope = (spec: string, namespace: string) =>
      ztunnelAuthorization(authorizationPolicy(spec, { namespace }), defaultOptions)?.scope;
    expect(scope('{}', 'shop')).toBe('NAMESPACE');
    expect(scope('{}', 'istio-system')).toBe('GLOBAL');
    expect(scope('{selector: {matchLabels: {a: b}}}', 'istio-system')).toBe('WORKLOAD_SELECTOR');
    expect(scope('{selector: {}}', 'shop')).toBe('WORKLOAD_SELECTOR');
  });

  it('is a dry-run policy only where istiod is told to send them', () => {
    const policy = authorizationPolicy('{}', { annotations: { 'istio.io/dry-run': 'true' } });
    expect(ztunnelAuthorization(policy, defaultOptions)).toBeUndefined();
    expect(ztunnelAuthorization(policy, { ...defaultOptions, ztunnelDryRun: true })?.dryRun).toBe(true);
    expect(
      ztunnelAuthorization(policy, { ...defaultOptions, ztunnelDryRun: true, version: { major: 1, minor: 28 } }),
    ).toBeUndefined();
    expect(asZtunnel(policy, { ...defaultOptions, ztunnelDryRun: true })).toBeUndefined();
  });
});

describe('what ztunnel makes of it', () => {
  const rules = (spec: string) => asZtunnel(authorizationPolicy(spec), defaultOptions)?.rules;

  it('skips a match that asks about nothing', () => {
    expect(rules('{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}')).toEqual([[]]);
    expect(
      rules('{action: DENY, rules: [{to: [{operation: {methods: [GET]}}, {operation: {ports: ["80"]}}]}]}'),
    ).toEqual([[[{ anyOf: [{ of: 'port', side: 'Workload', port: 80 }], negated: false }]]]);
  });

  it('matches everything with an empty rule, nothing without rules', () => {
    expect(rules('{rules: [{}]}')).toEqual([[[]]]);
    expect(rules('{}')).toEqual([]);
  });

  it('keeps the place of a rule that is left out', () => {
    expect(rules('{rules: [{to: [{operation: {methods: [GET]}}]}, {}]}')).toEqual([[], [[]]]);
  });

  it('does not translate trust domains', () => {
    const policy = authorizationPolicy('{rules: [{from: [{source: {principals: [cluster.local/ns/a/sa/b]}}]}]}');
    expect(asZtunnel(policy, { ...defaultOptions, trustDomain: 'own.example' })?.rules).toEqual([
      [
        [
          {
            anyOf: [{ of: 'identity', part: 'Principal', match: { kind: 'Exact', value: 'cluster.local/ns/a/sa/b' } }],
            negated: false,
          },
        ],
      ],
    ]);
  });
});

describe('ZtunnelAccepted', () => {
  const status = (spec: string, annotations = {}) =>
    ztunnelStatus(authorizationPolicy(spec, { annotations }), defaultOptions);

  it('lists what is about HTTP, sorted, each once', () => {
    expect(
      status(
        '{rules: [{to: [{operation: {paths: [/a], hosts: [b]}}]}, {to: [{operation: {paths: [/b]}}], when: [{key: connection.sni, values: [a]}]}]}',
      ),
    ).toEqual({
      status: 'True',
      reason: 'UnsupportedValue',
      message:
        'ztunnel does not support HTTP attributes (found: connection.sni, hosts, paths). In ambient mode you must use a waypoint proxy to enforce HTTP rules. ' +
        'Within an ALLOW policy, rules matching HTTP attributes are omitted. This will be more restrictive than requested.',
    });
  });

  it('says nothing about trust domains, and the wrong thing about a DENY', () => {
    expect(status(source('trustDomains: [a]'))).toEqual({
      status: 'True',
      reason: 'Accepted',
      message: 'attached to ztunnel',
    });
    expect(status('{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}')?.message).toContain(
      'more restrictive',
    );
  });

  it('refuses actions and dry-run, the latter even with targetRefs', () => {
    expect(status('{action: AUDIT, rules: [{}]}')).toEqual({
      status: 'False',
      reason: 'UnsupportedValue',
      message: 'ztunnel does not support the AUDIT action',
    });
    expect(status('{targetRefs: [{kind: Service, name: a}]}', { 'istio.io/dry-run': 'true' })?.status).toBe('False');
    expect(status('{targetRefs: [{kind: Service, name: a}]}')).toBeUndefined();
  });
});
