import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

/** What stands around an application, what is found of it, and what somebody does about it. */
interface Story {
  readonly id: string;
  readonly makes: (home: string) => readonly KubeObject[];
  readonly mend: (world: World) => Promise<void>;
}

function container(name: string): Readonly<Record<string, unknown>> {
  const target = { type: 'Utilization', averageUtilization: 60 };
  return { type: 'ContainerResource', containerResource: { name: 'cpu', container: name, target } };
}

const stories: Readonly<Record<string, Story>> = {
  'a public Service behind a waypoint': {
    id: 'MM128',
    makes: (home) => [
      object('Service', home, 'web', {
        type: 'LoadBalancer',
        selector: { app: 'web' },
        ports: [{ name: 'http', port: 80, targetPort: 8080 }],
      }),
      object('AuthorizationPolicy', home, 'no-admin', {
        selector: { matchLabels: { app: 'web' } },
        action: 'DENY',
        rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
      }),
    ],
    mend: async (world) => {
      await world.patch('Service', world.ns(), 'web', { spec: { type: 'ClusterIP' } });
    },
  },
  'an autoscaler by the container of the sidecar': {
    id: 'MM132',
    makes: (home) => [
      object('HorizontalPodAutoscaler', home, 'web', {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 2,
        maxReplicas: 4,
        metrics: [container('istio-proxy')],
      }),
    ],
    mend: async (world) => {
      await world.patch('HorizontalPodAutoscaler', world.ns(), 'web', { spec: { metrics: [container('app')] } });
    },
  },
};

describe('what stands around the mesh', () => {
  it.each(Object.keys(stories))('keeps a namespace in its sidecars until somebody has mended it: %s', async (name) => {
    const story = stories[name];
    await runOnSimulation({
      name: 'around-the-mesh',
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home), deployment(home, 'web', { replicas: 2 }), ...(story?.makes(home) ?? []));
        await world.podsReady(2);
        await world.create(meshMigration(world.name, { names: [home] }, { callers: [{ namespace: home, from: [] }] }));
        const { status } = await world.childPhase('Blocked');
        const critical = status?.findings?.filter(({ severity }) => severity === 'Critical').map(({ id }) => id);
        assert.deepEqual(critical, [story?.id]);

        await story?.mend(world);
        await world.childPhase('Migrated');
      },
    });
  });
});
