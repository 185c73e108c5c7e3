import { describe, expect, it } from '@jest/globals';
import { counting } from '../../../../../test/support/counting.ts';
import {
  captured,
  config,
  mesh,
  installed,
  migrationSpec,
  namespace,
  pod,
  service,
  surroundings,
  workload,
} from '../../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../../adapter.ts';
import { exitObstacles } from './obstacles.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

interface Sizes {
  readonly services: number;
  readonly pods: number;
  readonly workloads: number;
}

const route = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

/** Services behind one waypoint that select all pods, which the last of the workloads has made. */
function reads(sizes: Sizes): number {
  let count = 0;
  const counted = counting(() => {
    count += 1;
  });
  const waypoint = config('Gateway', { gatewayClassName: 'istio-waypoint' }, { name: 'waypoint', uid: 'gateway' });
  const last = { app: 'web', version: `v${sizes.workloads - 1}` };
  const given: Surroundings = surroundings({
    route,
    itinerary: 'L7',
    spec: migrationSpec(route),
    mesh: mesh([...installed, waypoint]),
    namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
    pods: times(sizes.pods, (index) =>
      counted(pod({ ...captured, name: `p${index}`, uid: `p${index}`, labels: { ...last, pod: `p${index}` } })),
    ),
    workloads: times(sizes.workloads, (index) =>
      counted(
        workload({
          name: `w${index}`,
          uid: `w${index}`,
          replicas: 0,
          templateLabels: { app: 'web', version: `v${index}` },
        }),
      ),
    ),
    services: times(sizes.services, (index) =>
      counted(service({ name: `s${index}`, uid: `s${index}`, labels: { 'istio.io/use-waypoint': 'waypoint' } })),
    ),
  });
  expect(exitObstacles(given)).toEqual([]);
  return count;
}

describe('pods behind Services that leave their waypoint', () => {
  it('are looked up, however many Services, pods and workloads there are', () => {
    const few = { services: 4, pods: 4, workloads: 4 };
    const alone = (['services', 'pods', 'workloads'] as const).map((what) => reads({ ...few, [what]: 60 }));
    const all = reads({ services: 60, pods: 60, workloads: 60 });

    expect(all).toBeLessThan(2 * alone.reduce((sum, each) => sum + each, 0));
  });
});
