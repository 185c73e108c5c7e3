import { describe, expect, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { kinds, meshMigration } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import type { RequestMatch } from './apiserver/fault-rules.ts';
import type { FaultyTransport } from './apiserver/faults.ts';
import { plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';

const minuteMs = 60_000;
/** In ten minutes. */
const leaseWrites = 300;

type Homes = readonly [a: string, b: string, c: string];
type Status = 403 | 409 | 500 | 504;

interface Cluster {
  readonly line: FaultyTransport;
  /** From now on the API server refuses these requests. */
  readonly refuse: (match: RequestMatch, status?: Status) => void;
}

/** Three namespaces, one slot. */
async function run(
  name: string,
  story: (world: World, homes: Homes, cluster: Cluster) => Promise<void>,
  slots = 1,
): Promise<void> {
  let line: FaultyTransport | undefined;
  await runOnSimulation(
    {
      name,
      async run(world) {
        const homes: Homes = [world.ns('a'), world.ns('b'), world.ns('c')];
        for (const home of homes) await plain(world, home);
        const there = line;
        if (there === undefined) throw new Error('no line');
        const refuse = (match: RequestMatch, status: Status = 403): void => {
          there.add({ match, times: Infinity, fault: { kind: 'Refuse', status } });
        };
        await story(world, homes, { line: there, refuse });
      },
    },
    {
      slots,
      arrange(_cluster, _operator, given) {
        line = given;
      },
    },
  );
}

/** A write to the record of a namespace; its status is one of its own. */
const record = {
  status: (home: string): RequestMatch => ({
    method: 'PATCH',
    path: new RegExp(`/namespaces/${home}/namespacemigrations/[^/]+/status`),
  }),
  made: (home: string): RequestMatch => ({
    method: 'PATCH',
    path: new RegExp(`/namespaces/${home}/namespacemigrations/[^/]+\\?`),
  }),
  deleted: (home: string): RequestMatch => ({
    method: 'DELETE',
    path: new RegExp(`/namespaces/${home}/namespacemigrations/`),
  }),
};

/** The migration needs a person, and says about which object and why. */
async function told(world: World, words: RegExp): Promise<string> {
  return await world.eventually(
    `RecordRefused ${words.source}`,
    async () => {
      const { status, metadata } = await world.migration();
      const found = stalledBy(status?.conditions);
      return found?.reason === 'RecordRefused' &&
        found.observedGeneration === metadata.generation &&
        words.test(found.message)
        ? found.message
        : undefined;
    },
    10 * minuteMs,
  );
}

async function needing(world: World): Promise<readonly (string | number)[]> {
  const { status } = await world.migration();
  return [status?.needAttention ?? 0, ...(status?.attention ?? []).map(({ namespace }) => namespace)];
}

async function exists(world: World, home: string): Promise<boolean> {
  try {
    await world.child(home);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

async function labelled(world: World, home: string): Promise<boolean> {
  return (await world.labels(home))['istio.io/dataplane-mode'] === 'ambient';
}

describe('a record whose status is refused', () => {
  it.each<[Status]>([[403], [500], [504]])(
    'holds nobody up on the way there and is not begun, told once, and goes on by itself: %s',
    async (status) => {
      await run('there', async (world, [a, b, c], { line, refuse }) => {
        refuse(record.status(a), status);
        await world.create(meshMigration(world.name, { names: [a, b, c] }));
        await world.childPhase('Migrated', b, minuteMs);
        await world.childPhase('Migrated', c, minuteMs);
        expect(await told(world, /^there-a: its NamespaceMigration there cannot be written: PATCH .*\/status/)).toMatch(
          /kubectl describe mm there$/,
        );
        expect(await needing(world)).toEqual([1, a]);
        expect((await world.snapshot(a)).annotations).not.toHaveProperty(['meshmigration.dev/journal']);
        const before = line.writes;
        await world.pause(10 * minuteMs);
        expect(line.writes - before).toBeLessThan(leaseWrites + 30);
        line.heal();
        await world.phase('Migrated');
        expect(await needing(world)).toEqual([0]);
      });
    },
  );

  it('holds nobody up when it begins half-way', async () => {
    await run('half', async (world, [a, b, c], { line, refuse }) => {
      await world.create(meshMigration(world.name, { names: [a, b, c] }));
      await world.eventually('half-way', async () =>
        (await world.child(a)).status?.step === 'RestartWorkloads' ? true : undefined,
      );
      refuse(record.status(a));
      await world.childPhase('Migrated', b, minuteMs);
      await world.childPhase('Migrated', c, minuteMs);
      await told(world, /^half-a: /);
      line.heal();
      await world.phase('Migrated');
    });
  });

  it.each(['Rollback', 'deletion'])('holds nobody up on the way back, and goes back when it can: %s', async (how) => {
    await run('back', async (world, [a, b, c], { line, refuse }) => {
      await world.create(meshMigration(world.name, { names: [a, b, c] }));
      await world.phase('Migrated');
      refuse(record.status(a));
      if (how === 'Rollback') await world.edit({ action: 'Rollback' });
      else await world.delete(meshMigrations, undefined, world.name);
      for (const home of [b, c]) {
        await world.eventually(
          `${home} is back`,
          async () => ((await labelled(world, home)) ? undefined : true),
          2 * minuteMs,
        );
        await world.modesAre({ Sidecar: 1 }, home);
      }
      await told(world, /^back-a: /);
      line.heal();
      if (how === 'Rollback') await world.phase('RolledBack');
      else await world.gone(meshMigrations, undefined, world.name);
      await world.modesAre({ Sidecar: 1 }, a);
    });
  });
});

describe('a record that cannot be made', () => {
  it.each<[Status]>([[403], [500]])('holds nobody up, is told once, and comes by itself: %s', async (status) => {
    await run('made', async (world, [a, b, c], { line, refuse }) => {
      refuse(record.made(a), status);
      await world.create(meshMigration(world.name, { names: [a, b, c] }));
      await world.childPhase('Migrated', b, minuteMs);
      await world.childPhase('Migrated', c, minuteMs);
      await told(world, /^made-a: its NamespaceMigration made cannot be created: PATCH /);
      expect(await needing(world)).toEqual([1, a]);
      line.heal();
      await world.phase('Migrated');
      expect(await needing(world)).toEqual([0]);
    });
  });

  it('is told where nothing but plans is asked for', async () => {
    await run('planned', async (world, homes, { line, refuse }) => {
      refuse(record.made(homes[0]));
      await world.create(meshMigration(world.name, { names: [...homes] }, { action: 'Plan' }));
      await told(world, /^planned-a: /);
      line.heal();
      await world.phase('Planned');
    });
  });

  it('keeps its way back where it was lost half-way, and the others theirs', async () => {
    await run('lost', async (world, [a, b, c], { line, refuse }) => {
      await world.create(meshMigration(world.name, { names: [a, b, c] }));
      await world.phase('Migrated');
      refuse(record.made(a));
      await world.delete(namespaceMigrations, a, world.name);
      await told(world, /^lost-a: .*cannot be created/);
      await world.delete(meshMigrations, undefined, world.name);
      for (const home of [b, c]) await world.modesAre({ Sidecar: 1 }, home);
      await told(world, /^lost-a: .*cannot be created/);
      line.heal();
      await world.gone(meshMigrations, undefined, world.name);
      await world.modesAre({ Sidecar: 1 }, a);
    });
  });

  it('is forgotten when its namespace leaves the scope', async () => {
    await run('narrow', async (world, [a, b], { refuse }) => {
      refuse(record.made(a));
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await told(world, /^narrow-a: /);
      await world.edit({ namespaces: { names: [b] } });
      await world.phase('Migrated');
      expect(await needing(world)).toEqual([0]);
    });
  });
});

describe('a record that cannot be deleted', () => {
  it('holds nobody up when it is a stray', async () => {
    await run('stray', async (world, [a, b, c], { line, refuse }) => {
      await world.create(meshMigration(world.name, { names: [a, b] }, { action: 'Plan' }));
      await world.phase('Planned');
      refuse(record.deleted(a));
      await world.edit({ namespaces: { names: [b, c] }, action: 'Migrate' });
      await world.childPhase('Migrated', b, 2 * minuteMs);
      await world.childPhase('Migrated', c, 2 * minuteMs);
      await told(world, /^stray-a: its NamespaceMigration stray cannot be deleted: DELETE /);
      expect(await needing(world)).toEqual([1, a]);
      line.heal();
      await world.phase('Migrated');
      await world.eventually('it is gone', async () => ((await exists(world, a)) ? undefined : true), 5 * minuteMs);
      await world.eventually('nobody is needed', async () => ((await needing(world))[0] === 0 ? true : undefined));
    });
  });

  it('keeps the migration, whose deletion says so, and no other record', async () => {
    await run('end', async (world, [a, b, c], { line, refuse }) => {
      await world.create(meshMigration(world.name, { names: [a, b, c] }));
      await world.phase('Migrated');
      refuse(record.deleted(a));
      await world.delete(meshMigrations, undefined, world.name);
      for (const home of [b, c])
        await world.eventually(
          'its record is gone',
          async () => ((await exists(world, home)) ? undefined : true),
          5 * minuteMs,
        );
      await told(world, /^end-a: .*cannot be deleted/);
      expect(await needing(world)).toEqual([1, a]);
      line.heal();
      await world.gone(meshMigrations, undefined, world.name);
    });
  });

  it("is kept by somebody's finalizer: it is named, and not deleted again and again", async () => {
    await run('kept', async (world, [a, b], { line }) => {
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.phase('Migrated');
      await world.client.mergePatch(
        namespaceMigrations,
        a,
        world.name,
        { metadata: { finalizers: ['example.com/keeps'] } },
        { signal: world.signal },
      );
      await world.delete(meshMigrations, undefined, world.name);
      await told(
        world,
        /^kept-a: its NamespaceMigration kept is being deleted and held by its finalizers: example\.com\/keeps/,
      );
      const before = line.writes;
      await world.pause(10 * minuteMs);
      expect(line.writes - before).toBeLessThan(leaseWrites + 30);
      await world.client.mergePatch(
        namespaceMigrations,
        a,
        world.name,
        { metadata: { finalizers: null } },
        { signal: world.signal },
      );
      await world.gone(meshMigrations, undefined, world.name);
    });
  });
});

describe('a finalizer that is refused', () => {
  it('is told when it cannot be added, and when it cannot be taken away', async () => {
    await run('fin', async (world, [a], { line, refuse }) => {
      const finalizer: RequestMatch = { method: 'PATCH', path: /meshmigrations\/fin\?/, body: /finalizers/ };
      refuse(finalizer);
      await world.create(meshMigration(world.name, { names: [a] }));
      await told(world, /^its finalizer cannot be added: PATCH /);
      line.heal();
      await world.phase('Migrated');
      refuse(finalizer);
      await world.delete(meshMigrations, undefined, world.name);
      await told(world, /^its finalizer cannot be removed: PATCH /);
      line.heal();
      await world.gone(meshMigrations, undefined, world.name);
    });
  });
});

describe('a namespace that is on its way out', () => {
  it('is no refusal', async () => {
    await run('leaving', async (world, [a, b, c]) => {
      await world.create(meshMigration(world.name, { names: [a, b, c] }));
      await world.patch('Namespace', undefined, a, { metadata: { finalizers: ['example.com/keeps'] } });
      await world.delete(kinds.Namespace, undefined, a);
      for (const home of [b, c]) await world.childPhase('Migrated', home, 2 * minuteMs);
      await world.phase('Migrated');
      expect(await needing(world)).toEqual([0]);
    });
  });
});
