import { describe, expect, it } from '@jest/globals';
import { object } from '../../scenarios/manifests.ts';
import { service, waypoint } from '../../scenarios/waypoint-world.ts';
import { authorizationPolicies, gateways, namespaces, services } from './kinds.ts';
import { simulateMesh, type MeshSimulation } from './mesh-simulation.ts';
import { testNamespace as home } from './simulation.ts';

function policy(
  name: string,
  spec: Readonly<Record<string, unknown>>,
  annotations: Readonly<Record<string, string>> = {},
) {
  const made = object('AuthorizationPolicy', home, name, { rules: [{}], ...spec });
  return { ...made, metadata: { ...made.metadata, annotations } };
}

const toService = { targetRefs: [{ group: '', kind: 'Service', name: 'a' }] };

function conditions(mesh: MeshSimulation, name: string): readonly unknown[] {
  return (mesh.read(authorizationPolicies, name).status?.conditions ?? []).map(
    ({ type, status, reason, observedGeneration }) => [type, status, reason, observedGeneration],
  );
}

function bindings(mesh: MeshSimulation, name: string): readonly unknown[] {
  return (mesh.read(services, name).status?.conditions ?? []).map(({ type, status, reason }) => [type, status, reason]);
}

function labelled(mesh: MeshSimulation, labels: Readonly<Record<string, string>>): void {
  mesh.edit(namespaces, home, (current) => ({ ...current, metadata: { ...current.metadata, labels } }));
}

describe('the binding of a Service', () => {
  it('follows the labels of its namespace and the life of the waypoint, and is gone without a label', async () => {
    const mesh = await simulateMesh();
    mesh.create(services, service(home, 'a'));
    await mesh.settle();
    expect(bindings(mesh, 'a')).toEqual([]);
    labelled(mesh, { 'istio.io/use-waypoint': 'waypoint' });
    await mesh.settle();
    expect(bindings(mesh, 'a')).toEqual([['istio.io/WaypointBound', 'False', 'WaypointIsNotReady']]);
    mesh.create(gateways, waypoint(home));
    await mesh.settle();
    expect(bindings(mesh, 'a')).toEqual([['istio.io/WaypointBound', 'True', 'WaypointAccepted']]);
    mesh.cluster.server.delete(gateways, home, 'waypoint');
    await mesh.settle();
    expect(bindings(mesh, 'a')).toEqual([['istio.io/WaypointBound', 'False', 'WaypointIsNotReady']]);
    labelled(mesh, {});
    await mesh.settle();
    expect(bindings(mesh, 'a')).toEqual([]);
  });

  it('leaves the conditions of others alone', async () => {
    const mesh = await simulateMesh();
    mesh.create(services, service(home, 'a', { 'istio.io/use-waypoint': 'waypoint' }));
    const own = {
      type: 'example.test/Mine',
      status: 'True',
      reason: 'Mine',
      message: '',
      lastTransitionTime: '2030-01-01T00:00:00Z',
    } as const;
    mesh.cluster.server.update(
      services,
      { ...mesh.read(services, 'a'), status: { conditions: [own] } },
      { manager: 'test', subresource: 'status' },
    );
    await mesh.settle();
    expect(bindings(mesh, 'a').map((each) => (each as readonly string[])[0])).toEqual([
      'example.test/Mine',
      'istio.io/WaypointBound',
    ]);
    mesh.edit(services, 'a', (current) => ({ ...current, metadata: { ...current.metadata, labels: {} } }));
    await mesh.settle();
    expect(bindings(mesh, 'a')).toEqual([['example.test/Mine', 'True', 'Mine']]);
  });

  it('is not reported while istiod hangs, and is afterwards', async () => {
    const mesh = await simulateMesh();
    mesh.cluster.pauseIstiod();
    mesh.create(services, service(home, 'a', { 'istio.io/use-waypoint': 'waypoint' }));
    await mesh.settle();
    expect(bindings(mesh, 'a')).toEqual([]);
    mesh.cluster.resumeIstiod();
    await mesh.settle();
    expect(bindings(mesh, 'a')).toEqual([['istio.io/WaypointBound', 'False', 'WaypointIsNotReady']]);
  });
});

describe('the conditions of an AuthorizationPolicy', () => {
  it('name their generation as a string, and change with it', async () => {
    const mesh = await simulateMesh();
    mesh.create(authorizationPolicies, policy('p', {}));
    await mesh.settle();
    expect(conditions(mesh, 'p')).toEqual([['ZtunnelAccepted', 'True', 'Accepted', '1']]);
    mesh.edit(authorizationPolicies, 'p', (current) => ({
      ...current,
      spec: { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] },
    }));
    await mesh.settle();
    expect(conditions(mesh, 'p')).toEqual([['ZtunnelAccepted', 'True', 'UnsupportedValue', '2']]);
  });

  it('are one list that each reporter replaces', async () => {
    const mesh = await simulateMesh();
    mesh.create(services, service(home, 'a'));
    mesh.create(authorizationPolicies, policy('p', {}));
    await mesh.settle();
    mesh.edit(authorizationPolicies, 'p', (current) => ({ ...current, spec: { ...current.spec, ...toService } }));
    await mesh.settle();
    expect(conditions(mesh, 'p')).toEqual([['WaypointAccepted', 'False', 'AncestorNotBound', '2']]);
  });

  it('say for a waypoint that is there that it is bound, and again when it is gone', async () => {
    const mesh = await simulateMesh();
    mesh.create(services, service(home, 'a', { 'istio.io/use-waypoint': 'waypoint' }));
    mesh.create(authorizationPolicies, policy('p', toService));
    mesh.create(gateways, waypoint(home));
    await mesh.settle();
    expect(conditions(mesh, 'p')).toEqual([['WaypointAccepted', 'True', 'Accepted', '1']]);
    mesh.cluster.server.delete(gateways, home, 'waypoint');
    await mesh.settle();
    expect(conditions(mesh, 'p')).toEqual([['WaypointAccepted', 'False', 'AncestorNotBound', '1']]);
  });

  it('reach only the last of several policies that ztunnel is not sent, until the others are touched', async () => {
    const mesh = await simulateMesh();
    mesh.create(
      authorizationPolicies,
      policy('a', { action: 'AUDIT' }),
      policy('b', { action: 'AUDIT' }),
      policy('c', {}),
    );
    await mesh.settle();
    expect(['a', 'b', 'c'].map((name) => conditions(mesh, name).length)).toEqual([0, 1, 1]);
    mesh.edit(authorizationPolicies, 'a', (current) => ({
      ...current,
      metadata: { ...current.metadata, annotations: { touched: 'yes' } },
    }));
    await mesh.settle();
    expect(conditions(mesh, 'a')).toEqual([['ZtunnelAccepted', 'False', 'UnsupportedValue', '1']]);
  });
});
