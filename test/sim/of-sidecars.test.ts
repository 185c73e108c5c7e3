import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOutside } from './run-scenario.ts';

const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const sidecars = { 'istio-injection': 'enabled' };
const toSidecars = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const toNoMesh = { from: 'IstioSidecar', to: 'None' } as const;
const joining = { from: 'None', to: 'IstioAmbient' } as const;
const slow = { behaviour: { [podBehaviour.readyAfterMs]: '5000' } };

function filter(home: string): KubeObject {
  return object('EnvoyFilter', home, 'limits', { configPatches: [{ match: { context: 'SIDECAR_INBOUND' } }] });
}

/** What anybody may have beside sidecars. */
function ordinary(home: string): readonly KubeObject[] {
  return [
    filter(home),
    object('VirtualService', home, 'api', { hosts: ['api'], http: [{ timeout: '1s' }] }),
    object('DestinationRule', home, 'api', { host: 'api', trafficPolicy: { connectionPool: {} } }),
    object('Sidecar', home, 'default', { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } }),
    object('Telemetry', home, 'default', {}),
    object('WorkloadEntry', home, 'vm', { address: '10.1.2.3', labels: { app: 'vm' } }),
  ];
}

async function application(world: World, home: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await world.create(
    namespace(home, labels),
    service(home, 'api'),
    ...['api', 'web'].map((each) => deployment(home, each, slow)),
  );
  await world.podsReady(2, home);
}

async function isReady(world: World, home: string): Promise<void> {
  const { status } = await world.child(home);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  assert.deepEqual([status?.writtenPhase, ready?.status], ['Migrated', 'True'], status?.message);
}

describe('what sidecars do, made where a namespace rests', () => {
  it.each([
    ['beside them', toSidecars, ambient],
    ['in no mesh', toNoMesh, sidecars],
  ] as const)('stalls nobody and lets it be finalized: %s', async (_, route, labels) => {
    await runOutside('rests', async (world, home) => {
      await application(world, home, labels);
      await world.create(meshMigration(world.name, { names: [home] }, route));
      await world.childPhase('Migrated', home);
      await world.create(...ordinary(home));
      await world.pause(60_000);
      await isReady(world, home);
      await world.edit({ action: 'Finalize' });
      await world.childPhase('Finalized', home);
    });
  });

  it('takes nobody back who is on his way to them', async () => {
    await runOutside('on-the-way', async (world, home) => {
      await application(world, home, ambient);
      await world.create(meshMigration(world.name, { names: [home] }, toSidecars));
      await world.eventually('it restarts', async () => {
        const { status } = await world.child(home);
        return status?.step === 'RestartWorkloads' && (status.workloads ?? []).length > 0 ? true : undefined;
      });
      await world.create(filter('istio-system'), ...ordinary(home));
      await world.childPhase('Migrated', home);
      await world.modesAre({ Sidecar: 2 }, home);
    });
  });

  it('keeps nobody from ambient who has none', async () => {
    await runOutside('joins', async (world, home) => {
      await application(world, home, {});
      await world.create(filter('istio-system'), meshMigration(world.name, { names: [home] }, joining));
      await world.childPhase('Migrated', home);
      await isReady(world, home);
    });
  });
});
