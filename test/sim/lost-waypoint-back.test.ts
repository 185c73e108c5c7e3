import { describe, expect, it } from '@jest/globals';
import { kinds } from '../scenarios/manifests.ts';
import { ambientShop, back, madeByRole, waypointAllowsGet, waypointDeniesDelete } from '../scenarios/http-back.ts';
import { breakWaypoint, mendWaypoint, waypoint } from '../scenarios/waypoint-world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Out of sidecars pods go back behind the waypoint of before. While they have their sidecars nobody goes through it, so it may be gone by then, or go on the way:
 * no pod loses what protects it for something that is not there, whatever was seen of it before.
 */

const settle = { policies: { settle: '15s' } } as const;
const made = { SidecarCopy: 2, SidecarAllow: 1, SidecarGuard: 1 };

async function start(
  world: World,
  options: Parameters<typeof ambientShop>[2] = {},
  before?: (world: World) => Promise<void>,
): Promise<void> {
  const home = world.ns();
  await ambientShop(world, [waypointAllowsGet(home), waypointDeniesDelete(home)], options);
  const slow = { spec: { template: { metadata: { annotations: { [podBehaviour.readyAfterMs]: '4000' } } } } };
  for (const name of ['api', 'web']) await world.patch('Deployment', home, name, slow);
  await world.pause(15_000);
  await before?.(world);
  await world.create(await back(world, settle));
}

async function rested(world: World): Promise<void> {
  await start(world);
  await world.childPhase('Migrated');
  await world.pause(20_000);
}

async function step(world: World, name: string): Promise<void> {
  await world.eventually(name, async () => ((await world.child()).status?.step === name ? true : undefined));
}

/** It stands, with nothing taken away, for as long as that is so. */
async function stands(world: World, says: string, modes: Readonly<Record<string, number>>): Promise<void> {
  await world.pause(120_000);
  const { status } = await world.child();
  const stalled = status?.conditions?.find(({ type }) => type === 'Stalled');
  expect([status?.phase, stalled?.reason, status?.message]).toEqual([
    'RollingBack',
    'RollbackStuck',
    expect.stringContaining(says),
  ]);
  await world.modesAre(modes);
  expect(await madeByRole(world)).toEqual(made);
}

async function isBack(world: World): Promise<void> {
  await world.childPhase('RolledBack');
  await world.modesAre({ Ambient: 3 });
  expect(await madeByRole(world)).toEqual({});
}

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

async function allHaveSidecars(world: World): Promise<void> {
  await world.eventually('all', async () => ((await world.modes()).Sidecar === 3 ? true : undefined));
}

async function backUntil(world: World, name: string): Promise<void> {
  await rested(world);
  await world.command('RollingBack', world.ns());
  await step(world, name);
}

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

async function noWayBack(world: World): Promise<string | undefined> {
  const { status } = await world.child();
  return status?.conditions?.find((each) => each.type === 'NoWayBack' && each.status === 'True')?.message;
}

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
      await start(world, {}, (there) => scaled(there, 0));
      await world.childPhase('Migrated');
      await world.pause(20_000);
      expect(await noWayBack(world)).toBeUndefined();
      await world.command('RollingBack', world.ns());
      await isBack(world);
    });
  });
});
