import { describe, expect, it } from '@jest/globals';
import { noWayBack } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { injectionWebhooks } from './controllers/injector-webhooks.ts';
import { runOnSimulation } from './run-scenario.ts';

const webhooks = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  namespaced: false,
} as const;

function injector(revision: string): Parameters<World['client']['create']>[1] {
  const service = { name: 'istiod', namespace: 'istio-system', path: '/inject', port: 443 };
  const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: webhooks.kind,
    metadata: {
      name: `istio-sidecar-injector-${revision}`,
      labels: { app: 'sidecar-injector', 'istio.io/rev': revision },
    },
    webhooks: injectionWebhooks(revision).map((webhook) => ({
      ...webhook,
      clientConfig: { service },
      rules,
      sideEffects: 'None',
      failurePolicy: 'Fail',
      admissionReviewVersions: ['v1'],
    })),
  };
}

async function run(story: (world: World, home: string) => Promise<void>): Promise<void> {
  await runOnSimulation({
    name: 'upgraded',
    run: async (world) => {
      const home = world.ns();
      for (const revision of ['1-30', '1-31']) await world.client.create(webhooks, injector(revision), world.signal);
      await world.create(
        namespace(home, { 'istio.io/rev': '1-30' }),
        deployment(home, 'web'),
        deployment(home, 'cart'),
      );
      await world.podsReady(2);
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated');
      await story(world, home);
    },
  });
}

/** As Istio is upgraded by revisions: the namespace is given the new one, and the old one goes. */
async function upgrade(world: World, home: string): Promise<void> {
  await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/rev': '1-31' } } });
  await world.client.delete(webhooks, undefined, 'istio-sidecar-injector-1-30', { signal: world.signal });
}

async function isBack(world: World): Promise<void> {
  await world.childPhase('RolledBack');
  await world.modesAre({ Sidecar: 2 });
  const { labels } = await world.snapshot();
  expect([labels['istio.io/rev'], labels['istio-injection'], labels['istio.io/dataplane-mode']]).toEqual([
    '1-31',
    undefined,
    undefined,
  ]);
  expect((await world.child()).status?.conditions?.find(({ type }) => type === 'Restored')?.status).toBe('True');
}

describe('a rollback after Istio was upgraded by revisions', () => {
  it('ends in the revision that was accepted meanwhile', async () => {
    await run(async (world, home) => {
      await upgrade(world, home);
      await world.pause(5000);
      await world.command('Migrating', home);
      await world.childPhase('Migrated');
      await world.pause(60_000);
      await world.command('RollingBack', home);
      await isBack(world);
    });
  });

  it('ends in the revision that its owner gave it, whoever has accepted that', async () => {
    await run(async (world, home) => {
      await upgrade(world, home);
      await world.pause(60_000);
      await world.edit({ action: 'Rollback' });
      await isBack(world);
    });
  });

  it('goes on when somebody gives the namespace a revision that there is, half-way back', async () => {
    await run(async (world, home) => {
      await world.client.delete(webhooks, undefined, 'istio-sidecar-injector-1-30', { signal: world.signal });
      await world.command('RollingBack', home);
      await world.pause(60_000);
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/rev': '1-31' } } });
      await isBack(world);
    });
  });
});

describe('a revision that is uninstalled while the namespace rests', () => {
  it('is told before somebody needs it, until there is an injector again', async () => {
    await run(async (world, home) => {
      expect(await noWayBack(world)).toBeUndefined();
      await world.client.delete(webhooks, undefined, 'istio-sidecar-injector-1-30', { signal: world.signal });
      const said = await world.eventually('it is told', async () => await noWayBack(world));
      expect(said).toMatch(
        /^MM124 Deployment .*with the labels that a rollback puts back \(istio.io\/rev=1-30\) new pods would be in mode (?:None|Ambient): it could never end\. .*kubectl label namespace/,
      );
      expect((await world.child()).status?.phase).toBe('Migrated');
      await world.eventually('it is under attention', async () =>
        (await world.migration()).status?.attention?.some(
          ({ namespace: name, message }) => name === home && message.startsWith('MM124'),
        ) === true
          ? true
          : undefined,
      );
      await world.phase('Migrated');
      await world.client.create(webhooks, injector('1-30'), world.signal);
      await world.eventually('it is over', async () => ((await noWayBack(world)) === undefined ? true : undefined));
      await world.eventually('nobody is asked for', async () =>
        (await world.migration()).status?.needAttention === 0 ? true : undefined,
      );
    });
  });

  it('is told where no injector is left at all, and ends by another revision', async () => {
    await run(async (world, home) => {
      const { items } = await world.client.list(webhooks, { signal: world.signal });
      for (const {
        metadata: { name },
      } of items)
        await world.client.delete(webhooks, undefined, name, { signal: world.signal });
      await world.eventually('it is told', async () => await noWayBack(world));
      await world.client.create(webhooks, injector('1-31'), world.signal);
      await world.pause(5000);
      expect(await noWayBack(world)).toBeDefined();
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/rev': '1-31' } } });
      await world.eventually('it is over', async () => ((await noWayBack(world)) === undefined ? true : undefined));
    });
  });
});
