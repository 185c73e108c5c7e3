import { describe, expect, it } from '@jest/globals';
import { authorizationPolicy } from '../../../../test/policy/written.ts';
import { classify } from './classify.ts';
import { matches } from '../../../requests/matches.ts';
import { defaultOptions } from './options.ts';
import type { Request } from '../../../requests/semantics.ts';
import { asSidecar } from './sidecar.ts';
import { asWaypoint } from './waypoint.ts';

const target = 'targetRefs: [{kind: Service, group: "", name: cart}]';

const request: Request = {
  identity: 'cluster.local/ns/shop/sa/web',
  sourceIp: '10.0.0.1',
  remoteIp: '10.0.0.1',
  destinationIp: '10.0.0.2',
  workloadPort: 8080,
  servicePort: 80,
  http: { host: 'cart', method: 'GET', path: '/', headers: {} },
  metadata: {},
};

function matchesAt(read: typeof asSidecar, rule: string): boolean {
  const reading = read(authorizationPolicy(`{${target}, rules: [${rule}]}`), 'http', defaultOptions);
  return reading?.rules.some((condition) => matches(condition, request)) === true;
}

describe('the direct peer of a request at a waypoint', () => {
  it.each([
    ['a block that holds the caller', '{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}', true, false],
    ['all addresses', '{from: [{source: {ipBlocks: [0.0.0.0/0, "::/0"]}}]}', true, false],
    ['the condition', '{when: [{key: source.ip, values: [10.0.0.1]}]}', true, false],
    ['everything but a block that holds the caller', '{from: [{source: {notIpBlocks: [10.0.0.0/8]}}]}', false, true],
    ['everything but a block elsewhere', '{from: [{source: {notIpBlocks: [192.0.2.0/24]}}]}', true, true],
    ['an identity beside a block', '{from: [{source: {namespaces: [shop], ipBlocks: [10.0.0.0/8]}}]}', true, false],
    [
      'an identity beside the negation of a block',
      '{from: [{source: {namespaces: [shop], notIpBlocks: [10.0.0.0/8]}}]}',
      false,
      true,
    ],
    ['the original client', '{from: [{source: {remoteIpBlocks: [10.0.0.0/8]}}]}', true, true],
    ['the address of the destination', '{when: [{key: destination.ip, values: [10.0.0.2]}]}', true, true],
  ])('is not in %s', (_, rule, sidecar, waypoint) => {
    expect([matchesAt(asSidecar, rule), matchesAt(asWaypoint, rule)]).toEqual([sidecar, waypoint]);
  });

  it.each([
    ['ALLOW', 'ipBlocks', 'FailsClosed'],
    ['ALLOW', 'notIpBlocks', 'FailsOpen'],
    ['DENY', 'ipBlocks', 'FailsOpen'],
    ['DENY', 'notIpBlocks', 'FailsClosed'],
  ])('makes %s by %s at a waypoint %3$s', (action, field, effect) => {
    const policy = authorizationPolicy(
      `{${target}, action: ${action}, rules: [{from: [{source: {${field}: [10.0.0.0/8]}}]}]}`,
    );

    expect(classify(policy, defaultOptions).planes.waypoint).toEqual({
      effect,
      rules: [{ index: 0, effect, fields: [field] }],
    });
  });

  it('is no reason for a waypoint: a DENY of addresses and methods would not gain by one', () => {
    const rule = '{from: [{source: {ipBlocks: [10.0.0.0/8]}}], to: [{operation: {methods: [GET]}}]}';

    expect(classify(authorizationPolicy(`{action: DENY, rules: [${rule}]}`), defaultOptions).needsWaypoint).toBe(false);
  });
});

it('reads no policy without targetRefs', () => {
  expect(asWaypoint(authorizationPolicy('{rules: [{}]}'), 'http', defaultOptions)).toBeUndefined();
});
