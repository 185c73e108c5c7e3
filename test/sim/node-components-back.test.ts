import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { atStep } from '../scenarios/late-findings.ts';
import { deployment, kinds, meshMigration, namespace, workload } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const minuteMs = 60_000;
const home = 'istio-system';
const leaving = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

interface NodeComponent extends KubeObject {
  readonly spec: {
    readonly template: { readonly metadata: { readonly labels: object }; readonly spec: object };
  };
}

async function patchZtunnel(world: World, spec: Readonly<Record<string, unknown>>): Promise<void> {
  await world.patch('DaemonSet', home, 'ztunnel', { spec });
}

async function upgraded(world: World): Promise<void> {
  await patchZtunnel(world, { template: { metadata: { annotations: { 'example.com/chart': 'next' } } } });
}

/** Nobody replaces its pods by themselves. */
async function upgradedOnDelete(world: World): Promise<void> {
  await patchZtunnel(world, { updateStrategy: { type: 'OnDelete', rollingUpdate: null } });
  await world.pause(10_000);
  await upgraded(world);
}

/** A node is lost, and then the chart is upgraded: the rollout stands at that node. */
async function upgradedBesideDeadNode(world: World): Promise<void> {
  const [pod] = (await world.pods(home)).filter(({ metadata }) => metadata.name.startsWith('ztunnel'));
  await world.patch('Pod', home, pod?.metadata.name ?? '', {
    metadata: { annotations: { [podBehaviour.neverReady]: 'always' }, finalizers: ['example.com/node-down'] },
  });
  await world.pause(5000);
  await upgraded(world);
}

/** A node pool of its own, which has been scaled to nothing. */
async function divided(world: World): Promise<void> {
  const { spec } = await world.client.get<NodeComponent>(kinds.DaemonSet, home, 'ztunnel', world.signal);
  const { template } = spec;
  await world.create({
    kind: 'DaemonSet',
    metadata: { name: 'ztunnel-b', namespace: home },
    spec: {
      ...spec,
      selector: { matchLabels: { pool: 'b' } },
      template: {
        metadata: { ...template.metadata, labels: { ...template.metadata.labels, pool: 'b' } },
        spec: { ...template.spec, nodeSelector: { pool: 'empty' } },
      },
    },
  });
}

const stories: Readonly<Record<string, { readonly change: (world: World) => Promise<void>; readonly waits?: true }>> = {
  'upgraded, and replaced by whoever deletes its pods': { change: upgradedOnDelete },
  'upgraded beside a node that is down': { change: upgradedBesideDeadNode, waits: true },
  'divided, with a part for nodes of which there are none': { change: divided },
};

async function moved(world: World): Promise<void> {
  await world.create(
    namespace(world.name, { 'istio.io/dataplane-mode': 'ambient' }),
    deployment(world.name, 'api', { spec: { progressDeadlineSeconds: 20 } }),
  );
  await world.podsReady(1);
  await world.create(
    meshMigration(world.name, { names: [world.name] }, { ...leaving, restart: { progressDeadline: '2m' } }),
  );
  await world.childPhase('Migrated');
}

