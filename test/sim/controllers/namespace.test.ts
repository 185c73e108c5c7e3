import { describe, expect, it } from '@jest/globals';
import { configMaps, deployments, namespaces, pods, serviceAccounts } from './kinds.ts';
import { simulate, testNamespace, workload, type Simulation } from './simulation.ts';

function exists({ api }: Simulation): boolean {
  return api.get(namespaces, undefined, testNamespace) !== undefined;
}

describe('a namespace', () => {
  it('gets its service account and root certificate', async () => {
    const simulation = simulate();
    await simulation.clock.advance(100);
    expect(simulation.read(serviceAccounts, 'default')).toBeDefined();
    expect(simulation.read(configMaps, 'kube-root-ca.crt')).toBeDefined();
  });

  it('is empty before it goes', async () => {
    const simulation = simulate();
    const { metadata, ...rest } = workload('cart');
    simulation.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { ...rest, replicas: 3 },
    });
    await simulation.until(() => simulation.pods().length === 3);
    simulation.api.delete(namespaces, undefined, testNamespace);
    expect(simulation.read(namespaces, testNamespace).status?.phase).toBe('Terminating');
    await simulation.until(() => !exists(simulation), 60_000);
    expect(simulation.api.list(pods, testNamespace)).toEqual([]);
    expect(simulation.api.list(deployments, testNamespace)).toEqual([]);
  });

  it('is held by an object with a finalizer', async () => {
    const simulation = simulate();
    simulation.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: testNamespace, finalizers: ['example.test/hold'] },
    });
    simulation.api.delete(namespaces, undefined, testNamespace);
    await simulation.clock.advance(60_000);
    expect(simulation.read(namespaces, testNamespace).status?.conditions).toMatchObject([
      { type: 'NamespaceContentRemaining', status: 'True' },
    ]);
    simulation.edit(configMaps, 'held', (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [] },
    }));
    await simulation.until(() => !exists(simulation), 60_000);
  });
});
