import assert from 'node:assert/strict';
import { journalAnnotation } from '../../src/api/resources.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { allowGet, denyDelete, nothingLeft, shop, stalled } from './http.ts';
import { deployment, kinds, meshMigration, namespace } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';
import type { Snapshot, World } from './world.ts';
import { watchWrites, type WriteWatch } from './write-watch.ts';

/** How often somebody looks whether he has to change something back. */
const lookEveryMs = 250;
/** How long somebody fights. */
export const fightMs = 10 * 60_000;

/** How often at most what is fought for is written in that time. */
export const perFight = 40;

/** Somebody who undoes what is written, for as long as he is there. */
export interface Fighter {
  /** How often he has. */
  readonly times: number;
  leave(): Promise<void>;
}

/** Calls `undo` again and again; it returns whether there was something to undo. */
export function fighter(world: World, undo: () => Promise<boolean>, everyMs = lookEveryMs): Fighter {
  let times = 0;
  const leaving = new AbortController();
  const fighting = (async () => {
    while (!leaving.signal.aborted) {
      if (await undo()) times += 1;
      await world.pause(everyMs);
    }
  })();
  // Told when he leaves; until then it is nobody's.
  fighting.catch(() => undefined);
  return {
    get times() {
      return times;
    },
    async leave() {
      leaving.abort();
      await fighting;
    },
  };
}

/**
 * Lets ten minutes pass, in which the operator must not write the object that is fought for more often than some dozens
 * of times.
 */
export async function bounded(
  world: World,
  writes: WriteWatch,
  against: Fighter,
  ms = fightMs,
  most = perFight,
): Promise<void> {
  const until = world.clock.monotonic() + ms;
  while (world.clock.monotonic() < until) {
    await world.pause(1000);
    const own = writes.count - against.times;
    assert.ok(own <= most, `written ${own} times`);
  }
}

async function isReady(world: World, home = world.ns()): Promise<true | undefined> {
  return (await world.child(home)).status?.conditions?.some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  ) === true
    ? true
    : undefined;
}

/** Another namespace is migrated meanwhile, in its usual time. */
async function othersGoOn(world: World): Promise<void> {
  const other = world.ns('other');
  await world.create(namespace(other), deployment(other, 'web'));
  await world.podsReady(1, other);
  await world.edit({ namespaces: { names: [world.ns(), other] } });
  await world.childPhase('Migrated', other, 30_000);
}

async function copiesOf(world: World, name: string): Promise<readonly KubeObject[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return items.filter(
    ({ metadata }) =>
      metadata.annotations?.['meshmigration.dev/copy-of'] === `AuthorizationPolicy/${world.ns()}/${name}`,
  );
}

function isCopy(name: string): (object: KubeObject) => boolean {
  return ({ metadata }) => metadata.annotations?.['meshmigration.dev/copy-of']?.endsWith(`/${name}`) === true;
}

/** A tool takes the journal off the namespace as often as it is written. */
function takesJournal(world: World, everyMs?: number): Fighter {
  return fighter(
    world,
    async () => {
      const { metadata } = await world.client.get(kinds.Namespace, undefined, world.ns(), world.signal);
      if (metadata.annotations?.[journalAnnotation] === undefined) return false;
      await world.patch('Namespace', undefined, world.ns(), {
        metadata: { annotations: { [journalAnnotation]: null } },
      });
      return true;
    },
    everyMs,
  );
}

/** A cleaner deletes copies of a policy as often as they are made. */
export function cleaner(world: World, name: string): Fighter {
  return fighter(world, async () => {
    const [copy] = await copiesOf(world, name);
    if (copy === undefined) return false;
    await world.delete(kinds.AuthorizationPolicy, world.ns(), copy.metadata.name).catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
    });
    return true;
  });
}

/** A shop behind its waypoint; returns what was before. */
async function migratedShop(world: World): Promise<Snapshot> {
  await shop(world, allowGet(world.ns()));
  const before = await world.snapshot();
  await world.create(meshMigration(world.name, { names: [world.ns()] }));
  await world.childPhase('Migrated');
  return before;
}

