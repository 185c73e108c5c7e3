import { expect } from '@jest/globals';
import { ambientShop, back, madeByRole, waypointAllowsGet, waypointDeniesDelete } from '../scenarios/http-back.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';

/*
 * A shop that leaves ambient from behind its waypoint, slowly enough to be disturbed, and what is seen of it when it goes back.
 */

const settle = { policies: { settle: '15s' } } as const;
const made = { SidecarCopy: 2, SidecarAllow: 1, SidecarGuard: 1 };

export interface Start {
  /** The namespace has the label, and no Service. */
  readonly wholeNamespace?: boolean;
  /** Instead of an ALLOW of GET and a DENY of DELETE, both of the Service api. */
  readonly policies?: (home: string) => readonly KubeObject[];
  /** Done before the migration is created. */
  readonly before?: (world: World) => Promise<void>;
}

/** Creates the shop, and the migration that takes it to sidecars. */
export async function start(world: World, { wholeNamespace = false, policies, before }: Start = {}): Promise<void> {
  const home = world.ns();
  const all = policies?.(home) ?? [waypointAllowsGet(home), waypointDeniesDelete(home)];
  await ambientShop(world, all, { wholeNamespace });
  const slow = { spec: { template: { metadata: { annotations: { [podBehaviour.readyAfterMs]: '4000' } } } } };
  for (const name of ['api', 'web']) await world.patch('Deployment', home, name, slow);
  await world.pause(15_000);
  await before?.(world);
  await world.create(await back(world, settle));
}

/** The same at rest. */
export async function rested(world: World, options: Start = {}): Promise<void> {
  await start(world, options);
  await world.childPhase('Migrated');
  await world.pause(20_000);
}

/** Until the namespace is at a step. */
export async function step(world: World, name: string): Promise<void> {
  await world.eventually(name, async () => ((await world.child()).status?.step === name ? true : undefined));
}

/** It stands, with nothing taken away, for as long as that is so. */
export async function stands(
  world: World,
  says: string,
  modes: Readonly<Record<string, number>>,
  because = 'RollbackStuck',
): Promise<void> {
  await world.pause(120_000);
  const { status } = await world.child();
  const stalled = status?.conditions?.find(({ type }) => type === 'Stalled');
  expect([status?.phase, stalled?.reason, status?.message]).toEqual([
    'RollingBack',
    because,
    expect.stringContaining(says),
  ]);
  await world.modesAre(modes);
  expect(await madeByRole(world)).toEqual(made);
}

/** All is as it was. */
export async function isBack(world: World): Promise<void> {
  await world.childPhase('RolledBack');
  await world.modesAre({ Ambient: 3 });
  expect(await madeByRole(world)).toEqual({});
}

/** On the way there, right before the end. */
export async function allHaveSidecars(world: World): Promise<void> {
  await world.eventually('all', async () => ((await world.modes()).Sidecar === 3 ? true : undefined));
}

/** A rollback from rest, until it is at a step. */
export async function backUntil(world: World, name: string, options: Start = {}): Promise<void> {
  await rested(world, options);
  await world.command('RollingBack', world.ns());
  await step(world, name);
}

/** What is told at rest of what a rollback would wait for. */
export async function noWayBack(world: World): Promise<string | undefined> {
  const { status } = await world.child();
  return status?.conditions?.find((each) => each.type === 'NoWayBack' && each.status === 'True')?.message;
}
