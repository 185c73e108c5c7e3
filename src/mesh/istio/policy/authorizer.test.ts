import { describe, expect, it } from '@jest/globals';
import { parseMeshConfig } from '../settings/mesh-config.ts';
import { authorizersOf, customUse, sentToAuthorizers } from './authorizer.ts';
import { classify } from './classify.ts';
import { defaultOptions, type PolicyOptions } from './options.ts';
import { parsePolicy } from './parse.ts';
import { asSidecar, asSidecars } from './sidecar.ts';
import type { AuthorizationPolicy } from './types.ts';
import { asWaypoints } from './waypoint.ts';

const written = `
trustDomain: cluster.local
extensionProviders:
- name: opa
  envoyExtAuthzGrpc: {service: opa.opa.svc.cluster.local, port: 9191}
- name: oauth2-proxy
  envoyExtAuthzHttp:
    service: oauth2-proxy.auth.svc.cluster.local
    port: "4180"
    pathPrefix: /check
- name: zipkin
  zipkin: {service: zipkin.tracing.svc.cluster.local, port: 9411}
- name: Upper
  envoyExtAuthzHttp: {service: a.b.svc.cluster.local, port: 80}
- name: no-port
  envoyExtAuthzHttp: {service: a.b.svc.cluster.local}
- name: no-service
  envoyExtAuthzGrpc: {port: 80}
- name: prefix
  envoyExtAuthzHttp: {service: a.b.svc.cluster.local, port: 80, pathPrefix: check}
- name: twice
  envoyExtAuthzHttp: {service: a.b.svc.cluster.local, port: 80}
- name: twice
  envoyExtAuthzHttp: {service: a.b.svc.cluster.local, port: 80}
`;

const authorizers = authorizersOf(parseMeshConfig(written) ?? {}, defaultOptions.version);
const options: PolicyOptions = { ...defaultOptions, authorizers };

function custom(provider: string, { name = 'ask', dryRun = false, targeted = false } = {}): AuthorizationPolicy {
  const spec = {
    action: 'CUSTOM',
    provider: { name: provider },
    rules: [{ to: [{ operation: { paths: ['/pay*'], ports: ['80'] } }] }],
    ...(targeted && { targetRefs: [{ kind: 'Service', name: 'web' }] }),
  };
  const { policy } = parsePolicy({
    kind: 'AuthorizationPolicy',
    namespace: 'shop',
    name,
    annotations: dryRun ? { 'istio.io/dry-run': 'true' } : {},
    spec,
  });
  if (policy?.kind !== 'AuthorizationPolicy') throw new Error('no policy');
  return policy;
}

describe('the external authorizers of a mesh configuration', () => {
  it('are those that istiod can use', () => {
    expect(authorizers).toEqual({
      opa: 'Grpc',
      'oauth2-proxy': 'Http',
      Upper: 'Invalid',
      'no-port': 'Invalid',
      'no-service': 'Invalid',
      prefix: 'Invalid',
      twice: 'Invalid',
    });
  });

  it('may have any name before Istio 1.30', () => {
    expect(authorizersOf(parseMeshConfig(written) ?? {}, { major: 1, minor: 29 })['Upper']).toBe('Http');
  });

  it('are none in a configuration without providers, and unknown in one that cannot be read', () => {
    expect([authorizersOf(parseMeshConfig('') ?? {}, defaultOptions.version), parseMeshConfig('a: [')]).toEqual([
      {},
      undefined,
    ]);
  });

  it.each([
    ['opa', 'http', 'Asked'],
    ['opa', 'tcp', 'Asked'],
    ['oauth2-proxy', 'http', 'Asked'],
    ['oauth2-proxy', 'tcp', 'Ignored'],
    ['gone', 'http', 'Refused'],
    ['gone', 'tcp', 'Refused'],
    ['zipkin', 'http', 'Refused'],
    ['Upper', 'http', 'Refused'],
    ['toString', 'http', 'Refused'],
  ] as const)('%s on %s: %s', (provider, protocol, use) => {
    expect(customUse({ provider }, protocol, options)).toBe(use);
  });

  it('are taken to work where the configuration is not known', () => {
    expect(customUse({ provider: 'gone' }, 'tcp', defaultOptions)).toBe('Asked');
  });
});

