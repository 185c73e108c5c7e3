import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const gatewayName = 'gateway.networking.k8s.io/gateway-name';
const optOut = { 'istio.io/dataplane-mode': 'none' };

/** An application, and a Gateway beside it; istiod's part is played by `makeGateway`. */
async function application(world: World, labels: Readonly<Record<string, string>>): Promise<string> {
  const home = world.ns();
  const behaviour = { [podBehaviour.readyAfterMs]: '3000' };
  await world.create(namespace(home, labels), strict(home), deployment(home, 'web', { replicas: 2, behaviour }));
  await world.podsReady(2, home);
  return home;
}

/** The Deployment that istiod makes for a Gateway (files/kube-gateway.yaml of the istio-discovery chart). */
async function makeGateway(world: World, home: string): Promise<void> {
  await world.create(
    object('Gateway', home, 'shop', {
      gatewayClassName: 'istio',
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
    }),
  );
  const { uid } = (await world.client.get(kinds.Gateway, home, 'shop', world.signal)).metadata;
  const made = deployment(home, 'shop-istio', {
    podLabels: { [gatewayName]: 'shop', 'sidecar.istio.io/inject': 'false' },
  });
  const { metadata, spec } = made as KubeObject & { spec: { template: { spec: object } } };
  await world.create({
    ...made,
    metadata: {
      ...metadata,
      ownerReferences: [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name: 'shop', uid: uid ?? '' }],
    },
    spec: {
      ...spec,
      template: {
        ...spec.template,
        spec: { ...spec.template.spec, containers: [{ name: 'istio-proxy', image: 'istio/proxyv2' }] },
      },
    },
  });
  await world.podsReady(3, home);
}

async function templateOf(world: World, home: string): Promise<unknown> {
  const { spec } = await world.client.get<KubeObject & { readonly spec: { readonly template: unknown } }>(
    kinds.Deployment,
    home,
    'shop-istio',
    world.signal,
  );
  return spec.template;
}

function run(name: string, run: (world: World) => Promise<void>): Promise<unknown> {
  return runOnSimulation({ name, podsOutside: true, run });
}

