import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { kinds, namespace } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import {
  availableWaypointPods,
  behaving,
  breakWaypoint,
  condition,
  isBound,
  mendWaypoint,
  service,
  waypoint,
  waypointParameters,
  waypointPods,
  waypointsBehave,
} from './waypoint-world.ts';
import { waypointStatuses } from './waypoint-statuses.ts';
import type { World } from './world.ts';

const useWaypoint = { 'istio.io/use-waypoint': 'waypoint' };

async function spec(world: World, kind: keyof typeof kinds): Promise<Readonly<Record<string, unknown>>> {
  return (await world.client.get(kinds[kind], world.ns(), 'waypoint', world.signal))['spec'] as Readonly<
    Record<string, unknown>
  >;
}

async function gateway(world: World): Promise<
  KubeObject & {
    readonly status?: { readonly addresses?: readonly { readonly type: string; readonly value: string }[] };
  }
> {
  return await world.client.get(kinds.Gateway, world.ns(), 'waypoint', world.signal);
}

async function available(world: World, count: number): Promise<void> {
  await world.eventually(`${count} waypoint pods available`, async () =>
    (await availableWaypointPods(world, world.ns())) === count ? true : undefined,
  );
}

async function bound(world: World, expected: boolean): Promise<void> {
  await world.eventually(`Service a ${expected ? '' : 'not '}bound`, async () =>
    (await isBound(world, world.ns(), 'a')) === expected ? true : undefined,
  );
}

/** What istiod says stays as it is. */
async function stillBound(world: World): Promise<void> {
  await world.pause(2000);
  assert.equal(await isBound(world, world.ns(), 'a'), true);
  assert.equal((await gateway(world)).status?.addresses?.length, 2);
}

/** Facts about waypoints that the operator relies on; the operator has no part in them. */
export const waypointScenarios: readonly Scenario[] = [
  waypointStatuses,
  {
    name: 'waypoint-children',
    async run(world) {
      const home = world.ns();
      const kit = {
        deployment: {
          spec: {
            template: { spec: { containers: [{ name: 'istio-proxy', resources: { requests: { cpu: '300m' } } }] } },
          },
        },
        horizontalPodAutoscaler: { spec: { minReplicas: 2, maxReplicas: 5 } },
        podDisruptionBudget: { spec: { minAvailable: 1 } },
      };
      await world.create(
        namespace(home, {}),
        waypointParameters(home, 'kit', kit),
        waypoint(home, { parameters: 'kit', labels: { team: 'a' } }),
      );
      await available(world, 2);
      const { metadata } = await gateway(world);
      // Of a waypoint istiod writes the status and nothing else.
      assert.deepEqual(metadata.annotations ?? {}, {});
      for (const kind of [
        'ServiceAccount',
        'Deployment',
        'Service',
        'HorizontalPodAutoscaler',
        'PodDisruptionBudget',
      ] as const) {
        const child = (await world.client.get(kinds[kind], home, 'waypoint', world.signal)).metadata;
        assert.deepEqual(
          child.ownerReferences,
          [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name: 'waypoint', uid: metadata.uid }],
          kind,
        );
        assert.equal(child.labels?.['gateway.istio.io/managed'], 'istio.io-mesh-controller', kind);
        assert.equal(child.labels['team'], 'a', kind);
      }
      const [pod] = await waypointPods(world, home);
      assert.equal(pod?.metadata.labels?.['istio.io/dataplane-mode'], 'none');
      assert.equal(pod.metadata.labels['sidecar.istio.io/inject'], 'false');
      const [container] = (pod['spec'] as { readonly containers: readonly { readonly resources: unknown }[] })
        .containers;
      assert.deepEqual(container?.resources, {
        limits: { cpu: '2', memory: '1Gi' },
        requests: { cpu: '300m', memory: '128Mi' },
      });
      assert.equal((await spec(world, 'HorizontalPodAutoscaler'))['maxReplicas'], 5);
      // What was changed by hand comes back; what nobody has set may be set.
      await world.patch('Service', home, 'waypoint', {
        spec: { selector: { 'gateway.networking.k8s.io/gateway-name': 'else' } },
      });
      await world.eventually('the selector again', async () => {
        const { selector } = await spec(world, 'Service');
        return (selector as Readonly<Record<string, string>>)['gateway.networking.k8s.io/gateway-name'] === 'waypoint'
          ? true
          : undefined;
      });
      await world.delete(kinds.Gateway, home, 'waypoint');
      for (const kind of [
        'ServiceAccount',
        'Deployment',
        'Service',
        'HorizontalPodAutoscaler',
        'PodDisruptionBudget',
      ] as const)
        await world.gone(kinds[kind], home, 'waypoint');
    },
  },
  {
    name: 'waypoint-slow',
    async run(world) {
      const home = world.ns();
      await world.create(
        namespace(home, useWaypoint),
        service(home, 'a'),
        waypointParameters(home, 'slow', behaving({ [podBehaviour.readyAfterMs]: '6000' })),
        waypoint(home, { parameters: 'slow' }),
      );
      await bound(world, true);
      assert.equal(await availableWaypointPods(world, home), 0, 'bound long before the waypoint is ready');
      await available(world, 1);
    },
  },
  {
    name: 'waypoint-dies',
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home, useWaypoint), service(home, 'a'), waypoint(home));
      await available(world, 1);
      await bound(world, true);
      await breakWaypoint(world, home);
      await stillBound(world);
      assert.equal((await condition(world, 'Gateway', home, 'waypoint', 'Programmed'))?.[1], 'True');
      await mendWaypoint(world, home);
      await available(world, 1);
      await world.patch('Deployment', home, 'waypoint', { spec: { replicas: 0 } });
      await world.eventually('no pods', async () =>
        (await waypointPods(world, home)).length === 0 ? true : undefined,
      );
      await stillBound(world);
      // Any change of a Service makes istiod look at the endpoints again.
      await world.create(service(home, 'b'));
      await world.eventually('not programmed', async () =>
        (await condition(world, 'Gateway', home, 'waypoint', 'Programmed'))?.[2] === 'AddressNotAssigned'
          ? true
          : undefined,
      );
      await stillBound(world);
      await world.delete(kinds.Gateway, home, 'waypoint');
      await bound(world, false);
    },
  },
  {
    name: 'waypoint-defaults',
    disturbs: true,
    async run(world) {
      const home = world.ns();
      await waypointsBehave(world, { [podBehaviour.neverReady]: 'always' });
      await world.create(namespace(home, useWaypoint), service(home, 'a'), waypoint(home));
      await bound(world, true);
      await world.pause(2000);
      assert.equal(await availableWaypointPods(world, home), 0);
      await waypointsBehave(world, undefined);
      await available(world, 1);
    },
  },
  {
    name: 'waypoint-istiod-away',
    disturbs: true,
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home, {}), service(home, 'a', useWaypoint));
      await bound(world, false);
      world.cluster.pauseIstiod();
      try {
        await world.create(waypoint(home));
        await world.pause(5000);
        assert.equal((await condition(world, 'Gateway', home, 'waypoint', 'Accepted'))?.[1], 'Unknown');
        await bound(world, false);
      } finally {
        world.cluster.resumeIstiod();
      }
      await bound(world, true);
    },
  },
];
