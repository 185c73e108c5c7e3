import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { stalled } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import { blockedBy } from '../scenarios/other-pods.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const app = { name: 'app', image: 'app:1', lifecycle: { preStop: { sleep: { seconds: 1 } } } };

interface Proxies {
  readonly containers: readonly object[];
  readonly initContainers: readonly object[];
}

const linkerd: Proxies = {
  containers: [app],
  initContainers: [
    { name: 'linkerd-init', image: 'linkerd:1' },
    { name: 'linkerd-proxy', image: 'linkerd:1', restartPolicy: 'Always' },
  ],
};
const consul: Proxies = {
  containers: [app, { name: 'consul-dataplane', image: 'consul:1' }],
  initContainers: [{ name: 'consul-connect-inject-init', image: 'consul:1' }],
};
const kuma: Proxies = {
  containers: [app, { name: 'kuma-sidecar', image: 'kuma:1' }],
  initContainers: [{ name: 'kuma-init', image: 'kuma:1' }],
};

/** A Deployment whose pods another mesh has taken. */
function meshed(home: string, name: string, proxies: Proxies): KubeObject {
  const { spec, ...rest } = deployment(home, name) as KubeObject & {
    readonly spec: { readonly template: { readonly spec: object } };
  };
  return { ...rest, spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, ...proxies } } } };
}

function bare(home: string, name: string, proxies: Proxies): KubeObject {
  return {
    kind: 'Pod',
    metadata: { name, namespace: home, labels: { app: name } },
    spec: { ...proxies, terminationGracePeriodSeconds: 1 },
  };
}

async function findings(world: World): Promise<readonly string[]> {
  const { status } = await world.child();
  return (status?.findings ?? []).map(({ id, severity, object }) => `${id} ${severity} ${object}`);
}

const behaviour = { [podBehaviour.readyAfterMs]: '2000' };
const alone = { 'istio.io/dataplane-mode': 'none', 'sidecar.istio.io/inject': 'false' };

describe('pods of another mesh', () => {
  it.each([
    ['Linkerd', linkerd, 'IstioAmbient'],
    ['Consul', consul, 'IstioAmbient'],
    ['Kuma', kuma, 'IstioSidecar'],
  ] as const)('of %s keep their namespace out of Istio, until they are out of theirs', async (_, proxies, to) => {
    await runOnSimulation({
      name: 'other-mesh',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home, {}), meshed(home, 'api', proxies), deployment(home, 'web'));
        await world.podsReady(2);
        const before = await world.snapshot();
        await world.create(meshMigration(world.name, { names: [home] }, { from: 'None', to }));
        await blockedBy(world, 'MM142', `Deployment ${home}/api`, /its pods \(container/);
        expect((await world.child()).status?.pods).toMatchObject({ none: 1, transitional: 1 });
        await world.restored(before);
        await world.patch('Deployment', home, 'api', {
          spec: { template: { spec: { containers: [app], initContainers: null } } },
        });
        await world.childPhase('Migrated');
        await world.modesAre(to === 'IstioAmbient' ? { Ambient: 2 } : { Sidecar: 2 });
      },
    });
  });

  it('stay as they are where Istio is told to leave them alone', async () => {
    await runOnSimulation({
      name: 'other-mesh-alone',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        const home = world.ns();
        const other = meshed(home, 'api', linkerd);
        await world.create(namespace(home), deployment(home, 'web'), other);
        await world.podsReady(2);
        await world.create(meshMigration(world.name, { names: [home] }));
        await blockedBy(world, 'MM142', `Deployment ${home}/api`, /linkerd-/);
        await world.patch('Deployment', home, 'api', { spec: { template: { metadata: { labels: alone } } } });
        await world.childPhase('Migrated');
        const { status } = await world.child();
        expect(status?.pods).toMatchObject({ ambient: 1, none: 0, transitional: 0 });
        expect(await findings(world)).not.toContainEqual(expect.stringContaining('MM142'));
      },
    });
  });

  it('are waited for where their mesh is asked for on the way', async () => {
    await runOnSimulation({
      name: 'other-mesh-late',
      disturbs: true,
      async run(world) {
        const home = world.ns();
        await world.create(
          namespace(home),
          ...['api', 'web', 'zoo'].map((name) => deployment(home, name, { behaviour })),
        );
        await world.podsReady(3);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.eventually('the restarts', async () =>
          (await world.child()).status?.step === 'RestartWorkloads' ? true : undefined,
        );
        await world.patch('Namespace', undefined, home, {
          metadata: { annotations: { 'linkerd.io/inject': 'enabled' } },
        });
        expect(await stalled(world, 'HeldByFinding')).toMatch(/MM142.*linkerd\.io\/inject=enabled/);
        await world.patch('Namespace', undefined, home, { metadata: { annotations: { 'linkerd.io/inject': null } } });
        await world.childPhase('Migrated');
        await world.modesAre({ Ambient: 3 });
      },
    });
  });

  it('that come at rest are told, and hold the way back until they have gone', async () => {
    await runOnSimulation({
      name: 'other-mesh-at-rest',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home), deployment(home, 'web'));
        await world.podsReady(1);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.childPhase('Migrated');
        await world.create(meshed(home, 'api', consul));
        expect(await stalled(world, 'PodsOutside')).toMatch(/api-.*Transitional/);
        expect(await findings(world)).toContain(`MM142 Warning Deployment ${home}/api`);
        await world.edit({ action: 'Rollback' });
        expect(await stalled(world, 'RollbackStuck')).toMatch(/MM142/);
        await world.delete(kinds.Deployment, home, 'api');
        await world.childPhase('RolledBack');
        await world.modesAre({ Sidecar: 1 });
      },
    });
  });

  it.each([
    ['of a workload', meshed],
    ['of nobody', bare],
  ])('that were captured are let go by a rollback out of every mesh: %s', async (_, make) => {
    await runOnSimulation({
      name: 'other-mesh-taken',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home, {}), deployment(home, 'web'));
        await world.podsReady(1);
        await world.create(meshMigration(world.name, { names: [home] }, { from: 'None', to: 'IstioAmbient' }));
        await world.childPhase('Migrated');
        await world.create(make(home, 'api', linkerd));
        expect(await stalled(world, 'PodsOutside')).toMatch(/api.*Transitional/);
        await world.edit({ action: 'Rollback' });
        await world.childPhase('RolledBack');
        expect((await world.child()).status?.pods).toMatchObject({ none: 1, ambient: 0 });
      },
    });
  });

  it('that nobody makes again hold no rollback to sidecars, which lets them go', async () => {
    await runOnSimulation({
      name: 'other-mesh-bare',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home), deployment(home, 'web'));
        await world.podsReady(1);
        await world.create(meshMigration(world.name, { names: [home] }));
        await world.childPhase('Migrated');
        await world.create(bare(home, 'api', linkerd));
        expect(await stalled(world, 'PodsOutside')).toMatch(/api.*Transitional/);
        await world.edit({ action: 'Rollback' });
        await world.childPhase('RolledBack');
        await world.modesAre({ Sidecar: 1, None: 1 });
      },
    });
  });
});
