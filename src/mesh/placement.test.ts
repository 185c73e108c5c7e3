import { describe, expect, it } from '@jest/globals';
import { node } from '../../test/support/node-examples.ts';
import { mayRunOn, nodeSpec, placementOf } from './placement.ts';

type Spec = Readonly<Record<string, unknown>>;

function affinity(...terms: readonly unknown[]): Spec {
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
  };
}

function labels(key: string, operator: string, ...values: readonly string[]): unknown {
  return { matchExpressions: [{ key, operator, values }] };
}

const plain = node('n1', 'a', [], { disk: 'ssd', generation: '5' });
const tainted = node('n2', 'a', ['team=blue:NoSchedule']);

describe('the nodes of a pod', () => {
  it.each([
    ['nothing', {}],
    ['a node selector', { nodeSelector: { disk: 'ssd' } }],
    ['one of several terms', affinity(labels('disk', 'In', 'hdd'), labels('disk', 'In', 'ssd', 'nvme'))],
    ['In', affinity(labels('disk', 'In', 'ssd'))],
    ['NotIn', affinity(labels('disk', 'NotIn', 'hdd'))],
    ['NotIn of what is not there', affinity(labels('zone', 'NotIn', 'b'))],
    ['Exists', affinity(labels('disk', 'Exists'))],
    ['DoesNotExist', affinity(labels('zone', 'DoesNotExist'))],
    ['DoesNotExist of what every object has', affinity(labels('constructor', 'DoesNotExist'))],
    ['Gt', affinity(labels('generation', 'Gt', '4'))],
    ['Lt', affinity(labels('generation', 'Lt', '6'))],
    ['its name', affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] })],
    ['the node itself', { nodeName: 'n1' }],
    ['a wish', { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } }],
  ])('are these by %s', (_, podSpec) => {
    expect(mayRunOn(plain, placementOf(podSpec).placement)).toBe(true);
  });

  it.each([
    ['a node selector', { nodeSelector: { disk: 'hdd' } }],
    [
      'a node selector beside a term that holds',
      { nodeSelector: { disk: 'hdd' }, ...affinity(labels('disk', 'Exists')) },
    ],
    ['no term at all', affinity()],
    ['a term that asks for nothing', affinity({})],
    ['In of what is not there', affinity(labels('zone', 'In', 'a'))],
    ['Exists of what every object has', affinity(labels('toString', 'Exists'))],
    [
      'one of all that a term asks for',
      affinity({
        matchExpressions: [
          { key: 'disk', operator: 'Exists' },
          { key: 'zone', operator: 'Exists' },
        ],
      }),
    ],
    ['Gt', affinity(labels('generation', 'Gt', '5'))],
    ['Gt of what is no number', affinity(labels('disk', 'Gt', '1'))],
    ['Lt of what is not there', affinity(labels('zone', 'Lt', '5'))],
    ['an operator that nobody knows', affinity(labels('disk', 'Like', 'ssd'))],
    ['another node', { nodeName: 'n2' }],
  ])('are others by %s', (_, podSpec) => {
    expect(mayRunOn(plain, placementOf(podSpec).placement)).toBe(false);
  });

  it.each([
    ['the key', { key: 'team', operator: 'Exists' }, true],
    ['the key and the value', { key: 'team', value: 'blue' }, true],
    ['the same for this effect', { key: 'team', operator: 'Equal', value: 'blue', effect: 'NoSchedule' }, true],
    ['everything', { operator: 'Exists' }, true],
    ['another value', { key: 'team', value: 'red' }, false],
    ['another effect', { key: 'team', operator: 'Exists', effect: 'NoExecute' }, false],
    ['another key', { key: 'gpu', operator: 'Exists' }, false],
    ['nothing that is said', {}, false],
  ])('with a taint are these where %s is tolerated: %j, %s', (_, toleration, expected) => {
    expect(mayRunOn(tainted, placementOf({ tolerations: [toleration] }).placement)).toBe(expected);
  });

  it('are not these where a taint is tolerated by nobody', () => {
    expect(mayRunOn(tainted)).toBe(false);
  });

  it('are any where more is said than is kept', () => {
    const terms = Array.from({ length: 500 }, (_, n) => labels('name', 'In', `a-rather-long-name-of-a-node-${n}`));

    expect(mayRunOn(tainted, placementOf(affinity(...terms)).placement)).toBe(true);
  });

  it('are said by few', () => {
    expect(placementOf({ containers: [{ name: 'a' }], tolerations: [], nodeSelector: {} })).toEqual({});
  });
});

describe('a node', () => {
  it('is kept without all that it has besides', () => {
    expect(nodeSpec({ podCIDR: '10.0.0.0/24', taints: [{ key: 'a', effect: 'NoSchedule', timeAdded: 'x' }] })).toEqual({
      taints: [{ key: 'a', value: undefined, effect: 'NoSchedule' }],
    });
  });
});
