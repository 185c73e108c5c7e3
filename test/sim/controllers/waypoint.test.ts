import { describe, expect, it } from '@jest/globals';
import { behaving, service, waypoint, waypointParameters } from '../../scenarios/waypoint-world.ts';
import { podBehaviour } from '../../support/test-cluster.ts';
import {
  configMaps,
  deployments,
  endpointSlices,
  gateways,
  horizontalPodAutoscalers,
  podDisruptionBudgets,
  pods,
  serviceAccounts,
  services,
} from './kinds.ts';
import { simulateMesh, type MeshSimulation } from './mesh-simulation.ts';
import { conditionOf } from './pods.ts';
import { testNamespace as home } from './simulation.ts';
import { listOf } from './typed-api.ts';

const childKinds = [
  serviceAccounts,
  deployments,
  services,
  horizontalPodAutoscalers,
  podDisruptionBudgets,
  pods,
  endpointSlices,
];

function programmed(mesh: MeshSimulation): string | undefined {
  return conditionOf(mesh.read(gateways, 'waypoint').status?.conditions, 'Programmed')?.reason;
}

function hasAddress(mesh: MeshSimulation): boolean {
  return (mesh.read(gateways, 'waypoint').status?.addresses ?? []).length > 0;
}

function children({ cluster }: MeshSimulation): readonly string[] {
  return childKinds
    .flatMap((kind) => listOf(cluster.server, kind, home).map(({ metadata }) => `${kind.kind} ${metadata.name}`))
    .filter((child) => child.includes('waypoint'));
}

