import { describe, expect, it } from '@jest/globals';
import { podBehaviour } from '../../support/test-cluster.ts';
import { deployments, podDisruptionBudgets } from './kinds.ts';
import { simulate, workload, type Simulation } from './simulation.ts';

async function budget(
  rule: object,
  options: { readonly replicas: number; readonly annotations?: Readonly<Record<string, string>> },
): Promise<Simulation> {
  const simulation = simulate();
  const { metadata, ...rest } = workload('cart', options.annotations);
  simulation.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { ...rest, replicas: options.replicas },
  });
  simulation.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { selector: { matchLabels: { app: 'cart' } }, ...rule },
  });
  await simulation.clock.advance(5000);
  return simulation;
}

describe('the status of a PodDisruptionBudget', () => {
  it.each([
    [{ minAvailable: 2 }, 3, { expectedPods: 3, desiredHealthy: 2, currentHealthy: 3, disruptionsAllowed: 1 }],
    [{ minAvailable: '50%' }, 3, { expectedPods: 3, desiredHealthy: 2, currentHealthy: 3, disruptionsAllowed: 1 }],
    [{ maxUnavailable: 1 }, 3, { expectedPods: 3, desiredHealthy: 2, currentHealthy: 3, disruptionsAllowed: 1 }],
    [{ maxUnavailable: '25%' }, 5, { expectedPods: 5, desiredHealthy: 3, currentHealthy: 5, disruptionsAllowed: 2 }],
    [{ maxUnavailable: 0 }, 3, { expectedPods: 3, desiredHealthy: 3, currentHealthy: 3, disruptionsAllowed: 0 }],
    [{ minAvailable: 1 }, 0, { expectedPods: 0, desiredHealthy: 1, currentHealthy: 0, disruptionsAllowed: 0 }],
  ])('%j over %i replicas', async (rule, replicas, status) => {
    const simulation = await budget(rule, { replicas });
    const found = simulation.read(podDisruptionBudgets, 'cart');
    expect(found.status).toMatchObject({ ...status, observedGeneration: found.metadata.generation });
    expect(found.status?.conditions).toMatchObject([
      { type: 'DisruptionAllowed', status: status.disruptionsAllowed > 0 ? 'True' : 'False' },
    ]);
  });

  it('counts only ready pods as healthy', async () => {
    const simulation = await budget(
      { minAvailable: 1 },
      { replicas: 2, annotations: { [podBehaviour.neverReady]: 'always' } },
    );
    expect(simulation.read(podDisruptionBudgets, 'cart').status).toMatchObject({
      expectedPods: 2,
      currentHealthy: 0,
      disruptionsAllowed: 0,
    });
  });
});
