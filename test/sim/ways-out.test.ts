import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import type { NamespaceMigrationStatus } from '../../src/api/namespace-migration.ts';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { waysOut } from '../../src/engine/ways-out.ts';
import type { World } from '../scenarios/world.ts';
import { commandsIn, looksOnly, paste } from './paste.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimCluster } from './sim-cluster.ts';
import { stalledGates } from './stalled-gates.ts';
import { stalledMigrations } from './stalled-migrations.ts';
import { stalledNamespaces } from './stalled-namespaces.ts';
import type { Story } from './stalled-story.ts';
import { stalledWaypoints } from './stalled-waypoints.ts';

const patienceMs = 20 * 60_000;
const stories: readonly Story[] = [...stalledMigrations, ...stalledNamespaces, ...stalledWaypoints, ...stalledGates];

interface Told {
  readonly phase: string | undefined;
  /** Why it is Stalled; undefined if it is not. */
  readonly reason?: string;
  readonly message?: string;
}

/** What the status says now; undefined when the object is gone. */
async function told(world: World, { of }: Story): Promise<Told | undefined> {
  try {
    const { metadata, status } = await (of === 'Migration' ? world.migration() : world.child(world.ns(of)));
    const condition = status?.conditions?.find(({ type }) => type === 'Stalled');
    const current = of !== 'Migration' || condition?.observedGeneration === metadata.generation;
    return {
      phase: status?.writtenPhase,
      ...(condition?.status === 'True' && current && { reason: condition.reason, message: condition.message }),
    };
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** What was said of the namespace at any moment, by its reason. */
function listen(world: World): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  (world.cluster as SimCluster).server.watch(namespaceMigrations, ({ object }) => {
    const { conditions } = (object['status'] as Pick<NamespaceMigrationStatus, 'conditions'> | undefined) ?? {};
    const condition = stalledBy(conditions);
    if (condition !== undefined) said.set(condition.reason, condition.message);
  });
  return said;
}

async function stalled(world: World, story: Story, said: ReadonlyMap<string, string>): Promise<string> {
  const { reason, id = reason } = story;
  if (story.passes === true)
    return await world.eventually(`Stalled by ${id}`, () => Promise.resolve(said.get(id)), patienceMs);
  return await world.eventually(
    `Stalled by ${id}`,
    async () => {
      const now = await told(world, story);
      return now?.reason === id && (story.in === undefined || now.phase === story.in) ? now.message : undefined;
    },
    patienceMs,
  );
}

/** The command to be given; it and nothing else is the end of the message. */
function commandOf({ command }: Story, message: string): string | undefined {
  const commands = commandsIn(message);
  if (typeof command === 'object') {
    assert.deepEqual(commands, [], message);
    return undefined;
  }
  const line = commands.at(command === 'Last' ? -1 : 0);
  assert.ok(line !== undefined && message.endsWith(commands.at(-1) ?? ''), `no command at the end: ${message}`);
  return line;
}

/** Repairs what is to be repaired, after a look and before a command, and sees that the state is left. */
async function leave(world: World, story: Story, said: ReadonlyMap<string, string>): Promise<void> {
  const { reason, id = reason, mend, then } = story;
  const line = commandOf(story, await stalled(world, story, said));
  if (line !== undefined && looksOnly(line)) await paste(world, line);
  await mend?.(world);
  if (line !== undefined && !looksOnly(line)) await paste(world, line);
  await world.eventually(
    `${then} instead of ${id}`,
    async () => {
      const now = await told(world, story);
      if (now === undefined) return then === 'Gone' ? true : undefined;
      return now.phase === then && now.reason !== id ? true : undefined;
    },
    patienceMs,
  );
}

function titleOf({ reason, id = reason, of, when, command, in: phase }: Story): string {
  return `${id}: ${of === 'Migration' ? 'migration' : 'namespace'}, ${when}${phase === undefined ? '' : `, ${phase}`}${command === 'First' ? ', by the first command' : ''}`;
}

describe('a status that says that a person is needed', () => {
  it('has a story here for every reason that there is', () => {
    expect([...new Set(stories.map(({ reason }) => reason))].sort()).toEqual(Object.keys(waysOut).sort());
  });

  it.each(stories.map((story) => [titleOf(story), story] as const))(
    'gives the way out of %s',
    async (_title, story) => {
      await runOnSimulation(
        {
          name: 'out',
          ...(story.prepare && { prepare: story.prepare }),
          ...(story.podsOutside && { podsOutside: true }),
          async run(world) {
            const said = listen(world);
            await story.enter(world);
            await leave(world, story, said);
          },
        },
        story.run,
      );
    },
  );
});
