import { freezeAnnotation, restartAnnotation } from '../../src/api/resources.ts';
import { atStep, old } from '../scenarios/late-findings.ts';
import { halfWay, slowShop } from '../scenarios/lifecycle.ts';
import { barePod, deployment, kinds, meshMigration, namespace, workload } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import { uncalled } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import {
  blockedByPolicy,
  endings,
  fails,
  impatient,
  loseJournal,
  none,
  start,
  works,
  type Story,
} from './stalled-story.ts';

const injection = 'istio-injection';

async function migratedShop(world: World): Promise<void> {
  await smallShop(world);
  await start(world);
  await world.childPhase('Migrated');
}

async function startHalfWay(world: World): Promise<void> {
  await slowShop(world);
  await start(world);
  await halfWay(world);
}

async function label(world: World, key: string, value: string | null): Promise<void> {
  await world.patch('Namespace', undefined, world.ns(), { metadata: { labels: { [key]: value } } });
}

/** Somebody takes our annotation off the template of `web` whenever it is there. */
async function fightForTemplate(world: World): Promise<void> {
  for (let time = 0; time < 4; time += 1) {
    await world.eventually('the annotation or a pause', async () => {
      if ((await world.child()).status?.writtenPhase === 'Paused') return true;
      const { template } = (await world.client.get(kinds.Deployment, world.ns(), 'web', world.signal))['spec'] as {
        readonly template: { readonly metadata: { readonly annotations?: object } };
      };
      return Object.hasOwn(template.metadata.annotations ?? {}, restartAnnotation) ? true : undefined;
    });
    await world.pause(500);
    await world.patch('Deployment', world.ns(), 'web', {
      spec: { template: { metadata: { annotations: { [restartAnnotation]: null } } } },
    });
  }
}

/** Gives the template of `web` these containers beside its own. */
async function containers(world: World, ...others: readonly object[]): Promise<void> {
  const { template } = deployment(world.ns(), 'web')['spec'] as {
    readonly template: { readonly spec: { readonly containers: readonly object[] } };
  };
  await world.patch('Deployment', world.ns(), 'web', {
    spec: { template: { spec: { containers: [...template.spec.containers, ...others] } } },
  });
}

/** A change of the labels half-way, settled by one of both commands. */
function labelChanged(command: 'First' | 'Last', then: string): Story {
  return {
    reason: 'ForeignChange',
    when: 'a label was changed half-way',
    async enter(world) {
      await startHalfWay(world);
      await label(world, injection, 'enabled');
    },
    command,
    then,
  };
}