describe('a ztunnel that was changed while a namespace rested beside it', () => {
  it.each(Object.entries(stories))('does not keep it from going back: %s', async (_, { change, waits }) => {
    await runOnSimulation({
      name: 'node-components',
      disturbs: true,
      async run(world) {
        await moved(world);
        await change(world);
        await world.pause(minuteMs);
        await world.command('RollingBack', world.name);
        if (waits === true) {
          await world.pause(minuteMs);
          const { status } = await world.child();
          assert.match(status?.message ?? '', /^the rollback waits: MM013 .*until /);
        }
        await world.childPhase('RolledBack', world.name, (waits === true ? 5 : 1) * minuteMs);
        await world.modesAre({ Ambient: 1 });
      },
    });
  });

  it('keeps no namespace half-way whose workload does not run with its sidecar', async () => {
    await runOnSimulation({
      name: 'broken-beside',
      disturbs: true,
      async run(world) {
        const without = { metadata: { annotations: { [podBehaviour.neverReady]: 'always' } } };
        await world.create(
          namespace(world.name, { 'istio.io/dataplane-mode': 'ambient' }),
          deployment(world.name, 'api', { spec: { progressDeadlineSeconds: 20 } }),
          deployment(world.name, 'web'),
        );
        await world.podsReady(2);
        await divided(world);
        await world.pause(10_000);
        await world.patch('Deployment', world.name, 'api', { spec: { paused: true, template: without } });
        await world.create(meshMigration(world.name, { names: [world.name] }, leaving));
        await world.eventually('its labels have changed', async () =>
          (await world.labels())['istio-injection'] === 'enabled' ? true : undefined,
        );
        await world.patch('Deployment', world.name, 'api', { spec: { paused: false } });
        await world.eventually('it has failed', async () =>
          (await world.child()).status?.failure === undefined ? undefined : true,
        );
        await world.patch('Deployment', world.name, 'api', {
          spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: null } } } },
        });
        await world.childPhase('RolledBack');
        await world.modesAre({ Ambient: 2 });
      },
    });
  });

  it('keeps it no longer for DaemonSets that others make meanwhile', async () => {
    await runOnSimulation({
      name: 'daemonsets-of-a-tenant',
      podsOutside: true,
      disturbs: true,
      async run(world) {
        const mallory = world.ns('mallory');
        await world.create(namespace(mallory, {}));
        await moved(world);
        await upgradedBesideDeadNode(world);
        await world.pause(10_000);
        await world.command('RollingBack', world.name);
        for (const name of ['a', 'b', 'c', 'd']) {
          await world.create(workload('DaemonSet', mallory, name));
          await world.pause(100_000);
        }
        const { status } = await world.child();
        assert.equal(status?.phase, 'RolledBack');
      },
    });
  });
});

/** As Sail has it: in a namespace of its own. The simulated node agent looks for the name, which keeps another label. */
async function moveZtunnel(world: World): Promise<void> {
  const { spec } = await world.client.get<NodeComponent>(kinds.DaemonSet, home, 'ztunnel', world.signal);
  await world.create(namespace('ztunnel', {}));
  await world.create({ kind: 'DaemonSet', metadata: { name: 'ztunnel', namespace: 'ztunnel' }, spec });
  await world.pause(10_000);
  await world.delete(kinds.DaemonSet, home, 'ztunnel');
  const { template } = spec;
  const labels = { app: 'stand-in' };
  await world.create({
    kind: 'DaemonSet',
    metadata: { name: 'ztunnel', namespace: home },
    spec: { ...spec, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
  });
  await world.pause(10_000);
}

describe('a DaemonSet of a tenant that is labelled like ztunnel and does not run', () => {
  it.each(['before the start', 'on the way'])(
    'keeps nobody, where ztunnel is in its own namespace: %s',
    async (when) => {
      await runOnSimulation({
        name: 'labelled-like-ztunnel',
        podsOutside: true,
        disturbs: true,
        async run(world) {
          const mallory = world.ns('mallory');
          const slow = { behaviour: { [podBehaviour.readyAfterMs]: '8000' } };
          await world.create(namespace(world.name), namespace(mallory, {}));
          await world.create(deployment(world.name, 'api', slow), deployment(world.name, 'web', slow));
          await world.podsReady(2);
          await moveZtunnel(world);
          const label = async (): Promise<void> => {
            await world.create(
              workload('DaemonSet', mallory, 'mine', {
                podLabels: { app: 'ztunnel' },
                behaviour: { [podBehaviour.neverReady]: 'always' },
                spec: { selector: { matchLabels: { app: 'ztunnel' } } },
              }),
            );
          };
          if (when === 'before the start') await label();
          await world.create(meshMigration(world.name, { names: [world.name] }));
          if (when === 'on the way') {
            await atStep(world, 'RestartWorkloads');
            await label();
          }
          await world.pause(12 * minuteMs);
          const { status } = await world.child();
          assert.deepEqual([status?.phase, status?.failure], ['Migrated', undefined]);
        },
      });
    },
  );
});
