import { describe, expect, it } from '@jest/globals';
import { isSameKind, kindKey, type Resource } from '../api/object.ts';
import { kindsOf, ofKind } from './kinds.ts';
import type { WatchedKind } from './watched-kind.ts';

const ofIstio: Resource = {
  group: 'security.istio.io',
  version: 'v1',
  kind: 'AuthorizationPolicy',
  plural: 'authorizationpolicies',
  namespaced: true,
};
const ofLinkerd: Resource = { ...ofIstio, group: 'policy.linkerd.io', version: 'v1alpha1' };

function row(resource: Resource, kind = resource.kind): WatchedKind {
  return { kind, resource, namespace: 'All' };
}

describe('what tells a kind from others', () => {
  it('is its plural with its group, and neither its name nor its version', () => {
    expect(kindKey(ofIstio)).toBe('authorizationpolicies.security.istio.io');
    expect(kindKey({ ...ofIstio, group: '', plural: 'pods' })).toBe('pods');
    expect(isSameKind(ofIstio, ofLinkerd)).toBe(false);
    expect(isSameKind(ofIstio, { ...ofIstio, version: 'v1beta1' })).toBe(true);
  });
});

describe('a table of kinds', () => {
  it('has two of one name by two names', () => {
    const kinds = kindsOf([row(ofIstio), row(ofLinkerd, 'AuthorizationPolicy.policy.linkerd.io')]);

    expect(ofKind(kinds, 'AuthorizationPolicy').resource).toBe(ofIstio);
    expect(ofKind(kinds, 'AuthorizationPolicy.policy.linkerd.io').resource).toBe(ofLinkerd);
  });

  it('is refused where one name stands for two kinds: objects of one would never be seen', () => {
    expect(() => kindsOf([row(ofIstio), row(ofLinkerd)])).toThrow(
      'two kinds have the name AuthorizationPolicy: give authorizationpolicies.policy.linkerd.io another one',
    );
  });

  it('is refused where a kind stands there twice, in two versions or under two names', () => {
    expect(() => kindsOf([row(ofIstio), row({ ...ofIstio, version: 'v1beta1' }, 'Other')])).toThrow(
      'authorizationpolicies.security.istio.io is in the table twice',
    );
  });

  it('says of a kind that is not there that nobody looks at it, and not that it has no objects', () => {
    expect(() => ofKind(kindsOf([row(ofIstio)]), 'AuthorisationPolicy')).toThrow('AuthorisationPolicy is no kind');
  });
});
