import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { allowGet, httpPort, shop } from '../scenarios/http.ts';
import { ambientShop, back, waypointDeniesDelete } from '../scenarios/http-back.ts';
import { deployment, kinds, meshMigration, namespace, object, workload } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOutside } from './run-scenario.ts';

const optedOut = { 'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'none' };

/** What no data plane ever takes. */
const outside: Readonly<Record<string, (home: string) => KubeObject>> = {
  'a DaemonSet on the network of its hosts': (home) => workload('DaemonSet', home, 'agent', { hostNetwork: true }),
  'a Deployment that has opted out of both': (home) => deployment(home, 'agent', { podLabels: optedOut }),
};

function denyTrace(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-trace', {
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['TRACE'] } }] }],
  });
}

async function criticalOf(world: World, home: string): Promise<readonly string[]> {
  return (
    (await world.childPhase('Blocked', home)).status?.findings
      ?.filter(({ severity }) => severity === 'Critical')
      .map(({ id, object: it }) => `${id} ${it}`) ?? []
  );
}

describe.each(Object.entries(outside))('%s', (_what, made) => {
  it('is protected by nobody today, so no policy has to be carried over for it', async () => {
    await runOutside('beside', async (world, home) => {
      await shop(world, allowGet(home), denyTrace(home));
      await world.create(made(home));
      await world.pause(10_000);
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }] },
        ),
      );
      await world.phase('Migrated');
    });
  });

  it('stays without a waypoint before it, which would refuse what gets through today', async () => {
    await runOutside('served', async (world, home) => {
      await shop(world, allowGet(home), denyTrace(home));
      await world.create(made(home), service(home, 'agent', {}, httpPort));
      await world.pause(10_000);
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }] },
        ),
      );
      await world.phase('Migrated');
      const services = (await world.client.list(kinds.Service, { namespace: home, signal: world.signal })).items;
      assert.equal(
        services.find(({ metadata }) => metadata.name === 'agent')?.metadata.labels?.['istio.io/use-waypoint'],
        undefined,
      );
      assert.notEqual(
        services.find(({ metadata }) => metadata.name === 'api')?.metadata.labels?.['istio.io/use-waypoint'],
        undefined,
      );
    });
  });
});

describe("a workload that only looks like a gateway's, by its label and a container", () => {
  it.each([0, 1])(
    'is protected like any other, so what no waypoint would enforce for it is in the way (%i replicas)',
    async (replicas) => {
      await runOutside(`disguised-${replicas}`, async (world, home) => {
        await shop(
          world,
          allowGet(home),
          object('AuthorizationPolicy', home, 'worker-no-delete', {
            selector: { matchLabels: { app: 'worker' } },
            action: 'DENY',
            rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
          }),
        );
        const worker = deployment(home, 'worker', {
          replicas,
          podLabels: { 'gateway.networking.k8s.io/gateway-name': 'x' },
        });
        const { template, ...rest } = worker['spec'] as { template: { spec: { containers: readonly object[] } } };
        const containers =
          replicas === 0
            ? [...template.spec.containers, { name: 'istio-proxy', image: 'sleep:1' }]
            : template.spec.containers;
        await world.create({
          ...worker,
          spec: { ...rest, template: { ...template, spec: { ...template.spec, containers } } },
        });
        await world.podsReady(3 + replicas);
        await world.create(meshMigration(world.name, { names: [home] }));
        const proxy = replicas === 0 ? [`MM130 Deployment ${home}/worker`] : [];
        assert.deepEqual(await criticalOf(world, home), [
          `MM080 AuthorizationPolicy ${home}/worker-no-delete`,
          ...proxy,
        ]);
      });
    },
  );
});

describe('a workload on the network of its hosts that has no pods', () => {
  it.each(['there', 'back'] as const)('is neither captured nor injected (%s)', async (way) => {
    await runOutside(`asleep-${way}`, async (world, home) => {
      const agent = workload('Deployment', home, 'agent', {
        replicas: 0,
        hostNetwork: true,
        podLabels: { 'sidecar.istio.io/inject': 'false' },
      });
      await world.create(
        namespace(home, way === 'back' ? { 'istio.io/dataplane-mode': 'ambient' } : undefined),
        deployment(home, 'api'),
        agent,
      );
      await world.podsReady(1);
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          way === 'back' ? { from: 'IstioAmbient', to: 'IstioSidecar' } : {},
        ),
      );
      await world.phase('Migrated');
    });
  });

  it.each([
    ['host network', { hostNetwork: true }, {}],
    ['opted out', {}, optedOut],
  ] as const)(
    'keeps a Service behind its waypoint, because no sidecar would take over (%s)',
    async (name, more, labels) => {
      await runOutside(`leaving-${name.replace(' ', '-')}`, async (world, home) => {
        await ambientShop(world, [waypointDeniesDelete(home)]);
        const fallback = deployment(home, 'fallback', { replicas: 0, ...more });
        await world.create({
          ...fallback,
          spec: {
            ...(fallback['spec'] as object),
            selector: { matchLabels: { part: 'host' } },
            template: {
              ...(fallback['spec'] as { template: object }).template,
              metadata: { labels: { app: 'api', part: 'host', ...labels } },
            },
          },
        });
        await world.create(await back(world));
        assert.deepEqual(await criticalOf(world, home), [`MM089 Deployment ${home}/fallback`]);
      });
    },
  );
});

describe('a pod that no data plane has taken at rest', () => {
  it('keeps its namespace from being finalized, after which nobody would say so', async () => {
    await runOutside('not-sealed', async (world, home) => {
      await world.create(namespace(home), deployment(home, 'api', { replicas: 2 }));
      await world.podsReady(2);
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      const enrols = async (value: string | null): Promise<void> => {
        await world.patch('Deployment', home, 'api', {
          spec: { template: { metadata: { annotations: { [podBehaviour.enrol]: value } } } },
        });
      };
      await enrols('never');
      await world.eventually('it is said', async () =>
        (await world.child()).status?.conditions?.some(({ reason }) => reason === 'PodsOutside') === true
          ? true
          : undefined,
      );
      await world.edit({ action: 'Finalize' });
      await world.pause(60_000);
      const { status } = await world.child();
      assert.match(status?.message ?? '', /^it is finalized when this is settled: 2 pods in neither data plane/);
      await enrols(null);
      await world.childPhase('Finalized');
    });
  });
});
