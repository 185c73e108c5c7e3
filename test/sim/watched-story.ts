import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

export const minuteMs = 60_000;
/** Pods that take their time, so that something can happen beside their restart. */
export const slow = { [podBehaviour.readyAfterMs]: '30000' };

type Objects = (home: string) => readonly KubeObject[];
type Restart = Partial<MeshMigrationSpec['restart']>;

/** `api`, which is restarted at once, and `web`, which takes its time. */
export const two: Objects = (home) => [
  deployment(home, 'api', { replicas: 2 }),
  deployment(home, 'web', { replicas: 2, behaviour: slow }),
];

/** Migrates a namespace with these objects, of which there are so many pods. */
export async function watched(
  objects: Objects,
  pods: number,
  spec: { readonly restart: Restart } & Partial<Omit<MeshMigrationSpec, 'restart'>>,
  story: (world: World, home: string) => Promise<void>,
): Promise<void> {
  await runOnSimulation({
    name: 'watched',
    disturbs: true,
    podsOutside: true,
    run: async (world) => {
      const home = world.ns();
      await world.create(namespace(home), ...objects(home));
      await world.podsReady(pods);
      await world.create(meshMigration(world.name, { names: [home] }, spec));
      await story(world, home);
    },
  });
}

/** As of a container that fails, or recovers. */
export async function die(world: World, home: string, app: string, isDead = true): Promise<void> {
  const annotations = { [podBehaviour.neverReady]: isDead ? 'always' : null };
  for (const { metadata } of await world.pods(home))
    if (metadata.labels?.['app'] === app) await world.patch('Pod', home, metadata.name, { metadata: { annotations } });
}

/** A release of its owner whose pods are never Ready. */
export function badRelease(behaviour: Readonly<Record<string, string>> = {}): Readonly<Record<string, unknown>> {
  return { spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: 'always', ...behaviour } } } } };
}

export async function message(world: World, home = world.ns()): Promise<string> {
  return (await world.child(home)).status?.message ?? '';
}

export async function says(world: World, words: RegExp, within = 20 * minuteMs): Promise<void> {
  await world.eventually(
    `message ${words.source}`,
    async () => (words.test(await message(world)) ? true : undefined),
    within,
  );
}

/** Why a person is needed; undefined if none is. */
export async function stalled(world: World, home = world.ns()): Promise<string | undefined> {
  const { status } = await world.child(home);
  return status?.conditions?.find((each) => each.type === 'Stalled' && each.status === 'True')?.reason;
}