describe('a waypoint', () => {
  it('has an address as soon as a pod has one, ready or not', async () => {
    const mesh = await simulateMesh();
    const reasons: (string | undefined)[] = [];
    mesh.cluster.server.watch(gateways, () => {
      if (reasons.at(-1) !== programmed(mesh)) reasons.push(programmed(mesh));
    });
    mesh.create(configMaps, waypointParameters(home, 'broken', behaving({ [podBehaviour.neverReady]: 'always' })));
    mesh.create(gateways, waypoint(home, { parameters: 'broken' }));
    expect(programmed(mesh)).toBe('Pending');
    await mesh.until(() => hasAddress(mesh));
    expect(reasons.slice(-1)).toEqual(['Programmed']);
    await mesh.settle();
    expect(mesh.read(deployments, 'waypoint').status?.availableReplicas ?? 0).toBe(0);
    expect(
      listOf(mesh.cluster.server, endpointSlices, home)[0]?.endpoints?.map(({ conditions }) => conditions),
    ).toEqual([{ ready: false, serving: false, terminating: false }]);
  });

  it('says that no instances are there while no pod can start', async () => {
    const mesh = await simulateMesh();
    mesh.create(configMaps, waypointParameters(home, 'none', { deployment: { spec: { replicas: 0 } } }));
    mesh.create(gateways, waypoint(home, { parameters: 'none' }));
    await mesh.settle();
    expect([programmed(mesh), hasAddress(mesh)]).toEqual(['AddressNotAssigned', false]);
    mesh.edit(configMaps, 'none', (current) => ({ ...current, data: { deployment: 'spec: {replicas: 1}' } }));
    await mesh.until(() => programmed(mesh) === 'Programmed');
  });

  it('keeps its address and its condition when its pods are gone, until some Service changes', async () => {
    const mesh = await simulateMesh();
    mesh.create(gateways, waypoint(home));
    await mesh.until(() => hasAddress(mesh));
    mesh.edit(deployments, 'waypoint', (current) => ({ ...current, spec: { ...current.spec, replicas: 0 } }));
    await mesh.settle();
    expect([programmed(mesh), hasAddress(mesh)]).toEqual(['Programmed', true]);
    mesh.create(services, service(home, 'unrelated'));
    await mesh.settle();
    expect([programmed(mesh), hasAddress(mesh)]).toEqual(['AddressNotAssigned', true]);
  });

  it('takes its objects with it', async () => {
    const mesh = await simulateMesh();
    const kit = {
      horizontalPodAutoscaler: { spec: { minReplicas: 2, maxReplicas: 3 } },
      podDisruptionBudget: { spec: { maxUnavailable: 1 } },
    };
    mesh.create(configMaps, waypointParameters(home, 'kit', kit));
    mesh.create(gateways, waypoint(home, { parameters: 'kit' }));
    await mesh.until(
      () =>
        mesh.read(gateways, 'waypoint').status?.addresses !== undefined &&
        mesh.read(deployments, 'waypoint').status?.availableReplicas === 2,
    );
    expect(children(mesh).map((child) => child.split(' ')[0])).toEqual([
      'ServiceAccount',
      'Deployment',
      'Service',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
      'Pod',
      'Pod',
      'EndpointSlice',
    ]);
    mesh.cluster.server.delete(gateways, home, 'waypoint');
    await mesh.settle();
    expect(children(mesh)).toEqual([]);
  });

  it('has neither autoscaler nor budget unless its parameters ask for them', async () => {
    const mesh = await simulateMesh();
    mesh.create(gateways, waypoint(home));
    await mesh.until(() => hasAddress(mesh));
    expect(listOf(mesh.cluster.server, horizontalPodAutoscalers)).toEqual([]);
    expect(listOf(mesh.cluster.server, podDisruptionBudgets)).toEqual([]);
  });

  it('is given back what was taken from it, and keeps what others added', async () => {
    const mesh = await simulateMesh();
    mesh.create(gateways, waypoint(home));
    await mesh.until(() => hasAddress(mesh));
    mesh.edit(deployments, 'waypoint', (current) => {
      const { template } = current.spec;
      const labels = { ...template.metadata?.labels, 'istio.io/dataplane-mode': 'ambient', mine: 'yes' };
      return {
        ...current,
        spec: { ...current.spec, replicas: 2, template: { ...template, metadata: { ...template.metadata, labels } } },
      };
    });
    await mesh.settle();
    const { replicas, template } = mesh.read(deployments, 'waypoint').spec;
    expect([
      replicas,
      template.metadata?.labels?.['istio.io/dataplane-mode'],
      template.metadata?.labels?.['mine'],
    ]).toEqual([2, 'none', 'yes']);
  });

  it('does not take over a Service that somebody else made', async () => {
    const mesh = await simulateMesh();
    mesh.create(services, service(home, 'waypoint'));
    mesh.create(gateways, waypoint(home));
    await mesh.settle();
    expect(mesh.read(services, 'waypoint').spec.selector).toEqual({ app: 'waypoint' });
    expect([programmed(mesh), hasAddress(mesh)]).toEqual(['AddressNotAssigned', false]);
  });

  it.each([
    ['a name', { deployment: { metadata: { name: 'other' } } }],
    ['a finalizer', { service: { metadata: { finalizers: ['example.test/hold'] } } }],
    ['an unknown key', { daemonSet: {} }],
  ])('is not made at all with parameters that change %s', async (_what, parameters) => {
    const mesh = await simulateMesh();
    mesh.create(configMaps, waypointParameters(home, 'odd', parameters));
    mesh.create(gateways, waypoint(home, { parameters: 'odd' }));
    await mesh.settle();
    expect(children(mesh)).toEqual([]);
    expect(conditionOf(mesh.read(gateways, 'waypoint').status?.conditions, 'Accepted')?.status).toBe('True');
  });

  it('is made from the defaults of its class first, then from its own parameters', async () => {
    const mesh = await simulateMesh();
    const replicas = (count: number) => ({
      deployment: { spec: { replicas: count, template: { metadata: { annotations: { [`from-${count}`]: 'yes' } } } } },
    });
    mesh.create(
      configMaps,
      waypointParameters('istio-system', 'all', replicas(3), {
        'gateway.istio.io/defaults-for-class': 'istio-waypoint',
      }),
    );
    mesh.create(configMaps, waypointParameters(home, 'own', replicas(2)));
    mesh.create(gateways, waypoint(home, { parameters: 'own' }));
    await mesh.until(() => hasAddress(mesh));
    const { spec } = mesh.read(deployments, 'waypoint');
    expect([
      spec.replicas,
      spec.template.metadata?.annotations?.['from-3'],
      spec.template.metadata?.annotations?.['from-2'],
    ]).toEqual([2, 'yes', 'yes']);
  });

  it('is left to istiod of its revision', async () => {
    const mesh = await simulateMesh();
    mesh.create(gateways, waypoint(home, { labels: { 'istio.io/rev': 'canary' } }));
    await mesh.settle();
    expect([programmed(mesh), children(mesh)]).toEqual(['Pending', []]);
    mesh.edit(gateways, 'waypoint', (current) => ({
      ...current,
      metadata: { ...current.metadata, labels: { 'istio.io/rev': 'default' } },
    }));
    await mesh.until(() => hasAddress(mesh));
  });

  it('comes to rest', async () => {
    const mesh = await simulateMesh();
    mesh.create(gateways, waypoint(home));
    await mesh.settle();
    const { revision } = mesh.cluster.server;
    await mesh.clock.advance(3_600_000);
    expect(mesh.cluster.server.revision).toBe(revision);
    await mesh.cluster.stop();
    expect(mesh.clock.pending).toBe(0);
  });
});
