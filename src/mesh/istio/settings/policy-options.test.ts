import { describe, expect, it } from '@jest/globals';
import { config, installed, mesh, root, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { MeshState } from '../../adapter.ts';
import { policyOptionsOf } from './policy-options.ts';
import { defaultOptions } from '../policy/options.ts';
import { translationOf } from '../waypoint/translation.ts';

function meshOf(version: string | undefined, ...configs: Parameters<typeof mesh>[0] & object): MeshState {
  return { ...mesh([...installed, ...configs]), version };
}

const withHttp = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });

describe('what the mesh of a cluster adds to its policies', () => {
  it.each([
    ['1.29', { major: 1, minor: 29 }],
    ['none', defaultOptions.version],
    [undefined, defaultOptions.version],
  ])('is the version %s', (version, expected) => {
    expect(policyOptionsOf(meshOf(version)).version).toEqual(expected);
  });

  it('is trust domains and external authorizers', () => {
    const written =
      'trustDomain: corp\ntrustDomainAliases: [old]\nextensionProviders:\n- name: opa\n  envoyExtAuthzGrpc: {service: opa.opa.svc.cluster.local, port: 9191}\n';
    const declared = mesh([config('ConfigMap', { mesh: written }, { name: 'istio', namespace: root })]);

    expect(policyOptionsOf(declared)).toMatchObject({
      trustDomain: 'corp',
      trustDomainAliases: ['old'],
      authorizers: { opa: 'Grpc' },
    });
  });
});

describe('a namespace is judged for the version of istiod', () => {
  it.each([
    ['1.31', []],
    ['1.30', ['spec.trafficPolicy.loadBalancer.consistentHash']],
  ])('%s: hashing behind a waypoint loses %j', (version, fields) => {
    const hashing = config('DestinationRule', {
      host: 'web.shop.svc.cluster.local',
      trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x' } } },
    });
    const { problems } = translationOf(surroundings({ mesh: meshOf(version, withHttp, hashing) }));

    expect(problems.filter(({ severity }) => severity === 'Critical').map(({ field }) => field)).toEqual(fields);
  });

  it.each([
    ['1.31', true],
    ['1.30', true],
    ['1.29', false],
  ])('%s: a dry run of CUSTOM needs a waypoint: %s', (version, needs) => {
    const declared = config(
      'ConfigMap',
      {
        mesh: 'extensionProviders:\n- name: opa\n  envoyExtAuthzGrpc: {service: opa.opa.svc.cluster.local, port: 9191}\n',
      },
      { name: 'istio', namespace: root },
    );
    const dry = config(
      'AuthorizationPolicy',
      { action: 'CUSTOM', provider: { name: 'opa' }, rules: [{ to: [{ operation: { methods: ['GET'] } }] }] },
      { annotations: { 'istio.io/dry-run': 'true' } },
    );
    const { bound } = translationOf(
      surroundings({
        mesh: { ...mesh([...installed.filter(({ kind }) => kind !== 'ConfigMap'), declared, dry]), version },
      }),
    );

    expect(bound.length > 0).toBe(needs);
  });
});
