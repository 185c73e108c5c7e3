import { describe, expect, it } from '@jest/globals';
import { fc } from '../../support/properties.ts';
import { podBehaviour } from '../../support/test-cluster.ts';
import { boundsOf, totalSize } from './deployment-rollout.ts';
import { isComplete } from './deployment-status.ts';
import { deployments, pods, replicaSets } from './kinds.ts';
import type { Condition } from './pod-types.ts';
import { conditionOf, isReady } from './pods.ts';
import { simulate, testNamespace, workload, type Simulation } from './simulation.ts';
import { listOf } from './typed-api.ts';
import type { Deployment, ReplicaSet } from './workload-types.ts';

interface Shape {
  readonly replicas?: number;
  readonly strategy?: object;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly progressDeadlineSeconds?: number;
  readonly revisionHistoryLimit?: number;
}

function create(simulation: Simulation, name: string, { annotations, ...spec }: Shape): void {
  const { metadata, ...rest } = workload(name, annotations);
  simulation.create(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { ...rest, ...spec } });
}

function setAnnotation(simulation: Simulation, name: string, key: string, value: string | undefined): void {
  simulation.edit(deployments, name, (current) => {
    const { [key]: _old, ...others } = current.spec.template.metadata?.annotations ?? {};
    const annotations = value === undefined ? others : { ...others, [key]: value };
    return {
      ...current,
      spec: {
        ...current.spec,
        template: { ...current.spec.template, metadata: { ...current.spec.template.metadata, annotations } },
      },
    };
  });
}

function complete(simulation: Simulation, name: string): () => boolean {
  return () => {
    const deployment = simulation.read(deployments, name);
    return isComplete(deployment, deployment.status) && simulation.pods().length === deployment.spec.replicas;
  };
}

function progressing(simulation: Simulation, name: string): Condition | undefined {
  return conditionOf(simulation.read(deployments, name).status?.conditions, 'Progressing');
}

function sets({ api }: Simulation): readonly ReplicaSet[] {
  return listOf(api, replicaSets, testNamespace);
}

