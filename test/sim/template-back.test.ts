import { describe, expect, it } from '@jest/globals';
import { podBehaviour } from '../support/test-cluster.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const sidecars = { 'istio-injection': 'enabled' };
const customized = {
  spec: {
    containers: [
      { name: 'app', image: 'app:1' },
      { name: 'istio-proxy', image: 'auto', resources: { limits: { cpu: '1' } } },
    ],
  },
};
const uninjected = { metadata: { labels: { 'sidecar.istio.io/inject': 'false' } } };

interface Case {
  readonly from: 'IstioSidecar' | 'IstioAmbient';
  readonly to: 'IstioSidecar' | 'IstioAmbient';
  /** What happens at rest, and how to take it back again. */
  readonly change: (world: World) => Promise<() => Promise<void>>;
  readonly says: RegExp;
  /** Pods of the namespace besides those of the two Deployments, in no mesh. */
  readonly outside?: number;
}

/** Another template of api, and the one of before again. */
function patched(template: Readonly<Record<string, unknown>>, before: Readonly<Record<string, unknown>>) {
  return async (world: World): Promise<() => Promise<void>> => {
    const patch = async (to: Readonly<Record<string, unknown>>): Promise<void> => {
      await world.patch('Deployment', world.ns(), 'api', { spec: { template: to } });
    };
    await patch(template);
    return async () => {
      await patch(before);
    };
  };
}

/** Whoever has no pod in ambient any more takes ambient out. */
async function uninstalled(world: World): Promise<() => Promise<void>> {
  const { metadata, ...ztunnel } = await world.client.get(kinds.DaemonSet, 'istio-system', 'ztunnel', world.signal);
  await world.delete(kinds.DaemonSet, 'istio-system', 'ztunnel');
  const { name, namespace: home, labels = {} } = metadata;
  return async () => {
    await world.create({ ...ztunnel, metadata: { name, namespace: home ?? '', labels } });
  };
}

/** The documented way to keep something out beside sidecars. */
async function keptOut(world: World): Promise<() => Promise<void>> {
  const home = world.ns();
  await world.create(deployment(home, 'legacy', { podLabels: uninjected.metadata.labels }));
  await world.podsReady(5);
  return async () => {
    await world.delete(kinds.Deployment, home, 'legacy');
    await world.podsReady(4);
  };
}

const toSidecars = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

const cases: Readonly<Record<string, Case>> = {
  'a customized sidecar': {
    ...toSidecars,
    change: patched(customized, { spec: { containers: [{ name: 'app', image: 'app:1' }] } }),
    says: /MM130 .*container istio-proxy/,
  },
  'no ztunnel any more': { ...toSidecars, change: uninstalled, says: /MM013 .*no ztunnel/ },
  'a pod that is kept out of sidecars only': { ...toSidecars, change: keptOut, says: /MM050 .*legacy/, outside: 1 },
  'a template that wants no sidecar': {
    from: 'IstioSidecar',
    to: 'IstioAmbient',
    change: patched(uninjected, { metadata: { labels: { 'sidecar.istio.io/inject': null } } }),
    says: /MM051 .*sidecar\.istio\.io\/inject=false/,
  },
};

async function messageOf(world: World, pattern: RegExp): Promise<void> {
  await world.eventually(`message ${String(pattern)}`, async () =>
    pattern.test((await world.child()).status?.message ?? '') ? true : undefined,
  );
}

async function noWayBack(world: World): Promise<string | undefined> {
  const { status } = await world.child();
  return status?.conditions?.find(({ type }) => type === 'NoWayBack')?.message;
}

async function arrived(world: World, { from, to }: Case): Promise<void> {
  const home = world.ns();
  await world.create(
    namespace(home, from === 'IstioAmbient' ? ambient : sidecars),
    object('PeerAuthentication', home, 'default', { mtls: { mode: 'PERMISSIVE' } }),
    deployment(home, 'api', { replicas: 2 }),
    deployment(home, 'web', { replicas: 2 }),
  );
  await world.podsReady(4);
  await world.create(meshMigration(world.name, { names: [home] }, { from, to }));
  await world.childPhase('Migrated');
}

describe('what a template got at rest and its old data plane cannot do', () => {
  it.each(Object.entries(cases))('is told then, and holds the rollback until it is gone: %s', async (_, given) => {
    await runOnSimulation({
      name: 'template-back',
      disturbs: true,
      ...(given.outside !== undefined && { podsOutside: true }),
      async run(world) {
        const [before, after] =
          given.to === 'IstioSidecar' ? (['Ambient', 'Sidecar'] as const) : (['Sidecar', 'Ambient'] as const);
        await arrived(world, given);
        const repair = await given.change(world);
        await world.eventually('it is told', async () =>
          given.says.test((await noWayBack(world)) ?? '') ? true : undefined,
        );
        await world.pause(10_000);
        await world.edit({ action: 'Rollback' });
        await messageOf(world, given.says);
        await world.pause(60_000);
        await world.modesAre({ [after]: 4, ...(given.outside !== undefined && { None: given.outside }) });
        const { status } = await world.child();
        expect(status?.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({
          status: 'True',
          reason: 'RollbackStuck',
        });
        await repair();
        await world.childPhase('RolledBack');
        await world.modesAre({ [before]: 4 });
        expect(await noWayBack(world)).toBeUndefined();
      },
    });
  });

  it('holds no more than the restart of its own workload where the namespace has failed', async () => {
    await runOnSimulation({
      name: 'template-failed',
      disturbs: true,
      podsOutside: true,
      async run(world) {
        const home = world.ns();
        await world.create(
          namespace(home, sidecars),
          deployment(home, 'api', { replicas: 2 }),
          deployment(home, 'web', { replicas: 2, behaviour: { [podBehaviour.neverReady]: 'without-sidecar' } }),
        );
        await world.podsReady(4);
        await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '20s' } }));
        await messageOf(world, /^restarting Deployment web/);
        await world.patch('Deployment', home, 'api', { spec: { template: uninjected } });
        await world.childPhase('RollingBack');
        await messageOf(world, /MM051 .*sidecar\.istio\.io\/inject=false/);
        expect(await world.labels(home)).toMatchObject(sidecars);
        await world.modesAre({ Sidecar: 2, Ambient: 2 });
        await world.patch('Deployment', home, 'api', {
          spec: { template: { metadata: { labels: { 'sidecar.istio.io/inject': null } } } },
        });
        await world.childPhase('RolledBack');
        await world.modesAre({ Sidecar: 4 });
      },
    });
  });
});