describe('a gateway of the Gateway API in the namespace itself', () => {
  it('keeps it from moving until it opts out of ambient, and is not restarted then', async () => {
    await run('gateway-before', async (world) => {
      const home = await application(world, { 'istio-injection': 'enabled' });
      await makeGateway(world, home);
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Blocked', home);
      const critical = status?.findings?.filter(({ severity }) => severity === 'Critical').map(({ id }) => id);
      assert.deepEqual(critical, ['MM138']);
      // What the finding says, and what istiod makes of it.
      await world.patch('Gateway', home, 'shop', { spec: { infrastructure: { labels: optOut } } });
      await world.patch('Deployment', home, 'shop-istio', { spec: { template: { metadata: { labels: optOut } } } });
      const before = await templateOf(world, home);
      await world.childPhase('Migrated', home);
      assert.deepEqual(await templateOf(world, home), before);
    });
  });

  it('keeps it from moving while it sleeps, and is told at rest once it was moved beside one that woke', async () => {
    await run('gateway-asleep', async (world) => {
      const home = await application(world, { 'istio-injection': 'enabled' });
      await makeGateway(world, home);
      await world.patch('Deployment', home, 'shop-istio', { spec: { replicas: 0 } });
      await world.podsReady(2, home);
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Blocked', home);
      const critical = status?.findings?.filter(({ severity }) => severity === 'Critical').map(({ id }) => id);
      assert.deepEqual(critical, ['MM138']);
      await world.patch('Deployment', home, 'shop-istio', { spec: { template: { metadata: { labels: optOut } } } });
      await world.childPhase('Migrated', home);
      // Somebody takes the label out again: clients meet ztunnel as soon as it wakes.
      await world.patch('Deployment', home, 'shop-istio', {
        spec: { template: { metadata: { labels: { 'istio.io/dataplane-mode': null } } } },
      });
      await world.eventually('it is told at rest', async () =>
        (await world.child(home)).status?.findings?.some(
          ({ id, severity, message }) => id === 'MM138' && severity === 'Warning' && message.includes('are captured'),
        ) === true
          ? true
          : undefined,
      );
      assert.equal((await world.child(home)).status?.phase, 'Migrated');
    });
  });

  it('that comes at rest in ambient is nobody else’s business, nor on the way back', async () => {
    await run('gateway-at-rest', async (world) => {
      const home = await application(world, { 'istio-injection': 'enabled' });
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated', home);
      await makeGateway(world, home);
      const before = await templateOf(world, home);
      await world.pause(1_200_000);
      const { status } = await world.child(home);
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      assert.deepEqual([status?.phase, ready?.status], ['Migrated', 'True'], status?.message);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack', home);
      assert.deepEqual(await templateOf(world, home), before);
    });
  });

  it('that comes at rest beside sidecars opts out before they go back to ambient', async () => {
    await run('gateway-before-back', async (world) => {
      const home = await application(world, { 'istio.io/dataplane-mode': 'ambient' });
      await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
      await world.childPhase('Migrated', home);
      await makeGateway(world, home);
      await world.command('RollingBack', home);
      await world.eventually('it says why it waits', async () => {
        const { status } = await world.child(home);
        return status?.message?.includes('MM138') === true ? true : undefined;
      });
      await world.patch('Deployment', home, 'shop-istio', { spec: { template: { metadata: { labels: optOut } } } });
      const before = await templateOf(world, home);
      await world.childPhase('RolledBack', home);
      assert.deepEqual(await templateOf(world, home), before);
    });
  });

  it('that comes at rest in no mesh opts out before it is captured by the label that goes back', async () => {
    await run('gateway-captured-back', async (world) => {
      const home = world.ns();
      await world.create(
        namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
        deployment(home, 'web', { replicas: 2 }),
      );
      await world.podsReady(2, home);
      await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'None' }));
      await world.childPhase('Migrated', home);
      await world.create(strict(home));
      await makeGateway(world, home);
      await world.command('RollingBack', home);
      await world.eventually('it says why it waits', async () => {
        const { status } = await world.child(home);
        return status?.message?.includes('MM138') === true ? true : undefined;
      });
      assert.deepEqual(await world.modes(home), { None: 2 });
      await world.patch('Deployment', home, 'shop-istio', { spec: { template: { metadata: { labels: optOut } } } });
      await world.childPhase('RolledBack', home);
      await world.modesAre({ Ambient: 2 }, home);
    });
  });

  it('does not keep it from leaving ambient for no mesh, nor from being captured as it was, unless STRICT has come since', async () => {
    await run('gateway-captured-before', async (world) => {
      const home = await application(world, { 'istio.io/dataplane-mode': 'ambient' });
      await makeGateway(world, home);
      await world.pause(2000);
      await world.delete(kinds.PeerAuthentication, home, 'strict');
      await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'None' }));
      await world.childPhase('Migrated', home);
      await world.create(strict(home));
      await world.command('RollingBack', home);
      await world.eventually('it says why it waits', async () => {
        const { status } = await world.child(home);
        return status?.message?.includes('MM138') === true ? true : undefined;
      });
      await world.delete(kinds.PeerAuthentication, home, 'strict');
      await world.childPhase('RolledBack', home);
      await world.modesAre({ Ambient: 2 }, home);
    });
  });

  it('does not keep it from leaving ambient, nor from coming back to it', async () => {
    await run('gateway-exit', async (world) => {
      const home = await application(world, { 'istio.io/dataplane-mode': 'ambient' });
      await makeGateway(world, home);
      // It stood there before the start, by the whole seconds of the API server.
      await world.pause(2000);
      await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
      await world.childPhase('Migrated', home);
      // Whose pods are new meanwhile it still is the same gateway.
      await world.patch('Deployment', home, 'shop-istio', {
        spec: { template: { metadata: { annotations: { 'example.com/restarted': 'yes' } } } },
      });
      await world.podsReady(3, home);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack', home);
    });
  });

  it('does not keep it from coming back to ambient half-way', async () => {
    await run('gateway-half-way', async (world) => {
      const home = await application(world, { 'istio.io/dataplane-mode': 'ambient' });
      await makeGateway(world, home);
      await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioAmbient', to: 'IstioSidecar' }));
      await world.eventually('it restarts', async () => {
        const { status } = await world.child(home);
        return status?.step === 'RestartWorkloads' ? true : undefined;
      });
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack', home);
    });
  });
});
