import { describe, expect, it } from '@jest/globals';
import {
  changes,
  moments,
  service,
  world,
  type PolicySpec,
  type WorldSpec,
} from '../../../../../test/support/translation-world.ts';
import type { Authorizers } from '../options.ts';
import { defaultOptions } from '../options.ts';
import type { NearAuthorizer } from '../near-authorizers.ts';
import { translate } from './translate.ts';

const web = { selector: { matchLabels: { app: 'web' } } };

function custom(provider: string, path: string, more: Partial<PolicySpec> = {}): PolicySpec {
  return {
    name: `${provider}-${path.slice(1)}`,
    spec: {
      ...web,
      action: 'CUSTOM',
      provider: { name: provider },
      rules: [{ to: [{ operation: { paths: [path], ports: ['9090'] } }] }],
    },
    ...more,
  };
}

const authorizers: Authorizers = { opa: 'Grpc', login: 'Http' };
const declared: WorldSpec = { options: { ...defaultOptions, authorizers } };
const tcp = [service('cart', [{}]), service('web', [{ name: 'tcp', port: 8080, targetPort: 9090 }])];
const dryRun = { annotations: { 'istio.io/dry-run': 'true' } };

describe('CUSTOM policies behind a waypoint', () => {
  it.each<[string, WorldSpec]>([
    ['of an authorizer that the mesh has', { ...declared, policies: [custom('opa', '/pay')] }],
    ['of one that it does not have', { ...declared, policies: [custom('gone', '/pay')] }],
    ['of two that spoil each other', { ...declared, policies: [custom('opa', '/pay'), custom('login', '/admin')] }],
    [
      'of two, one of them a dry run',
      { ...declared, policies: [custom('opa', '/pay'), custom('login', '/admin', dryRun)] },
    ],
    [
      'of two, one of them for the mesh',
      { ...declared, policies: [custom('opa', '/pay'), { ...custom('login', '/admin'), namespace: 'istio-system' }] },
    ],
    ['on TCP, with an authorizer for TCP', { ...declared, services: tcp, policies: [custom('opa', '/pay')] }],
    ['on TCP, unknown', { ...declared, services: tcp, policies: [custom('gone', '/pay')] }],
  ])('%s mean what they meant to sidecars', (_title, spec) => {
    const facts = world(spec);
    const translation = translate(facts);

    expect(translation.problems).toEqual([]);
    expect(translation.bound.map(({ name }) => name)).toEqual(['web']);
    expect(changes(facts, moments(facts, translation))).toEqual([]);
  });

  it('are not copied where the authorizer decides by a header that proxies write', () => {
    const spec = {
      options: { ...defaultOptions, authorizers, sentToAuthorizers: { login: 'X-Forwarded-Client-Cert' } },
    };
    const problems = translate(world({ ...spec, policies: [custom('login', '/pay')] })).problems;

    expect(problems.map(({ severity, object, field }) => `${severity} ${object} ${field}`)).toEqual([
      'Critical AuthorizationPolicy shop/login-pay spec.provider',
    ]);
    expect(translate(world({ ...spec, policies: [custom('opa', '/pay')] })).problems).toEqual([]);
  });

  it('without a rule need no waypoint: nobody is asked', () => {
    const never = { ...custom('opa', '/pay'), spec: { ...custom('opa', '/pay').spec, rules: [] } };

    expect(translate(world({ ...declared, policies: [never] })).bound).toEqual([]);
    expect(translate(world({ ...declared, policies: [custom('opa', '/pay')] })).bound).not.toEqual([]);
  });

  it('are not copied where the authorizer is in the pod of the sidecar', () => {
    const opa = { address: '127.0.0.1', host: 'opa.local', opens: false };
    const by = (near: Partial<NearAuthorizer>, name = 'opa'): ReturnType<typeof translate> => {
      const options = { ...defaultOptions, authorizers, nearAuthorizers: { opa: { ...opa, ...near } } };
      return translate(world({ options, policies: [custom(name, '/pay')] }));
    };
    const problemsOf = (near: Partial<NearAuthorizer>, name?: string): readonly string[] =>
      by(near, name).problems.map(({ severity, object, field }) => `${severity} ${object} ${field}`);
    const entry = { kind: 'ServiceEntry', namespace: 'mallory', name: 'evil' };
    const copies = (near: Partial<NearAuthorizer>): number =>
      by(near).manifests.filter(({ role }) => role === 'Copy').length;

    expect(problemsOf({})).toEqual(['Critical AuthorizationPolicy shop/opa-pay spec.provider']);
    expect(problemsOf({}, 'login')).toEqual([]);
    expect(problemsOf({ entry, isTheirs: true })).toEqual(['Critical AuthorizationPolicy shop/opa-pay spec.provider']);
    expect(problemsOf({ entry, isTheirs: true, isAccepted: true })).toEqual([
      'Warning AuthorizationPolicy shop/opa-pay spec.provider',
    ]);
    expect([
      copies({}),
      copies({ entry, isTheirs: true }),
      copies({ entry, isTheirs: true, isAccepted: true }),
    ]).toEqual([0, 0, 1]);
  });

  it('on TCP with an authorizer for HTTP need no waypoint: nobody is asked', () => {
    const facts = world({ ...declared, services: tcp, policies: [custom('login', '/pay')] });

    expect(translate(facts).bound).toEqual([]);
  });

  it.each<[string, WorldSpec, string]>([
    [
      'the other of two that spoil each other',
      { ...declared, policies: [custom('opa', '/pay'), custom('login', '/admin')] },
      'login-admin',
    ],
    [
      'the dry run that spoils it',
      { ...declared, policies: [custom('opa', '/pay'), custom('login', '/admin', dryRun)] },
      'login-admin',
    ],
    [
      'the only one, of an authorizer that the mesh does not have',
      { ...declared, policies: [custom('gone', '/pay')] },
      'gone-pay',
    ],
  ])('would open without the copy of %s', (_title, spec, name) => {
    const facts = world(spec);
    const translation = translate(facts);
    const kept = translation.manifests.filter(
      ({ role, originals }) => role !== 'Copy' || !originals.some((original) => original.endsWith(`/${name}`)),
    );

    expect(changes(facts, moments(facts, { ...translation, manifests: kept }))).toContainEqual(
      expect.objectContaining({ kind: 'Opens', service: 'web' }),
    );
  });
});
