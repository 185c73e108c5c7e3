import { describe, expect, it } from '@jest/globals';
import { counting } from '../../../../../test/support/counting.ts';
import {
  config,
  installed,
  mesh,
  namespace,
  plainPod,
  captured,
  root,
  service,
  surroundings,
  workload,
} from '../../../../../test/support/mesh-fixtures.ts';
import type { MeshState, Surroundings } from '../../../adapter.ts';
import type { ConfigView, ServiceView } from '../../../views.ts';
import { sidecarsOf, toldTo, untoldAt } from './told-services.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** What is read of Sidecars that select one pod each, and of the labels of pods. */
function reads(sidecars: number, pods: number): number {
  let count = 0;
  const counted = counting(() => {
    count += 1;
  });
  const state = mesh(
    times(sidecars, (index) =>
      counted(config('Sidecar', { workloadSelector: { labels: { pod: `p${index}` } } }, { name: `s${index}` })),
    ),
  );
  const sets = times(pods, (index) => counted({ pod: `p${index}` }));
  expect(sidecarsOf(sets, 'shop', state)).toHaveLength(Math.min(sidecars, pods) + Number(pods > sidecars));
  return count;
}

const pods = [plainPod(captured)];
const workloads = [workload()];

const lists = new Map<string, readonly ConfigView[]>();

/** As the process has it: a list stays the same one for as long as nothing in it changes. */
function stored(configs: readonly ConfigView[]): MeshState {
  const state = mesh([...installed.filter(({ kind }) => kind !== 'ConfigMap'), ...configs]);
  return {
    ...state,
    configs: (kind, home) => {
      const found = state.configs(kind, home);
      const list = lists.get(JSON.stringify(found)) ?? found;
      lists.set(JSON.stringify(found), list);
      return list;
    },
  };
}

/** The same pods and workloads, whatever else changes. */
function looking(configs: readonly ConfigView[], more: Partial<Surroundings> = {}): Surroundings {
  return surroundings({ pods, workloads, services: [], mesh: stored(configs), ...more });
}

/** Why sidecars of `shop` are not told of Services of `bank`. */
function untold(configs: readonly ConfigView[], services: readonly ServiceView[]): readonly string[] {
  const told = toldTo(looking(configs), undefined);
  const there = looking(configs, { namespace: namespace({ name: 'bank' }), services });
  return untoldAt(there, told).map(({ why }) => why);
}

describe('what sidecars are told of', () => {
  it('is looked up, however many Sidecars and pods there are', () => {
    expect(reads(300, 300)).toBeLessThan(2 * (reads(300, 3) + reads(3, 300)));
  });

  it('is asked anew when a Sidecar, a Service or the mesh configuration is another one', () => {
    const services = [service({ namespace: 'bank' })];
    const sidecar = (hosts: readonly string[]): ConfigView => config('Sidecar', { egress: [{ hosts }] }, { name: 's' });
    const settings = config(
      'ConfigMap',
      { mesh: 'defaultServiceExportTo: ["."]' },
      { name: 'istio', namespace: root, uid: 'istio' },
    );

    expect(untold([], services)).toEqual([]);
    expect(untold([sidecar(['./*'])], services)).toEqual(['Sidecar shop/s']);
    expect(untold([sidecar(['bank/*'])], services)).toEqual([]);
    expect(untold([], [service({ namespace: 'bank', exportTo: ['.'] })])).toHaveLength(1);
    expect(untold([settings], services)).toEqual(['defaultServiceExportTo of the mesh configuration']);
    expect(untold([], services)).toEqual([]);
  });
});
