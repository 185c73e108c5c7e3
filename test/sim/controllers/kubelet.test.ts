import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/api/object.ts';
import { podBehaviour } from '../../support/test-cluster.ts';
import { nodes, pods } from './kinds.ts';
import type { Container } from './pod-types.ts';
import { conditionOf, isReady } from './pods.ts';
import { simulate, testNamespace, type Simulation } from './simulation.ts';

interface Options {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly initContainers?: readonly Container[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

function create(simulation: Simulation, name: string, { annotations = {}, ...spec }: Options = {}): void {
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: testNamespace, annotations },
    spec: { containers: [{ name: 'app', image: 'example.test/app:1' }], ...spec },
  };
  simulation.create(pods, pod);
}

describe('a pod', () => {
  it('becomes ready exactly readyAfterMs after it was bound', async () => {
    const simulation = simulate();
    create(simulation, 'slow', { annotations: { [podBehaviour.readyAfterMs]: '3000' } });
    await simulation.until(() => simulation.read(pods, 'slow').status?.phase === 'Running');
    const bound = simulation.clock.monotonic();
    expect(isReady(simulation.read(pods, 'slow'))).toBe(false);
    await simulation.until(() => isReady(simulation.read(pods, 'slow')));
    expect(simulation.clock.monotonic() - bound).toBeGreaterThanOrEqual(3000);
    expect(simulation.clock.monotonic() - bound).toBeLessThan(3020);
  });

  it('shows init containers as ended and native sidecars as running', async () => {
    const simulation = simulate();
    const image = 'example.test/init:1';
    create(simulation, 'meshed', {
      initContainers: [
        { name: 'setup', image },
        { name: 'proxy', image, restartPolicy: 'Always' },
      ],
    });
    await simulation.until(() => isReady(simulation.read(pods, 'meshed')));
    expect(simulation.read(pods, 'meshed').status?.initContainerStatuses).toMatchObject([
      { name: 'setup', state: { terminated: { exitCode: 0 } } },
      { name: 'proxy', ready: true, started: true, state: { running: {} } },
    ]);
  });

  it('stops being ready when it is deleted, and goes a little later', async () => {
    const simulation = simulate();
    create(simulation, 'doomed');
    await simulation.until(() => isReady(simulation.read(pods, 'doomed')));
    simulation.api.delete(pods, testNamespace, 'doomed');
    await simulation.until(() => !isReady(simulation.read(pods, 'doomed')));
    const before = simulation.clock.monotonic();
    await simulation.until(() => simulation.api.get(pods, testNamespace, 'doomed') === undefined);
    expect(simulation.clock.monotonic() - before).toBeGreaterThan(400);
  });

  it('has an address of its own', async () => {
    const simulation = simulate();
    for (const name of ['a', 'b', 'c']) create(simulation, name);
    await simulation.until(() => simulation.pods().filter(isReady).length === 3);
    expect(new Set(simulation.pods().map(({ status }) => status?.podIP)).size).toBe(3);
  });
});

describe('the scheduler', () => {
  it('spreads pods over the nodes', async () => {
    const simulation = simulate();
    for (const name of ['a', 'b', 'c']) create(simulation, name);
    await simulation.until(() => simulation.pods().every(({ spec }) => spec.nodeName !== undefined));
    expect(
      simulation
        .pods()
        .map(({ spec }) => spec.nodeName)
        .sort(),
    ).toEqual(['node-1', 'node-2', 'node-3']);
  });

  it('says why a pod waits and binds it once a node fits', async () => {
    const simulation = simulate();
    create(simulation, 'picky', { nodeSelector: { disk: 'fast' } });
    await simulation.until(
      () => conditionOf(simulation.read(pods, 'picky').status?.conditions, 'PodScheduled')?.reason === 'Unschedulable',
    );
    simulation.edit(nodes, 'node-2', (current) => ({
      ...current,
      metadata: { ...current.metadata, labels: { ...current.metadata.labels, disk: 'fast' } },
    }));
    await simulation.until(() => isReady(simulation.read(pods, 'picky')));
    expect(simulation.read(pods, 'picky').spec.nodeName).toBe('node-2');
    expect(conditionOf(simulation.read(pods, 'picky').status?.conditions, 'PodScheduled')?.status).toBe('True');
  });
});
