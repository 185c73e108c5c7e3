import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { journalAnnotation } from '../../src/api/resources.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { smallShop } from '../scenarios/migrate.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import type { SimRun } from './run-scenario.ts';

/** How one gets into a state in which a person is needed, and out of it by what the status says. */
export interface Story {
  /** A row of the table of ways out. */
  readonly reason: string;
  /** The reason of the condition, where the row stands for many. */
  readonly id?: string;
  readonly when: string;
  /** Whose status it is: of the migration, or of a namespace (default: of the only one). */
  readonly of?: 'Migration' | 'a' | 'bad' | 'good';
  /** Before ambient is enabled. */
  readonly prepare?: (world: World) => Promise<void>;
  /** In which phase it is to be Stalled, where it comes through others with the same reason. Default: any. */
  readonly in?: string;
  readonly enter: (world: World) => Promise<void>;
  /** It is said until the next event only, which may come at once: that it was said is enough. */
  readonly passes?: true;
  /** What the message asks for beside the command. */
  readonly mend?: (world: World) => Promise<void>;
  /** Which command of the message is given, or why it has none. */
  readonly command: 'Last' | 'First' | { readonly none: string };
  /** What follows; `Gone` where the record is deleted. */
  readonly then: string;
  readonly podsOutside?: true;
  readonly run?: SimRun;
}

export const none = { byItself: { none: 'it goes on by itself when what the message names is repaired' } } as const;

type Overrides = Parameters<typeof meshMigration>[2];

/** Starts the migration of the only namespace, or of those with these suffixes. */
export async function start(
  world: World,
  overrides: Overrides = {},
  suffixes: readonly string[] = [''],
): Promise<void> {
  await world.create(meshMigration(world.name, { names: suffixes.map((suffix) => world.ns(suffix)) }, overrides));
}

/** A Deployment that works with its sidecar only, so that its migration fails. */
export async function fails(world: World, home = world.ns()): Promise<void> {
  await world.create(
    namespace(home),
    deployment(home, 'web', { behaviour: { [podBehaviour.neverReady]: 'without-sidecar' } }),
  );
  await world.podsReady(1, home);
}

/** It does without, from now on. */
export async function works(world: World, home = world.ns()): Promise<void> {
  await world.patch('Deployment', home, 'web', {
    spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: null } } } },
  });
}

/** Needs HTTP. */
export function denyMethod(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-delete', {
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
  });
}

/** Somebody takes the journal away while no operator looks on. */
export async function loseJournal(world: World): Promise<void> {
  await world.operator.kill();
  await world.patch('Namespace', undefined, world.ns(), { metadata: { annotations: { [journalAnnotation]: null } } });
  await world.operator.start();
  await world.childPhase('Blocked');
}

/** So that a failure does not take long. */
export const impatient = { restart: { progressDeadline: '5s' } } satisfies {
  readonly restart: Partial<MeshMigrationSpec['restart']>;
};

/** Both ends of a failure: it goes back by itself, or stays where it is until a person decides. */
export const endings = [
  { in: 'RolledBack', overrides: impatient },
  { in: 'Failed', overrides: { ...impatient, rollback: { automatic: false } } },
] as const;

/** A namespace whose new policy needs HTTP, while nobody knows the callers. */
export const blockedByPolicy = {
  async enter(world) {
    await smallShop(world);
    await world.create(denyMethod(world.ns()));
    await start(world);
  },
  mend: (world) => world.delete(kinds.AuthorizationPolicy, world.ns(), 'no-delete'),
} satisfies Pick<Story, 'enter' | 'mend'>;