describe('a rolling update', () => {
  const limit = fc.oneof(
    fc.integer({ min: 0, max: 4 }),
    fc.integer({ min: 0, max: 100 }).map((percent) => `${String(percent)}%`),
  );
  const zero: readonly unknown[] = [0, '0%'];

  it('keeps enough pods ready and asks for no more than the surge allows, at every event', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .record({
            replicas: fc.integer({ min: 1, max: 8 }),
            maxSurge: limit,
            maxUnavailable: limit,
            readyAfterMs: fc.integer({ min: 0, max: 5000 }),
            seed: fc.nat(),
          })
          .filter(({ maxSurge, maxUnavailable }) => !(zero.includes(maxSurge) && zero.includes(maxUnavailable))),
        async ({ replicas, maxSurge, maxUnavailable, readyAfterMs, seed }) => {
          const simulation = simulate(seed);
          create(simulation, 'cart', {
            replicas,
            strategy: { rollingUpdate: { maxSurge, maxUnavailable } },
            annotations: { [podBehaviour.readyAfterMs]: String(readyAfterMs) },
          });
          await simulation.until(complete(simulation, 'cart'));
          const bounds = boundsOf(simulation.read(deployments, 'cart'));
          const seen = { fewestReady: replicas, mostWanted: replicas };
          simulation.api.watch(pods, () => {
            seen.fewestReady = Math.min(seen.fewestReady, simulation.pods().filter(isReady).length);
          });
          // Upstream bounds what it asks for; pods that a ReplicaSet has yet to delete may come on top for a moment.
          simulation.api.watch(replicaSets, () => {
            seen.mostWanted = Math.max(seen.mostWanted, totalSize(sets(simulation)));
          });
          setAnnotation(simulation, 'cart', 'restartedAt', 'now');
          await simulation.until(() => sets(simulation).length === 2 && complete(simulation, 'cart')());
          simulation.stop();
          expect(seen.fewestReady).toBeGreaterThanOrEqual(replicas - bounds.maxUnavailable);
          expect(seen.mostWanted).toBeLessThanOrEqual(replicas + bounds.maxSurge);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('resolves percentages as upstream: surge up, unavailable down, never both zero', () => {
    const resolved = (replicas: number, maxSurge: number | string, maxUnavailable: number | string) =>
      boundsOf({
        metadata: { name: 'cart' },
        spec: {
          ...workload('cart'),
          replicas,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
        },
      });
    expect(resolved(10, '25%', '25%')).toEqual({ maxSurge: 3, maxUnavailable: 2 });
    expect(resolved(3, 0, '25%')).toEqual({ maxSurge: 0, maxUnavailable: 1 });
    expect(resolved(2, 0, 5)).toEqual({ maxSurge: 0, maxUnavailable: 2 });
  });

  it('uses the old ReplicaSet again when its template is restored', async () => {
    const simulation = simulate();
    create(simulation, 'cart', { replicas: 2 });
    await simulation.until(complete(simulation, 'cart'));
    const [first] = sets(simulation);
    setAnnotation(simulation, 'cart', 'restartedAt', 'now');
    await simulation.until(complete(simulation, 'cart'));
    expect(sets(simulation)).toHaveLength(2);
    setAnnotation(simulation, 'cart', 'restartedAt', undefined);
    await simulation.until(complete(simulation, 'cart'));
    const after = sets(simulation);
    expect(after).toHaveLength(2);
    const reused = after.find(({ metadata }) => metadata.uid === first?.metadata.uid);
    expect(reused?.spec.replicas).toBe(2);
    expect(reused?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
    const { metadata } = simulation.read(deployments, 'cart');
    expect(metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
    // The two changes of the template count, the revisions that the controller notes do not.
    expect(metadata.generation).toBe(3);
  });

  it('keeps only as many old ReplicaSets as revisionHistoryLimit', async () => {
    const simulation = simulate();
    create(simulation, 'cart', { revisionHistoryLimit: 1 });
    await simulation.until(complete(simulation, 'cart'));
    for (const round of ['1', '2', '3']) {
      setAnnotation(simulation, 'cart', 'round', round);
      await simulation.until(complete(simulation, 'cart'));
    }
    await simulation.until(() => sets(simulation).length === 2);
  });
});

describe('the Progressing condition', () => {
  it('times out progressDeadlineSeconds after the last progress', async () => {
    const simulation = simulate();
    create(simulation, 'cart', { replicas: 2, progressDeadlineSeconds: 60 });
    await simulation.until(complete(simulation, 'cart'));
    const start = simulation.clock.now();
    setAnnotation(simulation, 'cart', podBehaviour.neverReady, 'always');
    await simulation.until(() => progressing(simulation, 'cart')?.reason === 'ProgressDeadlineExceeded');
    const elapsed = simulation.clock.now() - start;
    expect(elapsed).toBeGreaterThanOrEqual(59_000);
    expect(elapsed).toBeLessThanOrEqual(63_000);
    const deployment = simulation.read(deployments, 'cart');
    expect(progressing(simulation, 'cart')?.status).toBe('False');
    expect(conditionOf(deployment.status?.conditions, 'Available')?.status).toBe('True');
    expect(deployment.status?.availableReplicas).toBe(2);
  });

  it('recovers when the template that worked is restored', async () => {
    const simulation = simulate();
    create(simulation, 'cart', { replicas: 3, progressDeadlineSeconds: 30 });
    await simulation.until(complete(simulation, 'cart'));
    setAnnotation(simulation, 'cart', podBehaviour.neverReady, 'always');
    await simulation.until(() => progressing(simulation, 'cart')?.reason === 'ProgressDeadlineExceeded');
    setAnnotation(simulation, 'cart', podBehaviour.neverReady, undefined);
    await simulation.until(complete(simulation, 'cart'));
    await simulation.until(() => progressing(simulation, 'cart')?.reason === 'NewReplicaSetAvailable');
    expect(progressing(simulation, 'cart')?.status).toBe('True');
  });
});

describe('other kinds of change', () => {
  it('does nothing while paused and goes on when resumed', async () => {
    const simulation = simulate();
    const pause = (paused: boolean): void => {
      simulation.edit(deployments, 'cart', (current): Deployment => ({
        ...current,
        spec: { ...current.spec, paused },
      }));
    };
    create(simulation, 'cart', { replicas: 2 });
    await simulation.until(complete(simulation, 'cart'));
    pause(true);
    setAnnotation(simulation, 'cart', 'restartedAt', 'now');
    await simulation.clock.advance(60_000);
    expect(sets(simulation)).toHaveLength(1);
    expect(progressing(simulation, 'cart')?.reason).toBe('DeploymentPaused');
    pause(false);
    await simulation.until(() => sets(simulation).length === 2);
    await simulation.until(complete(simulation, 'cart'));
  });

  it('scales in both directions, also in the middle of a rollout', async () => {
    const simulation = simulate();
    const scale = (replicas: number): void => {
      simulation.edit(deployments, 'cart', (current): Deployment => ({
        ...current,
        spec: { ...current.spec, replicas },
      }));
    };
    create(simulation, 'cart', { replicas: 4, annotations: { [podBehaviour.readyAfterMs]: '2000' } });
    await simulation.until(complete(simulation, 'cart'));
    setAnnotation(simulation, 'cart', 'restartedAt', 'now');
    await simulation.clock.advance(1000);
    scale(8);
    await simulation.clock.advance(100);
    expect(sets(simulation).every(({ spec }) => spec.replicas > 0)).toBe(true);
    await simulation.until(complete(simulation, 'cart'));
    expect(simulation.pods()).toHaveLength(8);
    scale(1);
    await simulation.until(complete(simulation, 'cart'));
  });

  it('with Recreate never runs pods of two templates at once', async () => {
    const simulation = simulate();
    create(simulation, 'cart', { replicas: 3, strategy: { type: 'Recreate' } });
    await simulation.until(complete(simulation, 'cart'));
    const mixtures: number[] = [];
    const stop = simulation.api.watch(pods, () => {
      const all = listOf(simulation.api, pods, testNamespace);
      mixtures.push(new Set(all.map(({ metadata }) => metadata.labels?.['pod-template-hash'])).size);
    });
    setAnnotation(simulation, 'cart', 'restartedAt', 'now');
    await simulation.until(() => sets(simulation).length === 2);
    await simulation.until(complete(simulation, 'cart'));
    stop();
    expect(Math.max(...mixtures)).toBe(1);
    expect(mixtures).toContain(0);
  });

  it('waits minReadySeconds before a pod counts as available', async () => {
    const simulation = simulate();
    create(simulation, 'cart', { replicas: 1 });
    simulation.edit(deployments, 'cart', (current): Deployment => ({
      ...current,
      spec: { ...current.spec, minReadySeconds: 30 },
    }));
    const start = simulation.clock.now();
    await simulation.until(complete(simulation, 'cart'));
    expect(simulation.clock.now() - start).toBeGreaterThanOrEqual(29_000);
  });
});
