import { describe, expect, it } from '@jest/globals';
import { podBehaviour } from '../../support/test-cluster.ts';
import { node } from '../fixtures/nodes.ts';
import { controllerRevisions, daemonSets, nodes, pods } from './kinds.ts';
import { isReady } from './pods.ts';
import { simulate, testNamespace, workload, type Simulation } from './simulation.ts';
import { listOf } from './typed-api.ts';

function create(simulation: Simulation, spec: object = {}): void {
  const { metadata, ...rest } = workload('log', { [podBehaviour.readyAfterMs]: '1000' });
  simulation.create(daemonSets, { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { ...rest, ...spec } });
}

function restart(simulation: Simulation, value: string | undefined): void {
  simulation.edit(daemonSets, 'log', (current) => {
    const { restartedAt: _old, ...others } = current.spec.template.metadata?.annotations ?? {};
    const annotations = value === undefined ? others : { ...others, restartedAt: value };
    return {
      ...current,
      spec: {
        ...current.spec,
        template: { ...current.spec.template, metadata: { ...current.spec.template.metadata, annotations } },
      },
    };
  });
}

function updated(simulation: Simulation): () => boolean {
  return () => {
    const { metadata, status } = simulation.read(daemonSets, 'log');
    return (
      status?.observedGeneration === metadata.generation &&
      status?.desiredNumberScheduled !== 0 &&
      status?.updatedNumberScheduled === status?.desiredNumberScheduled &&
      status?.numberAvailable === status?.desiredNumberScheduled
    );
  };
}

describe('a DaemonSet', () => {
  it('runs one pod on every node, also on one that joins later', async () => {
    const simulation = simulate();
    create(simulation);
    await simulation.until(updated(simulation));
    simulation.create(nodes, node(4));
    await simulation.until(() => simulation.read(daemonSets, 'log').status?.numberReady === 4);
    expect(
      simulation
        .pods()
        .map(({ spec }) => spec.nodeName)
        .sort(),
    ).toEqual(['node-1', 'node-2', 'node-3', 'node-4']);
  });

  it('replaces one pod at a time by default', async () => {
    const simulation = simulate();
    create(simulation);
    await simulation.until(updated(simulation));
    const ready: number[] = [];
    simulation.api.watch(pods, () => {
      ready.push(simulation.pods().filter(isReady).length);
    });
    restart(simulation, 'now');
    await simulation.until(updated(simulation));
    expect(Math.min(...ready)).toBe(2);
  });

  it('with maxSurge never has a node without a ready pod', async () => {
    const simulation = simulate();
    create(simulation, { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    await simulation.until(updated(simulation));
    const served: number[] = [];
    simulation.api.watch(pods, () => {
      served.push(
        new Set(
          simulation
            .pods()
            .filter(isReady)
            .map(({ spec }) => spec.nodeName),
        ).size,
      );
    });
    restart(simulation, 'now');
    await simulation.until(() => updated(simulation)() && simulation.pods().length === 3);
    expect(Math.min(...served)).toBe(3);
  });

  it('with OnDelete replaces only pods that somebody deletes', async () => {
    const simulation = simulate();
    create(simulation, { updateStrategy: { type: 'OnDelete' } });
    await simulation.until(() => simulation.read(daemonSets, 'log').status?.numberReady === 3);
    restart(simulation, 'now');
    await simulation.clock.advance(60_000);
    expect(simulation.read(daemonSets, 'log').status?.updatedNumberScheduled).toBe(0);
    simulation.api.delete(pods, testNamespace, simulation.pods()[0]?.metadata.name ?? '');
    await simulation.until(() => simulation.read(daemonSets, 'log').status?.updatedNumberScheduled === 1);
  });

  it('uses the old ControllerRevision again when its template is restored', async () => {
    const simulation = simulate();
    create(simulation);
    await simulation.until(updated(simulation));
    const hash = simulation.pods()[0]?.metadata.labels?.['controller-revision-hash'];
    restart(simulation, 'now');
    await simulation.until(updated(simulation));
    restart(simulation, undefined);
    await simulation.until(updated(simulation));
    expect(simulation.pods().map(({ metadata }) => metadata.labels?.['controller-revision-hash'])).toEqual([
      hash,
      hash,
      hash,
    ]);
    expect(listOf(simulation.api, controllerRevisions, testNamespace)).toHaveLength(2);
  });
});
