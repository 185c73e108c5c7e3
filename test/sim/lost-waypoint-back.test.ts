import { describe, expect, it } from '@jest/globals';
import { kinds } from '../scenarios/manifests.ts';
import { breakWaypoint, mendWaypoint, waypoint } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { allHaveSidecars, backUntil, isBack, noWayBack, rested, stands, start } from './behind-a-waypoint.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Out of sidecars pods go back behind the waypoint of before. While they have their sidecars nobody goes through it, so it may be gone by then, or go on the way:
 * no pod loses what protects it for something that is not there, whatever was seen of it before.
 */

const gone = (world: World): Promise<void> => world.delete(kinds.Gateway, world.ns(), 'waypoint');

interface Loss {
  readonly loses: (world: World) => Promise<void>;
  readonly says: string;
  readonly modes: Readonly<Record<string, number>>;
  readonly mends: (world: World) => Promise<void>;
}

const isGone = {
  says: 'waypoint is not there. Create it again',
  modes: { Sidecar: 3 },
  mends: (world: World) => world.create(waypoint(world.ns())),
};

/** When it is gone, or as good as that. */
const losses: Readonly<Record<string, Loss>> = {
  'on the way there, which takes the namespace back': {
    ...isGone,
    loses: async (world) => {
      await start(world);
      await allHaveSidecars(world);
      await gone(world);
    },
  },
  'on the way there, of a whole namespace': {
    ...isGone,
    loses: async (world) => {
      await start(world, { wholeNamespace: true });
      await allHaveSidecars(world);
      await gone(world);
    },
  },
  'on the way there, to another class': {
    ...isGone,
    loses: async (world) => {
      await start(world);
      await allHaveSidecars(world);
      await world.patch('Gateway', world.ns(), 'waypoint', { spec: { gatewayClassName: 'other' } });
    },
    says: 'is no waypoint of class istio-waypoint',
    mends: (world) => world.patch('Gateway', world.ns(), 'waypoint', { spec: { gatewayClassName: 'istio-waypoint' } }),
  },
  'right before the labels': {
    ...isGone,
    loses: async (world) => {
      await backUntil(world, 'RestoreLabels');
      await world.pause(3000);
      await gone(world);
    },
  },
  'while the first workload is brought back': {
    ...isGone,
    loses: async (world) => {
      await backUntil(world, 'RestoreWorkloads');
      await world.eventually('web', async () => ((await world.pods()).length > 4 ? true : undefined));
      await gone(world);
    },
    modes: { Sidecar: 2, Ambient: 1 },
  },
  'right before what was made goes': {
    ...isGone,
    loses: async (world) => {
      await backUntil(world, 'RestoreWorkloads');
      await world.modesAre({ Ambient: 3 });
      await gone(world);
    },
    modes: { Ambient: 3 },
  },
};

async function run(story: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name: 'lost-waypoint', disturbs: true, run: story });
}

describe('a rollback behind a waypoint that is gone', () => {
  it.each(Object.entries(losses))('stands where it is: %s', async (_when, { loses, says, modes, mends }) => {
    await run(async (world) => {
      await loses(world);
      await stands(world, says, modes);
      await mends(world);
      await isBack(world);
    });
  });

  it('is not begun from rest, and can be taken back', async () => {
    await run(async (world) => {
      await rested(world);
      await gone(world);
      await world.pause(10_000);
      await world.command('RollingBack', world.ns());
      await stands(world, isGone.says, { Sidecar: 3 });
      const { metadata } = await world.client.get(kinds.Service, world.ns(), 'api', world.signal);
      expect(metadata.labels?.['istio.io/use-waypoint']).toBe('none');
      await world.command('Migrating', world.ns());
      await world.childPhase('Migrated');
      await world.modesAre({ Sidecar: 3 });
    });
  });
});

async function scaled(world: World, replicas: number): Promise<void> {
  await world.patch('Deployment', world.ns(), 'waypoint', { spec: { replicas } });
  await world.pause(10_000);
}

interface Idle {
  readonly make: (world: World) => Promise<void>;
  readonly says: string;
  readonly undo: (world: World) => Promise<void>;
}

const withoutPods: Readonly<Record<string, Idle>> = {
  'that do not become Ready': {
    make: (world) => breakWaypoint(world, world.ns()),
    says: '0 of 1 pods available. Repair its pods: kubectl describe pods',
    undo: (world) => mendWaypoint(world, world.ns()),
  },
  'that somebody has scaled away': {
    make: (world) => scaled(world, 0),
    says: '0 of 1 pods available. Have it run: kubectl scale deployment waypoint',
    undo: (world) => scaled(world, 1),
  },
};

describe('a rollback behind a waypoint without pods', () => {
  it.each(Object.entries(withoutPods))('is told at rest and waits: %s', async (_what, { make, says, undo }) => {
    await run(async (world) => {
      await rested(world);
      expect(await noWayBack(world)).toBeUndefined();
      await make(world);
      await world.pause(10_000);
      expect(await noWayBack(world)).toMatch(/^MM124 Gateway lost-waypoint\/waypoint: a rollback would wait: /);
      await world.command('RollingBack', world.ns());
      await stands(world, says, { Sidecar: 3 });
      await undo(world);
      await isBack(world);
    });
  });

  it('stands where it is when they go on the way', async () => {
    await run(async (world) => {
      await backUntil(world, 'RestoreLabels');
      await world.pause(3000);
      await breakWaypoint(world, world.ns());
      await stands(world, '0 of 1 pods available', { Sidecar: 3 });
      await mendWaypoint(world, world.ns());
      await isBack(world);
    });
  });

  it('leads back to none where there was none before the start', async () => {
    await run(async (world) => {
      await start(world, { before: (there) => scaled(there, 0) });
      await world.childPhase('Migrated');
      await world.pause(20_000);
      expect(await noWayBack(world)).toBeUndefined();
      await world.command('RollingBack', world.ns());
      await isBack(world);
    });
  });
});
