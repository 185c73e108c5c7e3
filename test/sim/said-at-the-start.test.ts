import { describe, expect, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import { journalAnnotation } from '../../src/api/resources.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { noWayBack } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * What would have held the way back at the start already holds no rollback. That is so of what was said then, not of all that may be said of the same object
 * later: something mild hides nothing bad, and an old policy no new workload.
 */

type Way = Pick<MeshMigrationSpec, 'from' | 'to'>;

const leaving = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const entering = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;
const arriving = { from: 'None', to: 'IstioSidecar' } as const;
const labelsOf = {
  IstioAmbient: { 'istio.io/dataplane-mode': 'ambient' },
  IstioSidecar: { 'istio-injection': 'enabled' },
  None: {},
} as const;

interface Story {
  readonly way: Way;
  /** What the rule is asked about at the start. */
  readonly objects: (home: string) => readonly KubeObject[];
  readonly pods?: number;
  /** Something that makes it worse. */
  readonly worse: (world: World, home: string) => Promise<void>;
  readonly id: string;
}

function permissive(home: string): KubeObject {
  return object('PeerAuthentication', home, 'default', { mtls: { mode: 'PERMISSIVE' } });
}

function deny(home: string, name: string, from: string): KubeObject {
  const rules = [{ from: [{ source: { namespaces: [from] } }] }];
  return object('AuthorizationPolicy', home, name, {
    selector: { matchLabels: { app: 'api' } },
    action: 'DENY',
    rules,
  });
}

/** A filter in front of everything of one tier. */
function filter(home: string): KubeObject {
  return object('EnvoyFilter', home, 'asks', {
    workloadSelector: { labels: { tier: 'web' } },
    configPatches: [{ applyTo: 'HTTP_FILTER', match: { context: 'SIDECAR_INBOUND' }, patch: { operation: 'MERGE' } }],
  });
}

async function ztunnels(world: World, behaviour: string, which: (name: string, place: number) => boolean) {
  const pods = (await world.pods('istio-system')).filter(({ metadata }) => metadata.name.startsWith('ztunnel'));
  for (const [place, { metadata }] of pods.entries()) {
    if (!which(metadata.name, place)) continue;
    await world.patch('Pod', 'istio-system', metadata.name, {
      metadata: { annotations: { [podBehaviour.neverReady]: behaviour } },
    });
  }
}

const gatewayOf = { behaviour: { 'inject.istio.io/templates': 'gateway' } };

const stories: Readonly<Record<string, Story>> = {
  'volumes of its sidecar, and then a customized one': {
    way: leaving,
    id: 'MM130',
    objects: (home) => [deployment(home, 'api', { behaviour: { 'sidecar.istio.io/userVolume': '[]' } })],
    worse: async (world, home) => {
      const containers = [
        { name: 'app', image: 'app:1' },
        { name: 'istio-proxy', image: 'auto', resources: { limits: { cpu: '1' } } },
      ];
      await world.patch('Deployment', home, 'api', { spec: { template: { spec: { containers } } } });
    },
  },
  'ports left alone, and then a DENY': {
    way: entering,
    id: 'MM089',
    objects: (home) => [
      permissive(home),
      service(home, 'api'),
      deployment(home, 'api', { behaviour: { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' } }),
    ],
    worse: async (world, home) => {
      await world.create(deny(home, 'since', 'evil'));
    },
  },
  'a bypass under one DENY, and then another': {
    way: leaving,
    id: 'MM144',
    objects: (home) => [
      deny(home, 'before', 'old'),
      deployment(home, 'api', { behaviour: { 'ambient.istio.io/bypass-inbound-capture': 'true' } }),
    ],
    worse: async (world, home) => {
      await world.create(deny(home, 'since', 'evil'));
    },
  },
  'a gateway that sleeps, and then serves': {
    way: arriving,
    id: 'MM052',
    objects: (home) => [deployment(home, 'api'), deployment(home, 'gw', { ...gatewayOf, replicas: 0 })],
    worse: async (world, home) => {
      await world.patch('Deployment', home, 'gw', { spec: { replicas: 1 } });
      await world.podsReady(2, home);
    },
  },
  'a bypass under two ALLOWs, and then without the one that let all in': {
    way: leaving,
    id: 'MM144',
    objects: (home) => [
      object('AuthorizationPolicy', home, 'all', { action: 'ALLOW', rules: [{}] }),
      object('AuthorizationPolicy', home, 'some', {
        action: 'ALLOW',
        rules: [{ from: [{ source: { namespaces: ['web'] } }] }],
      }),
      deployment(home, 'api', { behaviour: { 'ambient.istio.io/bypass-inbound-capture': 'true' } }),
    ],
    worse: (world, home) => world.delete(kinds.AuthorizationPolicy, home, 'all'),
  },
  'a filter for one workload, and then another is labelled for it': {
    way: leaving,
    id: 'MM040',
    objects: (home) => [
      filter(home),
      deployment(home, 'api', { podLabels: { tier: 'web' } }),
      deployment(home, 'admin'),
    ],
    pods: 2,
    worse: (world, home) =>
      world.patch('Deployment', home, 'admin', { spec: { template: { metadata: { labels: { tier: 'web' } } } } }),
  },
  'a filter for one workload, and then for pods that nobody restarts': {
    way: leaving,
    id: 'MM040',
    objects: (home) => [filter(home), deployment(home, 'api', { podLabels: { tier: 'web' } })],
    worse: async (world, home) => {
      const pod = podOfRollout(home, 'roll-1', {});
      await world.create({ ...pod, metadata: { ...pod.metadata, labels: { app: 'roll', tier: 'web' } } });
      await world.podsReady(2, home);
    },
  },
  'a filter for one workload, and then for another': {
    way: leaving,
    id: 'MM040',
    objects: (home) => [filter(home), deployment(home, 'api', { podLabels: { tier: 'web' } })],
    worse: async (world, home) => {
      await world.create(deployment(home, 'admin', { podLabels: { tier: 'web' } }));
      await world.podsReady(2, home);
    },
  },
};

/** What nobody needs to have said at the start: how the mesh is doing. */
const healths: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'one node without ztunnel': (world) => ztunnels(world, 'always', (_, place) => place === 0),
  'a rollout of ztunnel': (world) =>
    world.patch('DaemonSet', 'istio-system', 'ztunnel', {
      spec: { template: { metadata: { annotations: { 'example.com/chart': 'next' } } } },
    }),
};

interface Renewal {
  readonly way: Way;
  readonly objects: (home: string) => readonly KubeObject[];
  /** The same again, under another name. */
  readonly renew: (world: World, home: string) => Promise<void>;
  /** What nobody but its owner can restart has to be made anew once more. */
  readonly again?: (world: World, home: string) => Promise<void>;
  /** What decides about it since. */
  readonly worse?: (home: string) => KubeObject;
  readonly id: string;
}

const containers = [{ name: 'app', image: 'app:1' }];

/** A pod of a kind that the operator does not restart. */
function podOfRollout(home: string, name: string, annotations: Readonly<Record<string, string>>): KubeObject {
  const owner = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name: 'roll',
    uid: 'roll-uid',
    controller: true,
  };
  return {
    kind: 'Pod',
    metadata: { name, namespace: home, labels: { app: 'roll' }, annotations, ownerReferences: [owner] },
    spec: { containers, terminationGracePeriodSeconds: 1 },
  };
}

function rollout(annotations: Readonly<Record<string, string>>): Pick<Renewal, 'renew' | 'again'> {
  async function replace(world: World, home: string, from: number): Promise<void> {
    await world.create(podOfRollout(home, `roll-${from + 1}`, annotations));
    await world.pause(5000);
    await world.delete(kinds.Pod, home, `roll-${from}`);
  }
  return {
    renew: (world, home) => replace(world, home, 1),
    again: (world, home) => replace(world, home, 2),
  };
}

const excluded = { 'traffic.sidecar.istio.io/excludeInboundPorts': '9090' };
const bypass = { 'ambient.istio.io/bypass-inbound-capture': 'true' };
const optedOut = {
  metadata: { labels: { app: 'old', 'istio.io/dataplane-mode': 'none' } },
  spec: { containers, restartPolicy: 'Never' },
};
const byExcluded = {
  way: entering,
  id: 'MM089',
  objects: (home: string) => [permissive(home), podOfRollout(home, 'roll-1', excluded)],
  ...rollout(excluded),
};

/** Which the way there lets by, and no ztunnel enforces. */
function audit(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'audit', {
    selector: { matchLabels: { app: 'roll' } },
    action: 'AUDIT',
    rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
  });
}

const renewals: Readonly<Record<string, Renewal>> = {
  'pods of a Rollout, under a policy of before that selects nobody else': {
    way: leaving,
    id: 'MM020',
    objects: (home) => [audit(home), podOfRollout(home, 'roll-1', {})],
    ...rollout({}),
  },
  'an attached policy that decides about no pods': {
    ...byExcluded,
    renew: async (world, home) => {
      await rollout(excluded).renew(world, home);
      await world.create(
        object('AuthorizationPolicy', home, 'attached', {
          targetRefs: [{ kind: 'Gateway', group: 'gateway.networking.k8s.io', name: 'elsewhere' }],
          action: 'DENY',
          rules: [{}],
        }),
      );
    },
  },
  'pods of a Rollout with excluded ports': byExcluded,
  'the same with a DENY since': {
    ...byExcluded,
    worse: (home) =>
      object('AuthorizationPolicy', home, 'since', {
        action: 'DENY',
        rules: [{ from: [{ source: { namespaces: ['evil'] } }] }],
      }),
  },
  'pods of a Rollout with a bypass': {
    way: leaving,
    id: 'MM144',
    objects: (home) => [
      object('AuthorizationPolicy', home, 'x', {
        action: 'DENY',
        rules: [{ from: [{ source: { namespaces: ['old'] } }] }],
      }),
      podOfRollout(home, 'roll-1', bypass),
    ],
    ...rollout(bypass),
  },
  'pods of a Rollout under a DENY since, beside a CronJob with volumes of its sidecar': {
    way: leaving,
    id: 'MM020',
    objects: (home) => [
      podOfRollout(home, 'roll-1', {}),
      object('CronJob', home, 'old', {
        schedule: '0 0 29 2 *',
        jobTemplate: {
          spec: {
            template: {
              metadata: { labels: { app: 'old' }, annotations: { 'sidecar.istio.io/userVolume': '[]' } },
              spec: { containers, restartPolicy: 'Never' },
            },
          },
        },
      }),
    ],
    ...rollout({}),
    worse: (home) =>
      object('AuthorizationPolicy', home, 'since', {
        selector: { matchLabels: { app: 'roll' } },
        action: 'DENY',
        rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
      }),
  },
  'a run of a CronJob that opted out': {
    way: { from: 'IstioSidecar', to: 'None' },
    id: 'MM131',
    objects: (home) => [
      object('CronJob', home, 'old', { schedule: '0 0 29 2 *', jobTemplate: { spec: { template: optedOut } } }),
    ],
    async renew(world, home) {
      const [made] = (await world.client.list(kinds.CronJob, { namespace: home, signal: world.signal })).items;
      const owner = {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        name: 'old',
        uid: made?.metadata.uid ?? '',
        controller: true,
      };
      await world.create({
        kind: 'Job',
        metadata: { name: 'old-1', namespace: home, ownerReferences: [owner] },
        spec: { template: optedOut },
      });
    },
  },
};

/** As an operator of before has left it. */
async function forget(world: World, home: string): Promise<void> {
  const { metadata } = await world.client.get(kinds.Namespace, undefined, home, world.signal);
  const { heldBefore: _held, ...journal } = JSON.parse(metadata.annotations?.[journalAnnotation] ?? '{}') as Record<
    string,
    unknown
  >;
  await world.patch('Namespace', undefined, home, {
    metadata: { annotations: { [journalAnnotation]: JSON.stringify(journal) } },
  });
  await world.pause(3000);
}

async function migrated(
  world: World,
  way: Way,
  objects: readonly KubeObject[],
  pods: number,
  before: (world: World) => Promise<void>,
): Promise<string> {
  const home = world.ns();
  await world.create(namespace(home, labelsOf[way.from]), ...objects);
  await world.podsReady(pods, home);
  await world.pause(3000); // The API server says when something was made in whole seconds.
  await before(world);
  const callers = [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
  await world.create(meshMigration(world.name, { names: [home] }, { ...way, callers }));
  await world.childPhase('Migrated', home);
  await world.pause(3000);
  return home;
}

async function isHeld(world: World, id: string): Promise<void> {
  const modes = await world.modes();
  await world.edit({ action: 'Rollback' });
  await world.pause(60_000);
  const { status } = await world.child();
  expect([status?.phase, status?.message]).toEqual(['RollingBack', expect.stringContaining(id)]);
  expect(await world.modes()).toEqual(modes);
}

async function nothing(): Promise<void> {
  await Promise.resolve();
}

describe('what would have held the way back at the start', () => {
  it.each(Object.entries(stories))('holds it when it has become worse: %s', async (_, story) => {
    await runOnSimulation({
      name: 'worse',
      disturbs: true,
      podsOutside: true,
      async run(world) {
        const home = world.ns();
        await migrated(world, story.way, story.objects(home), story.pods ?? 1, nothing);
        expect(await noWayBack(world)).toBeUndefined();
        await story.worse(world, home);
        await world.eventually('it is told at rest', async () =>
          (await noWayBack(world))?.includes(story.id) === true ? true : undefined,
        );
        await isHeld(world, story.id);
      },
    });
  });

  it.each(Object.entries(stories))('holds nothing when it is as it was: %s', async (_, story) => {
    await runOnSimulation({
      name: 'same',
      disturbs: true,
      podsOutside: true,
      async run(world) {
        await migrated(world, story.way, story.objects(world.ns()), story.pods ?? 1, nothing);
        await world.edit({ action: 'Rollback' });
        await world.phase('RolledBack');
      },
    });
  });

  it.each(Object.entries(healths))('is not how the mesh was doing: %s, and then none', async (_, before) => {
    await runOnSimulation({
      name: 'health',
      disturbs: true,
      async run(world) {
        const home = world.ns();
        const strict = object('PeerAuthentication', home, 'default', { mtls: { mode: 'STRICT' } });
        await migrated(world, leaving, [strict, deployment(home, 'api', { replicas: 2 })], 2, before);
        await world.pause(60_000);
        await ztunnels(world, 'always', () => true);
        await world.pause(5000);
        await isHeld(world, 'MM013');
      },
    });
  });

  it.each(Object.entries(renewals))('is known again by what it says where names change: %s', async (_, renewal) => {
    await runOnSimulation({
      name: 'renewed',
      disturbs: true,
      podsOutside: true,
      async run(world) {
        const home = world.ns();
        await world.create(
          namespace(home, labelsOf[renewal.way.from]),
          deployment(home, 'web'),
          ...renewal.objects(home),
        );
        await world.pause(10_000);
        const callers = [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
        await world.create(meshMigration(world.name, { names: [home] }, { ...renewal.way, callers }));
        await world.pause(60_000);
        await renewal.renew(world, home);
        await world.pause(10_000);
        if (renewal.worse !== undefined) {
          await world.create(renewal.worse(home));
          await isHeld(world, renewal.id);
          return;
        }
        await world.edit({ action: 'Rollback' });
        await world.pause(30_000);
        await renewal.again?.(world, home);
        await world.phase('RolledBack');
      },
    });
  });

  it.each(['what stood there before', 'what has come since'] as const)(
    'is told by the age where an older operator has remembered nothing: %s',
    async (what) => {
      await runOnSimulation({
        name: 'old',
        disturbs: true,
        async run(world) {
          const home = world.ns();
          const annotations = { 'traffic.sidecar.istio.io/excludeInboundPorts': '8080' };
          await migrated(
            world,
            entering,
            [permissive(home), deployment(home, 'api', { behaviour: annotations })],
            1,
            nothing,
          );
          await forget(world, home);
          if (what === 'what has come since') {
            await world.create(deny(home, 'since', 'evil'));
            await isHeld(world, 'MM089');
            return;
          }
          await world.edit({ action: 'Rollback' });
          await world.phase('RolledBack');
        },
      });
    },
  );
});