describe('a CUSTOM policy', () => {
  it.each([
    ['opa', 'CUSTOM', 'CUSTOM'],
    ['oauth2-proxy', 'CUSTOM', undefined],
    ['gone', 'DENY', 'DENY'],
  ] as const)('of %s is %s on HTTP and %s on TCP', (provider, http, tcp) => {
    expect([
      asSidecar(custom(provider), 'http', options)?.action,
      asSidecar(custom(provider), 'tcp', options)?.action,
    ]).toEqual([http, tcp]);
  });

  it.each([
    ['opa', 'DENY'],
    ['gone', undefined],
  ] as const)('as a dry run of %s decides %s', (provider, action) => {
    expect(asSidecar(custom(provider, { dryRun: true }), 'http', options)?.action).toBe(action);
  });

  it.each([
    ['a dry run', true],
    ['a policy', false],
  ])('is refused beside %s of another provider, by sidecars and by waypoints', (_title, dryRun) => {
    const [one, other] = [
      custom('opa', { targeted: true }),
      custom('oauth2-proxy', { name: 'other', dryRun, targeted: true }),
    ];
    const actions = (readings: ReturnType<typeof asSidecars>): readonly string[] =>
      readings.map(({ action }) => action);
    const expected = dryRun ? ['DENY'] : ['DENY', 'DENY'];

    expect(actions(asSidecars([one, other], 'http', options))).toEqual(expected);
    expect(actions(asWaypoints([one, other], 'http', options))).toEqual(expected);
    expect(actions(asSidecars([one], 'http', options))).toEqual(['CUSTOM']);
  });

  it.each([
    ['gone', 'FailsClosed', ['provider']],
    ['opa', 'Exact', []],
  ] as const)('of %s is %s at sidecars and at waypoints', (provider, effect, fields) => {
    const { planes } = classify(custom(provider), options);
    const copy = classify(custom(provider, { targeted: true }), options).planes;

    expect([planes.sidecar, copy.waypoint]).toEqual([
      { effect, rules: [{ index: 0, effect, fields }] },
      { effect, rules: [{ index: 0, effect, fields }] },
    ]);
    expect(planes.ztunnel.effect).toBe('FailsOpen');
  });

  it('as a dry run of an unknown provider never decides', () => {
    const { planes, notes } = classify(custom('gone', { dryRun: true }), options);

    expect([planes.sidecar.effect, planes.ztunnel.effect, notes.filter((note) => note.includes('dry-run'))]).toEqual([
      'NoEffect',
      'NoEffect',
      [],
    ]);
  });
});

describe('what an authorizer is asked by', () => {
  it.each([
    ['its full name', '{includeRequestHeadersInCheck: [cookie, X-Forwarded-Client-Cert]}', 'X-Forwarded-Client-Cert'],
    ['the older field', '{includeHeadersInCheck: [x-forwarded-client-cert]}', 'x-forwarded-client-cert'],
    ['a header of a login', '{includeRequestHeadersInCheck: [x-forwarded-access-token, x-request-id]}', undefined],
    ['any that begin so', '{includeRequestHeadersInCheck: ["x-*"]}', undefined],
    ['none', '{service: a}', undefined],
  ])('is told by %s', (_, provider, header) => {
    const config = parseMeshConfig(`extensionProviders: [{name: it, envoyExtAuthzHttp: ${provider}}, {name: other}]`);

    expect(sentToAuthorizers(config ?? {})).toEqual(header === undefined ? {} : { it: header });
  });
});
