import { describe, expect, it } from '@jest/globals';
import { deployments, horizontalPodAutoscalers } from './kinds.ts';
import { conditionOf } from './pods.ts';
import { simulate, testNamespace, workload, type Simulation } from './simulation.ts';

function create(simulation: Simulation, replicas: number): void {
  const { metadata, ...rest } = workload('cart');
  simulation.create(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { ...rest, replicas } });
  simulation.create(horizontalPodAutoscalers, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'cart', namespace: testNamespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      minReplicas: 2,
      maxReplicas: 4,
    },
  });
}

describe('an autoscaler without metrics', () => {
  it.each([
    [1, 2],
    [3, 3],
    [9, 4],
    [0, 0],
  ])('makes of %i replicas %i', async (before, after) => {
    const simulation = simulate();
    create(simulation, before);
    await simulation.until(
      () =>
        simulation.read(deployments, 'cart').status?.observedGeneration !== undefined &&
        simulation.pods().length === after &&
        conditionOf(simulation.read(horizontalPodAutoscalers, 'cart').status?.conditions, 'ScalingActive') !==
          undefined,
    );
    await simulation.clock.advance(20_000);
    expect(simulation.read(deployments, 'cart').spec.replicas).toBe(after);
    expect(
      conditionOf(simulation.read(horizontalPodAutoscalers, 'cart').status?.conditions, 'ScalingActive')?.reason,
    ).toBe(before === 0 ? 'ScalingDisabled' : 'FailedGetResourceMetric');
  });

  it('looks for the first time one period after it was made, and then every period', async () => {
    const simulation = simulate();
    create(simulation, 1);
    await simulation.clock.advance(14_000);
    expect(simulation.read(deployments, 'cart').spec.replicas).toBe(1);
    await simulation.clock.advance(2000);
    expect(simulation.read(deployments, 'cart').spec.replicas).toBe(2);
    simulation.edit(deployments, 'cart', (current) => ({ ...current, spec: { ...current.spec, replicas: 1 } }));
    await simulation.clock.advance(10_000);
    expect(simulation.read(deployments, 'cart').spec.replicas).toBe(1);
    await simulation.clock.advance(6000);
    expect(simulation.read(deployments, 'cart').spec.replicas).toBe(2);
  });
});
