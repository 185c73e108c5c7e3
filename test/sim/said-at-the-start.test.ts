import { describe, expect, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { noWayBack } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
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
});
