import { describe, expect, it } from '@jest/globals';
import { Fence, type Seen } from './fence.ts';
import type { Resource } from '../api/object.ts';
import { atOrAfter } from './resource-version.ts';

const deployments: Resource = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

function at(resourceVersion: string): Seen {
  return { resourceVersion, listedAt: -Infinity };
}

describe('Fence', () => {
  it('waits until the store holds the write', () => {
    const fence = new Fence();
    fence.wrote(deployments, 'shop', 'cart', '100', 0);

    expect(fence.pending(deployments, 'shop', 'cart', at('99'))).toBe(true);
    expect(fence.pending(deployments, 'shop', 'other', at('99'))).toBe(false);
    expect(fence.pending(deployments, 'shop', 'cart', at('100'))).toBe(false);
    expect(fence.pending(deployments, 'shop', 'cart', at('99'))).toBe(false);
  });

  it('opens when the store has moved past the write, as after a deletion of the object', () => {
    const fence = new Fence();
    fence.wrote(deployments, 'shop', 'cart', '100', 0);

    expect(fence.pending(deployments, 'shop', 'cart', at('1000'))).toBe(false);
  });

  it('never opens by itself, however long the watch is broken', () => {
    const fence = new Fence();
    fence.wrote(deployments, 'shop', 'cart', '100', 0);

    for (let times = 0; times < 1000; times += 1)
      expect(fence.pending(deployments, 'shop', 'cart', at('99'))).toBe(true);
  });

  it('opens with a list that was begun after the write, although its version is lower, as after a restore from backup', () => {
    const fence = new Fence();
    fence.wrote(deployments, 'shop', 'cart', '100', 50);

    expect(fence.pending(deployments, 'shop', 'cart', { resourceVersion: '7', listedAt: 50 })).toBe(true);
    expect(fence.pending(deployments, 'shop', 'cart', { resourceVersion: '7', listedAt: 51 })).toBe(false);
  });

  it('goes by the latest of several writes, in whatever order their answers arrive', () => {
    const fence = new Fence();
    fence.wrote(deployments, 'shop', 'cart', '100', 0);
    fence.wrote(deployments, 'shop', 'cart', '98', 10);

    expect(fence.pending(deployments, 'shop', 'cart', at('98'))).toBe(true);
  });
});

describe('atOrAfter', () => {
  it.each([
    ['9', '10', false],
    ['10', '9', true],
    ['10', '10', true],
    ['100', '99', true],
    ['18446744073709551615', '18446744073709551614', true],
    ['abc', 'abc', true],
    ['abc', '1', undefined],
    ['', '1', undefined],
  ])('compares %s with %s', (a, b, expected) => {
    expect(atOrAfter(a, b)).toBe(expected);
  });
});
