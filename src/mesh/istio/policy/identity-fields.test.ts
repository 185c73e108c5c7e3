import { describe, expect, it } from '@jest/globals';
import { config } from '../../../../test/support/mesh-fixtures.ts';
import { admitsNameless, withoutIdentity } from './identity-fields.ts';

const byDomain: readonly (readonly [string, object, object])[] = [
  ['a field', { from: [{ source: { trustDomains: ['a'] } }] }, { from: [{ source: { notTrustDomains: ['a'] } }] }],
  [
    'a condition',
    { when: [{ key: 'source.trustDomain', values: ['a'] }] },
    { when: [{ key: 'source.trustDomain', notValues: ['a'] }] },
  ],
];

describe('a policy that asks for the trust domain of its caller', () => {
  it.each(byDomain)('decides by an identity, in %s', (_where, asks, excludes) => {
    const policy = (action: string, rule: object) => config('AuthorizationPolicy', { action, rules: [rule] });

    expect([...withoutIdentity(policy('DENY', asks), 'shop')]).toEqual(['Opens']);
    expect([...withoutIdentity(policy('DENY', excludes), 'shop')]).toEqual(['Refuses']);
    expect([...withoutIdentity(policy('ALLOW', asks), 'shop')]).toEqual(['Refuses']);
    expect([...withoutIdentity(policy('ALLOW', excludes), 'shop')]).toEqual(['Opens']);
    expect(admitsNameless(policy('ALLOW', asks))).toBe(false);
  });
});