/** Where a namespace needs a person, whether it has a waypoint or not. */
export const stalledNamespaces: readonly Story[] = [
  {
    reason: 'Frozen',
    when: 'it is, before its start',
    async enter(world) {
      await smallShop(world);
      await world.patch('Namespace', undefined, world.ns(), {
        metadata: { annotations: { [freezeAnnotation]: 'audit until Friday' } },
      });
      await start(world);
    },
    command: 'Last',
    then: 'Migrated',
  },
  ...endings.map(({ in: phase, overrides }): Story => ({
    reason: 'WorkloadUnavailable',
    when: 'a Deployment does not start without its sidecar',
    in: phase,
    async enter(world) {
      await fails(world);
      await start(world, overrides);
    },
    mend: works,
    command: 'Last',
    then: 'Migrated',
  })),
  {
    // The operator counts as long as the Deployment does, and is first: unless it was away.
    reason: 'ProgressDeadlineExceeded',
    when: 'the operator was away meanwhile',
    in: 'RolledBack',
    async enter(world) {
      const behaviour = { [podBehaviour.neverReady]: 'without-sidecar' };
      await world.create(
        namespace(world.ns()),
        deployment(world.ns(), 'web', { replicas: 2, behaviour, spec: { progressDeadlineSeconds: 5 } }),
      );
      await world.podsReady(2);
      await start(world);
      await world.eventually('its restart', async () => ((await world.pods()).length === 3 ? true : undefined));
      await world.operator.kill();
      await world.operator.start();
    },
    mend: works,
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'PodNotEnrolled',
    when: 'the node agent never enrols it',
    in: 'RolledBack',
    podsOutside: true,
    async enter(world) {
      await world.create(
        namespace(world.ns()),
        deployment(world.ns(), 'web', { behaviour: { [podBehaviour.enrol]: 'never' } }),
      );
      await world.podsReady(1);
      await start(world, { restart: { enrolmentDeadline: '3s' } });
    },
    mend: (world) =>
      world.patch('Deployment', world.ns(), 'web', {
        spec: { template: { metadata: { annotations: { [podBehaviour.enrol]: null } } } },
      }),
    command: 'Last',
    then: 'Migrated',
  },
  labelChanged('First', 'Migrated'),
  labelChanged('Last', 'RolledBack'),
  {
    reason: 'ForeignChange',
    when: 'a label was changed at rest',
    async enter(world) {
      await migratedShop(world);
      await label(world, injection, 'enabled');
    },
    command: 'First',
    then: 'Migrated',
  },
  {
    reason: 'ForeignChange',
    when: 'a label was changed after it had been put back',
    async enter(world) {
      await slowShop(world);
      await start(world);
      await world.childPhase('Migrated');
      await world.command('RollingBack', world.ns());
      await atStep(world, 'RestoreWorkloads');
      await label(world, injection, 'disabled');
    },
    command: 'Last',
    then: 'RolledBack',
  },
  {
    reason: 'ForeignChange',
    when: 'somebody changes a template back again and again',
    passes: true,
    async enter(world) {
      await world.create(
        namespace(world.ns()),
        deployment(world.ns(), 'web', { behaviour: { [podBehaviour.readyAfterMs]: '8000' } }),
      );
      await world.podsReady(1);
      await start(world);
      await fightForTemplate(world);
    },
    command: 'First',
    then: 'Migrated',
  },
  {
    reason: 'HeldByFinding',
    when: 'a template leaves the new data plane',
    prepare: old,
    async enter(world) {
      await start(world);
      await atStep(world, 'RestartForHbone');
      await world.patch('Deployment', world.ns(), 'z', {
        spec: { template: { metadata: { labels: { 'istio.io/dataplane-mode': 'none' } } } },
      });
    },
    command: 'Last',
    then: 'RolledBack',
  },
  {
    reason: 'MMnnn',
    id: 'MM020',
    when: 'a policy needs HTTP and nobody knows the callers',
    ...blockedByPolicy,
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'MMnnn',
    id: 'MM007',
    when: 'the journal was taken away, and it is to start from the labels as they are',
    async enter(world) {
      await migratedShop(world);
      await loseJournal(world);
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'NotRestartable',
    when: 'a workload is not whole',
    async enter(world) {
      await slowShop(world);
      await start(world, { restart: { progressDeadline: '20s' } });
      await halfWay(world);
      const pod = (await world.pods()).find(({ metadata }) => metadata.name.startsWith('c-'));
      await world.patch('Pod', world.ns(), pod?.metadata.name ?? '', {
        metadata: { annotations: { [podBehaviour.neverReady]: 'always' } },
      });
    },
    command: 'Last',
    then: 'RolledBack',
  },
  {
    reason: 'Paused',
    when: 'by a command of its own',
    async enter(world) {
      await startHalfWay(world);
      await world.command('Paused', world.ns());
    },
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'Paused',
    when: 'by a command on the migration',
    async enter(world) {
      await startHalfWay(world);
      await world.command('Paused');
    },
    command: 'Last',
    then: 'Migrated',
  },
  ...(['Pause', 'Plan'] as const).map((action): Story => ({
    reason: 'Paused',
    when: `spec.action is ${action}`,
    async enter(world) {
      await startHalfWay(world);
      await world.edit({ action });
    },
    command: 'Last',
    then: 'Migrated',
  })),
  {
    reason: 'NoNearer',
    when: 'replicas are added as fast as pods get ready',
    async enter(world) {
      const home = world.ns();
      const behaviour = { [podBehaviour.readyAfterMs]: '8000' };
      const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
      await world.create(namespace(home), deployment(home, 'web', { replicas: 3, spec: { strategy }, behaviour }));
      await world.podsReady(3, home);
      await start(world, { restart: { progressDeadline: '30s' } });
      await atStep(world, 'RestartWorkloads');
      for (let replicas = 4; replicas < 30; replicas += 1) {
        await world.patch('Deployment', home, 'web', { spec: { replicas } });
        await world.pause(5000);
      }
    },
    mend: (world) => world.patch('Deployment', world.ns(), 'web', { spec: { replicas: 3 } }),
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'PodInTheWay',
    when: 'a bare pod is captured that would lose its mesh',
    async enter(world) {
      const home = world.ns();
      await world.create(
        namespace(home, { 'istio.io/dataplane-mode': 'ambient' }),
        deployment(home, 'web'),
        barePod(home, 'bare'),
      );
      await world.modesAre({ Ambient: 2 });
      await world.create(
        meshMigration(
          world.name,
          { names: [home] },
          { from: 'IstioAmbient', to: 'IstioSidecar', callers: await uncalled(world) },
        ),
      );
    },
    mend: (world) => world.delete(kinds.Pod, world.ns(), 'bare'),
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'PodsOutside',
    when: 'a pod that comes later brings a proxy of its own',
    podsOutside: true,
    async enter(world) {
      await world.create(namespace(world.ns()), deployment(world.ns(), 'web'));
      await world.podsReady(1);
      await start(world, { restart: { enrolmentDeadline: '3s' } });
      await world.childPhase('Migrated');
      await containers(world, { name: 'istio-proxy', image: 'auto' });
    },
    mend: (world) => containers(world),
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'PodsLeft',
    when: 'a bare pod has its sidecar',
    async enter(world) {
      await world.create(namespace(world.ns()), deployment(world.ns(), 'web'), barePod(world.ns(), 'bare'));
      await world.podsReady(2);
      await start(world);
    },
    mend: (world) => world.delete(kinds.Pod, world.ns(), 'bare'),
    command: 'Last',
    then: 'Migrated',
  },
  {
    reason: 'RollbackStuck',
    when: 'a bare pod is captured that would lose its mesh',
    async enter(world) {
      await migratedShop(world);
      await world.create(barePod(world.ns(), 'bare'));
      await world.modesAre({ Ambient: 4 });
      await world.command('RollingBack', world.ns());
    },
    mend: (world) => world.delete(kinds.Pod, world.ns(), 'bare'),
    command: none.byItself,
    then: 'RolledBack',
  },
  {
    reason: 'RolledBack',
    when: 'by a command of its own',
    async enter(world) {
      await migratedShop(world);
      await world.command('RollingBack', world.ns());
    },
    command: 'Last',
    then: 'Migrated',
  },
  ...(['Migrate', 'Pause'] as const).map((action): Story => ({
    reason: 'RolledBack',
    when: `by a command on the migration while spec.action is ${action}`,
    async enter(world) {
      await migratedShop(world);
      await world.edit({ action });
      await world.command('RollingBack');
    },
    command: 'Last',
    then: 'Migrated',
  })),
  {
    reason: 'ScopeLost',
    when: 'half-way',
    async enter(world) {
      await startHalfWay(world);
      await world.edit({ namespaces: { names: [world.ns('other')] } });
    },
    command: 'Last',
    then: 'Gone',
  },
  // Not to be reached with this version: the first is of another. What keeps a Service from being bound keeps the
  // copies from being made, and that is said first (both ask the same translation); and on the way a policy without an
  // exact copy is a critical finding before.
  ...['UnknownReason', 'CannotBeBound', 'CannotBeMade'].map((reason): Story => ({
    reason,
    when: 'it failed with another version of the operator (forged)',
    in: 'RolledBack',
    async enter(world) {
      await fails(world);
      await start(world, impatient);
      await world.childPhase('RolledBack');
      const [returned] = (await world.migration()).status?.returned ?? [];
      await world.forge({ returned: [{ ...returned, reason: reason === 'UnknownReason' ? 'Imagined' : reason }] });
      await world.patch('Namespace', undefined, world.ns(), { metadata: { annotations: { poke: 'true' } } });
    },
    mend: works,
    command: 'Last',
    then: 'Migrated',
  })),
  {
    reason: 'WorkloadUnavailable',
    when: 'a StatefulSet does not start without its sidecar',
    in: 'RolledBack',
    async enter(world) {
      await world.create(
        namespace(world.ns()),
        workload('StatefulSet', world.ns(), 'web', { behaviour: { [podBehaviour.neverReady]: 'without-sidecar' } }),
      );
      await world.podsReady(1);
      await start(world, impatient);
    },
    mend: (world) =>
      world.patch('StatefulSet', world.ns(), 'web', {
        spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: null } } } },
      }),
    command: 'Last',
    then: 'Migrated',
  },
];
