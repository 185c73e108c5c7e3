import { describe, expect, it } from '@jest/globals';
import { authorizationPolicy } from '../../../../test/policy/written.ts';
import { reachesZtunnel, sidecarReads, waypointReads, ztunnelReads } from './attachment.ts';
import { defaultOptions } from './options.ts';

const web = { namespace: 'shop', labels: { app: 'web', tier: 'front' } };
const gateway = { namespace: 'shop', labels: { 'gateway.networking.k8s.io/gateway-name': 'entry' } };
const bare = { namespace: 'shop', labels: {} };

describe('pods', () => {
  it.each([
    ['{}', 'shop', true, true],
    ['{}', 'istio-system', true, true],
    ['{}', 'other', false, false],
    ['{selector: {matchLabels: {app: web}}}', 'shop', true, true],
    ['{selector: {matchLabels: {app: web}}}', 'istio-system', true, true],
    ['{selector: {matchLabels: {app: web}}}', 'other', false, false],
    ['{selector: {matchLabels: {app: web, tier: back}}}', 'shop', false, false],
    ['{selector: {matchLabels: {constructor: web}}}', 'shop', false, false],
    ['{selector: {}}', 'shop', true, false],
    ['{selector: {matchLabels: {}}}', 'shop', true, true],
    ['{selector: {matchLabels: {}}}', 'istio-system', true, true],
    ['{targetRefs: [{kind: Service, name: web}]}', 'shop', false, false],
  ])('%s in %s: sidecar %s, ztunnel %s', (spec, namespace, sidecar, ztunnel) => {
    const policy = authorizationPolicy(spec, { namespace });
    expect([sidecarReads(policy, web, defaultOptions), ztunnelReads(policy, web, defaultOptions)]).toEqual([
      sidecar,
      ztunnel,
    ]);
  });

  it('without labels get every selector policy from istiod at ztunnel', () => {
    const policy = authorizationPolicy('{selector: {matchLabels: {app: web}}}');
    expect([sidecarReads(policy, bare, defaultOptions), ztunnelReads(policy, bare, defaultOptions)]).toEqual([
      false,
      true,
    ]);
  });

  it('of a Gateway read targetRefs to it', () => {
    const reads = (spec: string, namespace = 'shop') =>
      sidecarReads(authorizationPolicy(spec, { namespace }), gateway, defaultOptions);
    expect(reads('{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: entry}]}')).toBe(true);
    expect(reads('{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: other}]}')).toBe(false);
    expect(
      reads('{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: entry}]}', 'istio-system'),
    ).toBe(false);
    expect(reads('{}')).toBe(true);
  });

  it('can be reached by ztunnel unless the policy is for none of them', () => {
    const reaches = (spec: string) => reachesZtunnel(authorizationPolicy(spec));
    expect([
      reaches('{}'),
      reaches('{selector: {matchLabels: {}}}'),
      reaches('{selector: {matchLabels: {a: b}}}'),
    ]).toEqual([true, true, true]);
    expect([reaches('{selector: {}}'), reaches('{targetRefs: [{kind: Service, name: a}]}')]).toEqual([false, false]);
  });
});

describe('waypoints', () => {
  const waypoint = { namespace: 'infra', name: 'waypoint' };
  const service = { kind: 'Service', namespace: 'shop', name: 'web' } as const;
  const gatewayRef = '{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}';
  const classRef = '{group: gateway.networking.k8s.io, kind: GatewayClass, name: istio-waypoint}';

  it.each([
    ['{}', 'shop', false],
    ['{}', 'istio-system', false],
    ['{selector: {matchLabels: {app: web}}}', 'shop', false],
    ['{targetRefs: [{kind: Service, name: web}]}', 'shop', true],
    ['{targetRefs: [{kind: Service, group: core, name: web}]}', 'shop', true],
    ['{targetRefs: [{kind: Service, name: api}, {kind: Service, name: web}]}', 'shop', true],
    ['{targetRefs: [{kind: Service, name: web}]}', 'infra', false],
    ['{targetRefs: [{kind: Service, name: web}]}', 'istio-system', false],
    ['{targetRefs: [{kind: ServiceEntry, group: networking.istio.io, name: web}]}', 'shop', false],
    [`{targetRefs: [${gatewayRef}]}`, 'infra', true],
    [`{targetRefs: [${gatewayRef}]}`, 'shop', false],
    [`{targetRefs: [${classRef}]}`, 'istio-system', true],
    [`{targetRefs: [${classRef}]}`, 'infra', false],
  ])('%s in %s: %s', (spec, namespace, reads) => {
    expect(waypointReads(authorizationPolicy(spec, { namespace }), waypoint, service, defaultOptions)).toBe(reads);
  });

  it('read policies for ServiceEntries', () => {
    const policy = authorizationPolicy('{targetRefs: [{kind: ServiceEntry, group: networking.istio.io, name: web}]}');
    expect(waypointReads(policy, waypoint, { ...service, kind: 'ServiceEntry' }, defaultOptions)).toBe(true);
  });
});
