import { describe, expect, it } from '@jest/globals';
import { migrationSpec, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import type { WorkloadView } from '../../views.ts';
import { allPodsAtOnce } from './scale.ts';

const templateLabels = { 'gateway.networking.k8s.io/gateway-name': 'waypoint' };

/** To how many pods a Deployment `waypoint` is scaled, of which istiod has made one. */
function scaledTo(overrides: Partial<WorkloadView> = {}, min = 3): number | undefined {
  const given = surroundings({
    spec: migrationSpec({ waypoint: { replicas: { min } } }),
    workloads: [workload(), workload({ name: 'waypoint', replicas: 1, templateLabels, ...overrides })],
  });
  return allPodsAtOnce(given)?.replicas;
}

describe('the pods that a waypoint gets at once', () => {
  it('are its minimum', () => {
    expect(scaledTo()).toBe(3);
  });

  it.each<[string, Partial<WorkloadView>, number]>([
    ['the autoscaler or somebody else has set a number', { generation: 2 }, 3],
    ["a Deployment of that name is the user's", { templateLabels: { app: 'waypoint' } }, 3],
    ['it is scaled to zero', { replicas: 0 }, 3],
    ['there are as many', { replicas: 3 }, 3],
    ['one is enough', {}, 1],
  ])('are none when %s', (_when, overrides, min) => {
    expect(scaledTo(overrides, min)).toBeUndefined();
  });
});
