import { describe, expect, it } from '@jest/globals';
import { podBehaviour } from '../../support/test-cluster.ts';
import { deployments, endpointSlices, pods, services } from './kinds.ts';
import { isReady } from './pods.ts';
import type { EndpointSlice } from './service-types.ts';
import { simulate, testNamespace, workload, type Simulation } from './simulation.ts';
import { listOf } from './typed-api.ts';

function create(simulation: Simulation, annotations: Readonly<Record<string, string>> = {}, spec: object = {}): void {
  const { metadata, ...rest } = workload('cart', annotations);
  simulation.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { ...rest, replicas: 2 },
  });
  simulation.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart', namespace: testNamespace, labels: { team: 'a' } },
    spec: { selector: { app: 'cart' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  });
}

function slices({ api }: Simulation): readonly EndpointSlice[] {
  return listOf(api, endpointSlices, testNamespace);
}

function readiness(simulation: Simulation): readonly unknown[] {
  return (slices(simulation)[0]?.endpoints ?? []).map(({ conditions }) => conditions.ready);
}

describe('the EndpointSlice of a Service', () => {
  it('has the addresses and container ports of its pods, and its labels', async () => {
    const simulation = simulate();
    create(simulation);
    await simulation.until(() => readiness(simulation).join() === 'true,true');
    const [slice] = slices(simulation);
    expect(slice?.metadata.labels).toEqual({
      team: 'a',
      'kubernetes.io/service-name': 'cart',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
    expect(slice?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }]);
    expect(slice?.endpoints?.map(({ addresses }) => addresses[0])).toEqual(
      simulation.pods().map(({ status }) => status?.podIP),
    );
  });

  it('lists pods that are not ready as such, unless the Service publishes them', async () => {
    const never = { [podBehaviour.neverReady]: 'always' };
    const simulation = simulate();
    create(simulation, never);
    await simulation.until(() => readiness(simulation).length === 2);
    expect(readiness(simulation)).toEqual([false, false]);
    simulation.edit(services, 'cart', (current) => ({
      ...current,
      spec: { ...current.spec, publishNotReadyAddresses: true },
    }));
    await simulation.until(() => readiness(simulation).join() === 'true,true');
    expect(simulation.pods().some(isReady)).toBe(false);
  });

  it('is empty without pods and goes with its Service', async () => {
    const simulation = simulate();
    create(simulation, {}, { selector: { app: 'nothing' } });
    await simulation.until(() => slices(simulation).length === 1);
    expect([slices(simulation)[0]?.endpoints, slices(simulation)[0]?.ports]).toEqual([null, null]);
    simulation.api.delete(services, testNamespace, 'cart');
    await simulation.until(() => slices(simulation).length === 0);
    expect(listOf(simulation.api, pods, testNamespace)).toHaveLength(2);
  });
});
