import { describe, expect, it } from '@jest/globals';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

describe('applyMergePatch', () => {
  it('merges objects, removes on null, replaces lists', () => {
    expect(
      applyMergePatch({ a: { b: 1, c: 2 }, list: [1, 2] }, { a: { b: null, d: { e: null, f: 3 } }, list: [3] }),
    ).toEqual({ a: { c: 2, d: { f: 3 } }, list: [3] });
  });
});

describe('applyStrategicMerge', () => {
  const spec = {
    containers: [
      { name: 'app', image: 'a:1', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] },
      { name: 'side', image: 's:1' },
    ],
    tolerations: [{ key: 'x' }],
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
  };

  it('merges list items by their merge key and replaces lists without one', () => {
    const patched = applyStrategicMerge(spec, {
      containers: [{ name: 'app', image: 'a:2', env: [{ name: 'B', value: '2' }] }],
      tolerations: [{ key: 'y' }],
    });
    expect(patched['containers']).toEqual([
      {
        name: 'app',
        image: 'a:2',
        env: [
          { name: 'B', value: '2' },
          { name: 'A', value: '1' },
        ],
        ports: [{ containerPort: 80 }],
      },
      { name: 'side', image: 's:1' },
    ]);
    expect(patched['tolerations']).toEqual([{ key: 'y' }]);
  });

  it('obeys $patch, $retainKeys, $setElementOrder and $deleteFromPrimitiveList', () => {
    const target = { ...spec, finalizers: ['a', 'b'] };
    const patched = applyStrategicMerge(target, {
      '$setElementOrder/containers': [{ name: 'new' }, { name: 'app' }],
      containers: [
        { name: 'side', $patch: 'delete' },
        { name: 'new', image: 'n:1' },
      ],
      strategy: { $retainKeys: ['type'], type: 'Recreate' },
      '$deleteFromPrimitiveList/finalizers': ['a'],
      finalizers: ['c'],
    });
    expect((patched['containers'] as { name: string }[]).map(({ name }) => name)).toEqual(['new', 'app']);
    expect(patched['strategy']).toEqual({ type: 'Recreate' });
    expect(patched['finalizers']).toEqual(['b', 'c']);
  });
});