/** Whatever is written and does not last is written less and less often, and said; everything else goes on. */
export const fightScenarios: readonly Scenario[] = [
  {
    // As short as it can be shown: what is undone on the way keeps no other namespace, and ends with whoever undoes it.
    name: 'fought-beside-others',
    async run(world) {
      const [home, other] = [world.ns(), world.ns('other')];
      for (const each of [home, other]) {
        await world.create(
          namespace(each),
          deployment(each, 'web', { behaviour: { [podBehaviour.readyAfterMs]: '4000' } }),
        );
        await world.podsReady(1, each);
      }
      const before = await world.snapshot();
      const writes = await watchWrites(world, kinds.Namespace, undefined, ({ metadata }) => metadata.name === home);
      const tool = takesJournal(world, 50);
      await world.create(meshMigration(world.name, { names: [home, other] }));
      assert.match(
        await stalled(world, 'WriteUndone'),
        /^Namespace \S+ is changed back again and again \(meshmigration\.dev\/journal\): it is also written by .*scenario/,
      );
      await world.childPhase('Migrated', other, 120_000);
      await bounded(world, writes, tool, 20_000, 15);
      assert.match(await stalled(world, 'WriteUndone'), /again and again/);
      assert.notEqual((await world.child()).status?.writtenPhase, 'Migrated');
      await tool.leave();
      await writes.stop();
      await world.childPhase('Migrated', home, 5 * 60_000);
      await world.eventually('Ready', async () => await isReady(world), 5 * 60_000);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.restored(before);
    },
  },
  {
    // A tool that owns the annotations of namespaces takes away what it does not know.
    name: 'fought-journal',
    simulationOnly: true,
    async run(world) {
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await world.childPhase('Migrated');
      const writes = await watchWrites(
        world,
        kinds.Namespace,
        undefined,
        ({ metadata }) => metadata.name === world.ns(),
      );
      const tool = takesJournal(world);
      assert.match(
        await stalled(world, 'WriteUndone'),
        /Namespace fought-journal is changed back again and again \(meshmigration\.dev\/journal\): it is also written by .*scenario/,
      );
      await othersGoOn(world);
      await bounded(world, writes, tool);
      assert.match(await stalled(world, 'WriteUndone'), /again and again/);
      await world.command('RollingBack', world.ns());
      await bounded(world, writes, tool, 5 * 60_000);
      await tool.leave();
      await writes.stop();
      await world.childPhase('RolledBack');
      await world.restored(before);
    },
  },
  {
    // A cleaner deletes what it does not know. The copy decides on whenever it is there, so it is made for ever, and
    // new policies get theirs at once.
    name: 'fought-copy',
    simulationOnly: true,
    async run(world) {
      const before = await migratedShop(world);
      const writes = await watchWrites(world, kinds.AuthorizationPolicy, world.ns(), isCopy('readers'));
      const tool = cleaner(world, 'readers');
      assert.match(
        await stalled(world, 'WriteUndone'),
        /AuthorizationPolicy fought-copy\/readers-api-\w+ is deleted again and again after it was made/,
      );
      await othersGoOn(world);
      await world.create(denyDelete(world.ns()));
      await world.eventually(
        'a copy of the new policy',
        async () => ((await copiesOf(world, 'no-delete')).length === 1 ? true : undefined),
        10_000,
      );
      const made = tool.times;
      await bounded(world, writes, tool);
      assert.ok(tool.times >= made + 5, 'it is never given up');
      await tool.leave();
      await world.eventually('Ready', async () => await isReady(world), 5 * 60_000);
      assert.equal((await copiesOf(world, 'readers')).length, 1);
      await writes.stop();
      await world.delete(kinds.AuthorizationPolicy, world.ns(), 'no-delete');
      await world.command('RollingBack', world.ns());
      await world.childPhase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  {
    // The same before anything relies on the copy: it has failed, and is back as it was though the cleaner is still
    // there.
    name: 'fought-on-the-way',
    simulationOnly: true,
    async run(world) {
      await shop(world, allowGet(world.ns()));
      const before = await world.snapshot();
      const writes = await watchWrites(world, kinds.AuthorizationPolicy, world.ns(), isCopy('readers'));
      const tool = cleaner(world, 'readers');
      await world.create(meshMigration(world.name, { names: [world.ns()] }, { restart: { progressDeadline: '40s' } }));
      const { status } = await world.childPhase('RolledBack');
      assert.equal(status?.failure?.reason, 'WriteUndone', status?.message);
      assert.ok(
        status.steps?.every(({ name }) => name !== 'BindWaypoint' && name !== 'Flip'),
        'nothing was built on it',
      );
      await bounded(world, writes, tool, 60_000);
      await tool.leave();
      await writes.stop();
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  {
    // A tool restores a Service as it was exported while it was bound.
    name: 'fought-way-back',
    simulationOnly: true,
    async run(world) {
      const before = await migratedShop(world);
      const {
        metadata: { labels, annotations },
      } = await world.client.get(kinds.Service, world.ns(), 'api', world.signal);
      const writes = await watchWrites(world, kinds.Service, world.ns(), ({ metadata }) => metadata.name === 'api');
      const tool = fighter(world, async () => {
        const { metadata } = await world.client.get(kinds.Service, world.ns(), 'api', world.signal);
        if (metadata.labels?.['istio.io/use-waypoint'] !== undefined) return false;
        await world.patch('Service', world.ns(), 'api', { metadata: { labels, annotations } });
        return true;
      });
      await world.command('RollingBack', world.ns());
      assert.match(
        await stalled(world, 'WriteUndone'),
        /Service fought-way-back\/api is changed back again and again .*: it is also written by scenario/,
      );
      await othersGoOn(world);
      await bounded(world, writes, tool);
      await tool.leave();
      await writes.stop();
      await world.childPhase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
    },
  },
];
