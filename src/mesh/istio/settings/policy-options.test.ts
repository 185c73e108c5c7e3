import { describe, expect, it } from '@jest/globals';
import { counting } from '../../../../test/support/counting.ts';
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

describe('where external authorizers are asked', () => {
  const providers = Array.from(
    { length: 5 },
    (_, at) => `- {name: a${at}, envoyExtAuthzGrpc: {service: h${at}.local, port: 9000}}`,
  );
  const declared = config(
    'ConfigMap',
    { mesh: `extensionProviders:\n${providers.join('\n')}\n` },
    { name: 'istio', namespace: root },
  );

  it('is read once of ServiceEntries of anybody, however often it is asked', () => {
    let reads = 0;
    const counted = counting(() => {
      reads += 1;
    });
    const entries = counted(
      Array.from({ length: 200 }, (_, at) =>
        config(
          'ServiceEntry',
          { hosts: [`h${at + 2}.local`], endpoints: [{ address: '127.0.0.1' }] },
          { name: `e${at}`, uid: `e${at}`, namespace: 'mallory' },
        ),
      ),
    );
    const all = mesh([declared]);
    const state: MeshState = {
      ...all,
      configs: (kind, home) => (kind === 'ServiceEntry' ? entries : all.configs(kind, home)),
    };
    const { nearAuthorizers } = policyOptionsOf(state);
    const first = reads;
    for (let asked = 0; asked < 50; asked += 1) policyOptionsOf(state);

    expect(Object.keys(nearAuthorizers ?? {})).toEqual(['a2', 'a3', 'a4']);
    expect(reads - first).toBeLessThan(50 * 10);
    expect(first).toBeLessThan(200 * 40);
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
