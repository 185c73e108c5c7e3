import { describe, expect, it } from '@jest/globals';
import { namedInRule, ofRule } from './named-callers.ts';
import type { Rule, Source } from '../policy/types.ts';

function source(given: Partial<Source>): Source {
  const fields = ['principals', 'requestPrincipals', 'namespaces', 'serviceAccounts', 'trustDomains', 'ipBlocks'];
  const none = Object.fromEntries(
    [...fields, 'remoteIpBlocks'].flatMap((field) => [
      [field, []],
      [`not${field.charAt(0).toUpperCase()}${field.slice(1)}`, []],
    ]),
  ) as unknown as Source;
  return { ...none, ...given };
}

function rule(from: readonly Partial<Source>[], when: readonly (readonly [string, string])[] = []): Rule {
  return {
    from: from.map(source),
    to: [],
    when: when.map(([key, value]) => ({ key, values: [value], notValues: [] })),
  };
}

const web = { namespace: 'shop', serviceAccount: 'web' };

describe('whom a rule names', () => {
  it.each<readonly [string, readonly object[]]>([
    ['cluster.local/ns/shop/sa/web', [web]],
    ['*/ns/shop/sa/web', [web]],
    ['*/shop/sa/web', [web]],
    ['cluster.local/ns/shop/sa/*', [{ namespace: 'shop' }]],
    ['cluster.local/ns/shop/sa/w*', [{ namespace: 'shop' }]],
    ['cluster.local/ns/shop/*', [{ namespace: 'shop' }]],
    ['cluster.local/ns/sho*', []],
    ['cluster.local/ns/shop', []],
    ['*shop/sa/web', []],
    ['*/sa/web', []],
    ['*', []],
  ])('goes by the namespace that a principal has whole: %s', (principal, callers) => {
    expect(namedInRule(rule([{ principals: [principal] }]), 'home')).toEqual(callers);
    expect(ofRule(rule([{ principals: [principal] }]), 'home')).toEqual(callers.length === 0 ? undefined : callers);
  });

  it.each<readonly [string, string, object]>([
    ['source.principal', 'cluster.local/ns/shop/sa/web', web],
    ['source.serviceAccount', 'shop/web', web],
    ['source.serviceAccount', 'web', { namespace: 'home', serviceAccount: 'web' }],
    ['source.namespace', 'shop', { namespace: 'shop' }],
  ])('reads conditions on %s: %s', (key, value, caller) => {
    expect(namedInRule(rule([], [[key, value]]), 'home')).toEqual([caller]);
    expect(namedInRule(rule([{ requestPrincipals: ['*'] }, { namespaces: ['a'] }], [[key, value]]), 'home')).toEqual([
      { namespace: 'a' },
      caller,
    ]);
  });

  it('counts one who is named by one field beside another that is open, or beside other names', () => {
    expect(namedInRule(rule([{ principals: ['*'], namespaces: ['shop', 's*'] }]), 'home')).toEqual([
      { namespace: 'shop' },
    ]);
  });
});
