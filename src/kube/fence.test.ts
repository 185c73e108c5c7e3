import { describe, expect, it } from '@jest/globals';
import { Fence } from './fence.ts';
import type { Resource } from '../api/object.ts';
import { atOrAfter } from './resource-version.ts';

const deployments: Resource = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };

describe('Fence', () => {
  it('waits until the store holds the write', () => {
    const fence = new Fence();
    fence.wrote(deployments, 'shop', 'cart', '100', 0);

    expect(fence.pending(deployments, 'shop', 'cart', '99', 1_000)).toBe(true);
    expect(fence.pending(deployments, 'shop', 'other', '99', 1_000)).toBe(false);
    expect(fence.pending(deployments, 'shop', 'cart', '100', 1_000)).toBe(false);
    expect(fence.pending(deployments, 'shop', 'cart', '99', 1_000)).toBe(false);
  });

  it('opens when the store has moved past the write, as after a deletion of the object', () => {
    const fence = new Fence();
    fence.wrote(deployments, 'shop', 'cart', '100', 0);

    expect(fence.pending(deployments, 'shop', 'cart', '1000', 1)).toBe(false);
  });

  it('asks for a live read when the store does not catch up within 5 s', () => {
    const fence = new Fence();
    fence.wrote(deployments, 'shop', 'cart', '100', 0);

    expect([fence.pending(deployments, 'shop', 'cart', '99', 4_999), fence.overdue(deployments, 'shop', 'cart', '99', 4_999)]).toEqual([true, false]);
    expect([fence.pending(deployments, 'shop', 'cart', '99', 5_000), fence.overdue(deployments, 'shop', 'cart', '99', 5_000)]).toEqual([false, true]);
    expect(fence.overdue(deployments, 'shop', 'cart', '101', 6_000)).toBe(false);
  });

  it('goes by the latest of several writes, in whatever order their answers arrive', () => {
    const fence = new Fence();
    fence.wrote(deployments, 'shop', 'cart', '100', 0);
    fence.wrote(deployments, 'shop', 'cart', '98', 10);

    expect(fence.pending(deployments, 'shop', 'cart', '98', 20)).toBe(true);
  });
});

describe('atOrAfter', () => {
  it.each([
    ['9', '10', false], ['10', '9', true], ['10', '10', true], ['100', '99', true], ['18446744073709551615', '18446744073709551614', true],
    ['abc', 'abc', true], ['abc', '1', undefined], ['', '1', undefined],
  ])('compares %s with %s', (a, b, expected) => {
    expect(atOrAfter(a, b)).toBe(expected);
  });
});
