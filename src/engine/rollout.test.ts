import { describe, expect, it } from '@jest/globals';
import { pod, workload } from '../../test/support/mesh-fixtures.ts';
import type { PodView, WorkloadView } from '../mesh/views.ts';
import { isRolledOut, nextEviction, podsOf } from './rollout.ts';

describe('podsOf', () => {
  it('leaves out pods of others, finished ones, and those on their way out', () => {
    const own = pod();
    const others = [
      pod({ terminating: true }),
      pod({ finished: true }),
      pod({ owner: { kind: 'StatefulSet', name: 'web' } }),
      pod({ owner: { kind: 'Deployment', name: 'web2' } }),
    ];

    expect(podsOf(workload(), [...others, own])).toEqual([own]);
  });
});

describe('isRolledOut', () => {
  it.each<[string, Partial<WorkloadView>, boolean]>([
    ['whole', {}, true],
    ['scaled to zero', { replicas: 0 }, true],
    ['not noted by its controller', { generation: 2 }, false],
    ['short of a pod', { available: 1 }, false],
    ['with a pod of the old template', { updated: 1 }, false],
    ['with an old pod still beside the new ones', { current: 3 }, false],
    ['never rolling, with pods of the old template', { strategy: 'OnDelete', updated: 0 }, true],
    ['never rolling, but short of a pod', { strategy: 'OnDelete', available: 1 }, false],
    ['a canary that keeps its partition', { kind: 'StatefulSet', partition: 1, updated: 1 }, true],
  ])('judges a workload that is %s', (_case, overrides, expected) => {
    expect(isRolledOut(workload(overrides))).toBe(expected);
  });
});

describe('nextEviction', () => {
  const set = workload({ kind: 'StatefulSet', name: 'db', replicas: 3 });
  const member = (n: number, overrides: Partial<PodView> = {}): PodView =>
    pod({ name: `db-${n}`, uid: `db-${n}`, ...overrides });
  const whole = [member(0), member(1), member(10)];

  it.each<[string, readonly PodView[], readonly PodView[], boolean, string | undefined]>([
    ['the highest ordinal first, as a number', whole, whole, false, 'db-10'],
    ['a lower one when the highest is done', whole, whole.slice(0, 2), false, 'db-1'],
    ['nobody when none is stale', whole, [], false, undefined],
    ['nobody while one is on its way out', whole, whole, true, undefined],
    ['nobody while one is missing', whole.slice(0, 2), whole.slice(0, 2), false, undefined],
    [
      'nobody while another is not Ready',
      [member(0, { ready: false }), member(1), member(2)],
      [member(1), member(2)],
      false,
      undefined,
    ],
    [
      'one that is not Ready before all others',
      [member(0, { ready: false }), member(1), member(2)],
      [member(0, { ready: false }), member(1), member(2)],
      false,
      'db-0',
    ],
    [
      'one that is not Ready even when another is missing',
      [member(0, { ready: false }), member(1)],
      [member(0, { ready: false })],
      false,
      'db-0',
    ],
  ])('takes %s', (_case, pods, stale, terminating, expected) => {
    expect(nextEviction(set, pods, stale, terminating)?.name).toBe(expected);
  });
});
