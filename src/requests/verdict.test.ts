import { describe, expect, it } from '@jest/globals';
import type { Condition, Reading, Request } from './semantics.ts';
import { verdict } from './verdict.ts';

const request: Request = {
  sourceIp: '10.0.0.1',
  remoteIp: '10.0.0.1',
  destinationIp: '10.0.0.2',
  workloadPort: 8080,
  metadata: {},
};
const always: Condition = [[]];
const never: Condition = [];

function policy(name: string, action: Reading['action'], ...rules: readonly Condition[]): Reading {
  return { namespace: 'shop', name, action, rules };
}

describe('verdict', () => {
  it('allows where no policy is', () => {
    expect(verdict([], request)).toEqual({ allowed: true });
  });

  it('refuses where an ALLOW policy is that does not match, even one without rules', () => {
    expect(verdict([policy('nothing', 'ALLOW')], request)).toEqual({ allowed: false });
    expect(verdict([policy('some', 'ALLOW', never)], request)).toEqual({ allowed: false });
  });

  it('allows by any rule of any ALLOW policy and names it', () => {
    expect(verdict([policy('one', 'ALLOW', never), policy('two', 'ALLOW', never, always)], request)).toEqual({
      allowed: true,
      by: 'shop/two',
    });
  });

  it('lets DENY win over ALLOW, whatever their order', () => {
    expect(verdict([policy('yes', 'ALLOW', always), policy('no', 'DENY', always)], request)).toEqual({
      allowed: false,
      by: 'shop/no',
    });
  });

  it('takes a DENY policy without rules for nothing', () => {
    expect(verdict([policy('no', 'DENY')], request)).toEqual({ allowed: true });
  });

  it('says whose authorizer is asked, without letting it allow anything', () => {
    expect(verdict([policy('ask', 'CUSTOM', always)], request)).toEqual({ allowed: true, asked: 'shop/ask' });
    expect(verdict([policy('ask', 'CUSTOM', always), policy('yes', 'ALLOW', never)], request)).toEqual({
      allowed: false,
      asked: 'shop/ask',
    });
    expect(verdict([policy('ask', 'CUSTOM', never)], request)).toEqual({ allowed: true });
  });
});
