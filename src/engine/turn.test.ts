import { describe, expect, it } from '@jest/globals';
import { pod, workload } from '../../test/support/mesh-fixtures.ts';
import type { WorkloadRecord } from '../api/namespace-migration.ts';
import { restartAnnotation } from '../api/resources.ts';
import type { WorkloadView } from '../mesh/views.ts';
import { isResult, type Turn } from './turn.ts';

describe('isResult', () => {
  const newest = '2030-01-01T00:00:05Z';
  const patched = { templateAnnotations: { [restartAnnotation]: 'this' } };
  const record: WorkloadRecord = {
    kind: 'Deployment',
    name: 'web',
    uid: 'web-uid',
    step: 'RestartWorkloads',
    pods: 2,
    newest,
    patches: 1,
    startedAt: newest,
  };

  it.each<[string, number, Partial<WorkloadView>, boolean]>([
    ['a younger one, while the rollout is under way', 1, { ...patched, updated: 1 }, true],
    ['a younger one that was evicted, whatever the template says', 1, { strategy: 'OnDelete' }, true],
    ['an older one, while the rollout is under way', -1, { ...patched, updated: 1 }, false],
    ['one of the same second, while nobody can tell', 0, { ...patched, updated: 1 }, false],
    ['one of the same second, once all are of the template', 0, patched, true],
    ['the same of a StatefulSet', 0, { ...patched, kind: 'StatefulSet' }, true],
    ['one that a clock behind has made, once all are of the template', -1, patched, true],
    ['one of the same second whose template is another', 0, {}, false],
    ['one of the same second that only an eviction replaces', 0, { ...patched, strategy: 'OnDelete' }, false],
    ['one of the same second below a partition', 0, { ...patched, kind: 'StatefulSet', partition: 1 }, false],
  ])('judges %s', (_which, seconds, overrides, expected) => {
    const turn = { workload: workload(overrides) } as Turn;
    const each = pod({ createdAt: Date.parse(newest) + seconds * 1000 });

    expect(isResult(turn, record, each, 'this')).toBe(expected);
  });
});
