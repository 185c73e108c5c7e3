import { describe, expect, it } from '@jest/globals';
import { podBehaviour } from '../../support/test-cluster.ts';
import { controllerRevisions, pods, statefulSets } from './kinds.ts';
import type { Pod } from './pod-types.ts';
import { isReady } from './pods.ts';
import { simulate, testNamespace, workload, type Simulation } from './simulation.ts';
import { listOf } from './typed-api.ts';
import type { StatefulSet } from './workload-types.ts';

function create(simulation: Simulation, spec: object = {}): void {
  const { metadata, ...rest } = workload('db');
  simulation.create(statefulSets, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: { ...rest, replicas: 3, serviceName: 'db', ...spec },
  });
}

function annotate(simulation: Simulation, annotations: Readonly<Record<string, string>>): void {
  simulation.edit(statefulSets, 'db', (current) => ({
    ...current,
    spec: {
      ...current.spec,
      template: { ...current.spec.template, metadata: { ...current.spec.template.metadata, annotations } },
    },
  }));
}

function settled(simulation: Simulation): () => boolean {
  return () => {
    const { metadata, spec, status } = simulation.read(statefulSets, 'db');
    return (
      status?.observedGeneration === metadata.generation &&
      status?.readyReplicas === spec.replicas &&
      status.replicas === spec.replicas
    );
  };
}

function updated(simulation: Simulation): () => boolean {
  return () => {
    const { status } = simulation.read(statefulSets, 'db');
    return settled(simulation)() && status?.updateRevision === status?.currentRevision;
  };
}

function named(simulation: Simulation, name: string): Pod {
  return simulation.read(pods, name);
}

describe('a StatefulSet', () => {
  it('creates its pods in order, each after the one before is ready', async () => {
    const simulation = simulate();
    const order: string[] = [];
    simulation.api.watch(pods, ({ type, object }) => {
      if (type === 'ADDED') order.push(object.metadata.name);
      const alive = simulation.pods();
      expect(alive.filter((pod) => !isReady(pod)).length).toBeLessThanOrEqual(1);
    });
    create(simulation);
    await simulation.until(settled(simulation));
    expect(order).toEqual(['db-0', 'db-1', 'db-2']);
    expect(named(simulation, 'db-1').metadata.labels).toMatchObject({
      'statefulset.kubernetes.io/pod-name': 'db-1',
      'apps.kubernetes.io/pod-index': '1',
      'controller-revision-hash': simulation.read(statefulSets, 'db').status?.updateRevision,
    });
  });

  it('updates from the highest ordinal down, one at a time', async () => {
    const simulation = simulate();
    create(simulation);
    await simulation.until(updated(simulation));
    const order: string[] = [];
    simulation.api.watch(pods, ({ type, object }) => {
      if (type === 'DELETED') order.push(object.metadata.name);
    });
    annotate(simulation, { restartedAt: 'now' });
    await simulation.until(() => order.length === 3 && updated(simulation)());
    expect(order).toEqual(['db-2', 'db-1', 'db-0']);
  });

  it('leaves pods below the partition at the current revision, also when they are replaced', async () => {
    const simulation = simulate();
    create(simulation, { updateStrategy: { rollingUpdate: { partition: 2 } } });
    await simulation.until(updated(simulation));
    const before = simulation.read(statefulSets, 'db').status?.currentRevision;
    annotate(simulation, { restartedAt: 'now' });
    await simulation.until(
      () => simulation.read(statefulSets, 'db').status?.updatedReplicas === 1 && settled(simulation)(),
    );
    simulation.api.delete(pods, testNamespace, 'db-0');
    await simulation.clock.advance(10_000);
    expect(named(simulation, 'db-0').metadata.labels?.['controller-revision-hash']).toBe(before);
    expect(named(simulation, 'db-2').metadata.labels?.['controller-revision-hash']).not.toBe(before);
    expect(simulation.read(statefulSets, 'db').status).toMatchObject({
      currentReplicas: 2,
      updatedReplicas: 1,
      currentRevision: before,
    });
  });

  it('with OnDelete replaces only pods that somebody deletes', async () => {
    const simulation = simulate();
    create(simulation, { updateStrategy: { type: 'OnDelete' } });
    await simulation.until(settled(simulation));
    const uids = simulation.pods().map(({ metadata }) => metadata.uid);
    annotate(simulation, { restartedAt: 'now' });
    await simulation.clock.advance(60_000);
    expect(simulation.pods().map(({ metadata }) => metadata.uid)).toEqual(uids);
    simulation.api.delete(pods, testNamespace, 'db-1');
    await simulation.until(
      () => simulation.read(statefulSets, 'db').status?.updatedReplicas === 1 && settled(simulation)(),
    );
    expect(named(simulation, 'db-1').metadata.annotations).toMatchObject({ restartedAt: 'now' });
  });

  it('uses the old ControllerRevision again when its template is restored', async () => {
    const simulation = simulate();
    create(simulation);
    await simulation.until(updated(simulation));
    const first = simulation.read(statefulSets, 'db').status?.currentRevision;
    annotate(simulation, { restartedAt: 'now' });
    await simulation.until(
      () => simulation.read(statefulSets, 'db').status?.currentRevision !== first && updated(simulation)(),
    );
    annotate(simulation, {});
    await simulation.until(
      () => simulation.read(statefulSets, 'db').status?.currentRevision === first && updated(simulation)(),
    );
    expect(
      listOf(simulation.api, controllerRevisions, testNamespace)
        .map(({ revision }) => revision)
        .sort(),
    ).toEqual([2, 3]);
  });
});

describe('a StatefulSet with a broken pod', () => {
  async function broken(spec: object): Promise<Simulation> {
    const simulation = simulate();
    create(simulation, spec);
    await simulation.until(updated(simulation));
    annotate(simulation, { [podBehaviour.neverReady]: 'always' });
    await simulation.until(() => simulation.read(statefulSets, 'db').status?.updatedReplicas === 1);
    await simulation.clock.advance(600_000);
    expect(simulation.read(statefulSets, 'db').status).toMatchObject({ updatedReplicas: 1, readyReplicas: 2 });
    return simulation;
  }

  it('stays broken after a return to the old template until somebody deletes the pod (OrderedReady)', async () => {
    const simulation = await broken({});
    annotate(simulation, {});
    await simulation.clock.advance(600_000);
    expect(isReady(named(simulation, 'db-2'))).toBe(false);
    simulation.api.delete(pods, testNamespace, 'db-2');
    await simulation.until(updated(simulation));
  });

  it('is repaired by a return to the old template (Parallel)', async () => {
    const simulation = await broken({ podManagementPolicy: 'Parallel' });
    annotate(simulation, {});
    await simulation.until(updated(simulation));
  });
});

describe('scaling', () => {
  const scale = (simulation: Simulation, replicas: number): void => {
    simulation.edit(statefulSets, 'db', (current): StatefulSet => ({
      ...current,
      spec: { ...current.spec, replicas },
    }));
  };

  it('removes the highest ordinals first', async () => {
    const simulation = simulate();
    create(simulation);
    await simulation.until(updated(simulation));
    scale(simulation, 1);
    await simulation.until(settled(simulation));
    expect(simulation.pods().map(({ metadata }) => metadata.name)).toEqual(['db-0']);
  });
});
