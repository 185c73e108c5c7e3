import { describe, expect, it } from '@jest/globals';
import { cronJob, mesh, pod, workload } from '../../../../../test/support/mesh-fixtures.ts';
import type { PodView, WorkloadView } from '../../../views.ts';
import { asleep } from './asleep.ts';

const labels = { 'istio-injection': 'enabled' };
const web = workload({ name: 'web', replicas: 1, templateLabels: { app: 'web' } });

/** A pod of it. */
function one(more: Partial<PodView>): PodView {
  return pod({ owner: { kind: 'Deployment', name: 'web' }, ...more });
}

function names(pods: readonly PodView[], workloads: readonly WorkloadView[] = [web]): readonly string[] {
  return asleep({ pods, workloads, otherTemplates: [], labels }, 'Sidecar', mesh([])).map(({ name }) => name);
}

describe('what sleeps', () => {
  it('is what has no pod, and what has only some that end or have ended', () => {
    expect(names([])).toEqual(['web']);
    expect(names([one({ terminating: true, ready: false })])).toEqual(['web']);
    expect(names([one({ finished: true, ready: false })])).toEqual(['web']);
  });

  it('is not what serves, or is about to', () => {
    expect(names([one({ ready: false })])).toEqual([]);
    expect(names([one({ terminating: true, ready: true })])).toEqual([]);
    expect(names([one({ finished: true, ready: false }), one({ name: 'web-2', uid: 'web-2' })])).toEqual([]);
  });

  it('is a CronJob, whatever runs', () => {
    const given = { pods: [one({})], workloads: [web], otherTemplates: [cronJob()], labels };

    expect(asleep(given, 'Sidecar', mesh([])).map(({ kind }) => kind)).toEqual(['CronJob']);
  });
});
