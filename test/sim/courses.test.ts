import { describe, expect, it } from '@jest/globals';
import { journalAnnotation, meshMigrations } from '../../src/api/resources.ts';
import { allowGet, denyDelete, httpPort, nothingLeft, shop } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, strict } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import type { RequestMatch } from './apiserver/fault-rules.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

const minuteMs = 60_000;
const mode = 'istio.io/dataplane-mode';

async function run(story: (world: World, home: string) => Promise<void>, options: SimRun = {}): Promise<void> {
  await runOnSimulation(
    {
      name: 'course',
      run: async (world) => {
        await story(world, world.ns());
      },
    },
    options,
  );
}

async function step(world: World, name: string, home = world.ns()): Promise<void> {
  await world.eventually(name, async () => ((await world.child(home)).status?.step === name ? true : undefined));
}

/** A Deployment in a namespace of its own. */
async function small(world: World, home: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  await world.create(
    namespace(home, { 'istio-injection': 'enabled', ...labels }),
    deployment(home, 'web', { behaviour: { [podBehaviour.readyAfterMs]: '3000' } }),
  );
  await world.podsReady(1, home);
}

async function journalOf(world: World, home: string): Promise<{ readonly migration?: string }> {
  const { metadata } = await world.client.get(kinds.Namespace, undefined, home, world.signal);
  return JSON.parse(metadata.annotations?.[journalAnnotation] ?? '{}') as { readonly migration?: string };
}

describe('a namespace that goes on from L4 to L7', () => {
  it.each(['EnsureWaypoint', 'AllowWaypoint', 'BindWaypoint'])(
    'goes back from the middle of it, as it was before the first step: %s',
    async (name) => {
      await run(async (world, home) => {
        await world.create(
          namespace(home),
          strict(home),
          service(home, 'api', {}, httpPort),
          deployment(home, 'api', { replicas: 2 }),
        );
        await world.podsReady(2);
        const before = await world.snapshot();
        await world.create(
          meshMigration(
            world.name,
            { names: [home] },
            { callers: [{ namespace: home, from: [] }], policies: { settle: '3s' } },
          ),
        );
        expect((await world.childPhase('Migrated')).status?.itinerary).toBe('L4');
        await world.create(denyDelete(home), allowGet(home));
        await world.eventually('MM020', async () =>
          (await world.child()).status?.message?.startsWith('MM020') === true ? true : undefined,
        );
        await world.command('Migrating', home);
        await step(world, name);
        await world.command('RollingBack', home);
        await world.childPhase('RolledBack', home);
        await world.modesAre({ Sidecar: 2 });
        await nothingLeft(world);
        await world.restored(before);
      });
    },
  );
});

describe('two migrations', () => {
  it('exchange a namespace by an edit of each: it stays with the one that started it until it is back', async () => {
    await run(async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      for (const home of [a, b]) await small(world, home);
      const before = { a: await world.snapshot(a), b: await world.snapshot(b) };
      await world.create(meshMigration(world.name, { names: [a] }), meshMigration('other', { names: [b] }));
      for (const [home, name] of [
        [a, world.name],
        [b, 'other'],
      ] as const) {
        await world.eventually(`${home} Migrated`, async () =>
          (await world.child(home, name)).status?.writtenPhase === 'Migrated' ? true : undefined,
        );
      }
      await world.edit({ namespaces: { names: [b] } });
      await world.edit({ namespaces: { names: [a] } }, 'other');
      await world.pause(minuteMs);
      expect([(await journalOf(world, a)).migration, (await journalOf(world, b)).migration]).toEqual([
        world.name,
        'other',
      ]);
      expect([await world.modes(a), await world.modes(b)]).toEqual([{ Ambient: 1 }, { Ambient: 1 }]);
      await world.edit({ action: 'Rollback' });
      await world.edit({ action: 'Rollback' }, 'other');
      for (const home of [a, b])
        await world.eventually(`${home} is back`, async () =>
          (await world.labels(home))[mode] === undefined && (await journalOf(world, home)).migration === undefined
            ? true
            : undefined,
        );
      await world.restored(before.a, a);
      await world.restored(before.b, b);
      // Now each has what was exchanged.
      await world.edit({ action: 'Migrate' });
      await world.edit({ action: 'Migrate' }, 'other');
      await world.eventually('exchanged', async () =>
        (await journalOf(world, a)).migration === 'other' && (await journalOf(world, b)).migration === world.name
          ? true
          : undefined,
      );
      for (const home of [a, b]) await world.modesAre({ Ambient: 1 }, home);
    });
  });

  it('exchange a namespace half-way by one edit, of its label: it is held, and goes back for the one that started it only', async () => {
    await run(async (world) => {
      const home = world.ns('a');
      await small(world, home, { wave: 'one' });
      await small(world, world.ns('b'), { wave: 'one' });
      await small(world, world.ns('c'), { wave: 'two' });
      const before = await world.snapshot(home);
      await world.create(
        meshMigration(world.name, { selector: { matchLabels: { wave: 'one' } } }),
        meshMigration('other', { selector: { matchLabels: { wave: 'two' } } }),
      );
      await step(world, 'RestartWorkloads', home);
      await world.patch('Namespace', undefined, home, { metadata: { labels: { wave: 'two' } } });
      expect((await world.childPhase('Paused', home)).status?.message).toMatch(
        /does not select this namespace any more/,
      );
      await world.pause(minuteMs);
      expect((await journalOf(world, home)).migration).toBe(world.name);
      await world.command('RollingBack', home);
      await world.eventually('the other one has it', async () =>
        (await journalOf(world, home)).migration === 'other' ? true : undefined,
      );
      await world.modesAre({ Ambient: 1 }, home);
      await world.edit({ action: 'Rollback' }, 'other');
      await world.eventually('is back', async () =>
        (await journalOf(world, home)).migration === undefined ? true : undefined,
      );
      await world.patch('Namespace', undefined, home, { metadata: { labels: { wave: 'one' } } });
      await world.restored(before, home);
    });
  });
});

describe('a namespace that is Migrated', () => {
  it('stays and is looked after when it is not selected any more and spec.rollback.onScopeLost is Hold, and can go back', async () => {
    await run(async (world, home) => {
      await shop(world, allowGet(home));
      await small(world, world.ns('b'));
      const before = await world.snapshot();
      await world.create(
        meshMigration(
          world.name,
          { names: [home, world.ns('b')] },
          { policies: { bypass: 'FailClosed' }, rollback: { onScopeLost: 'Hold' } },
        ),
      );
      await world.phase('Migrated');
      await world.edit({ namespaces: { names: [world.ns('b')] } });
      await world.pause(10_000);
      await world.childPhase('Migrated');
      await world.create(denyDelete(home));
      await world.eventually('the new policy is copied', async () => {
        const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: home, signal: world.signal });
        return items.some(({ metadata }) => metadata.annotations?.['meshmigration.dev/copy-of']?.endsWith('/no-delete'))
          ? true
          : undefined;
      });
      await world.modesAre({ Ambient: 3 });
      await world.command('RollingBack', home);
      await world.eventually('back', async () =>
        (await world.labels())[mode] === undefined && (await journalOf(world, home)).migration === undefined
          ? true
          : undefined,
      );
      await nothingLeft(world);
      await world.restored(before);
      await world.pause(minuteMs);
      expect((await world.labels())[mode]).toBeUndefined();
    });
  });
});

describe('a MeshMigration that was deleted by force', () => {
  it.each(['EnsureWaypoint', 'RestartWorkloads', undefined])(
    'and made again under its name goes back to the very beginning: from %s',
    async (name) => {
      await run(async (world, home) => {
        await shop(world, allowGet(home));
        const before = await world.snapshot();
        const wish = meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } });
        await world.create(wish);
        if (name === undefined) await world.childPhase('Migrated');
        else await step(world, name);
        await world.delete(meshMigrations, undefined, world.name);
        await world.client.mergePatch(
          meshMigrations,
          undefined,
          world.name,
          { metadata: { finalizers: null } },
          { signal: world.signal },
        );
        await world.gone(meshMigrations, undefined, world.name);
        await world.pause(20_000);
        await world.create({ ...wish, spec: { ...(wish['spec'] as object), action: 'Rollback' } });
        await world.phase('RolledBack');
        await world.modesAre({ Sidecar: 3 });
        await nothingLeft(world);
        await world.restored(before);
      });
    },
  );
});

describe('a write that is refused for ever', () => {
  const refused: readonly (readonly [string, RequestMatch])[] = [
    ['the Gateway', { method: 'POST', path: /\/gateways/ }],
    ['one of two copies', { method: 'POST', path: /\/authorizationpolicies/, body: /"Copy".*\/no-delete"/ }],
    ['the guard', { method: 'POST', path: /\/authorizationpolicies/, body: /"Guard"/ }],
    ['the binding of a Service', { method: 'PATCH', path: /\/services\//, body: /"value":"waypoint"/ }],
    ['the labels of the namespace', { method: 'PATCH', path: /\/namespaces\/course\?/, body: /"value":"ambient"/ }],
    ['a restart', { method: 'PATCH', path: /\/deployments\/api/, body: /"op":"add"/ }],
  ];
  it.each(refused)('has a deadline on the way there, after which the namespace goes back: %s', async (_what, match) => {
    await run(
      async (world, home) => {
        await shop(world, allowGet(home), denyDelete(home));
        const before = await world.snapshot();
        await world.create(
          meshMigration(
            world.name,
            { names: [home] },
            { policies: { bypass: 'FailClosed' }, restart: { progressDeadline: '30s' } },
          ),
        );
        const { status } = await world.childPhase('RolledBack', home, 10 * minuteMs);
        expect(status?.failure?.reason).toBe('WriteRefused');
        expect(status?.failure?.message).toMatch(/policy.example.com/);
        await nothingLeft(world);
        await world.restored(before);
      },
      { faults: [{ match, times: 100_000, fault: { kind: 'Refuse', status: 403 } }] },
    );
  });
});

describe('the steps of a status', () => {
  it('keep when each was begun first, over a pause and a resume', async () => {
    await run(async (world, home) => {
      await world.create(
        namespace(home),
        ...['a', 'b', 'c'].map((name) =>
          deployment(home, name, { behaviour: { [podBehaviour.readyAfterMs]: '8000' } }),
        ),
      );
      await world.podsReady(3);
      await world.create(meshMigration(world.name, { names: [home] }));
      await step(world, 'RestartWorkloads');
      const begun = (await world.child()).status?.steps ?? [];
      await world.pause(10_000);
      await world.command('Paused', home);
      await world.childPhase('Paused');
      await world.pause(30_000);
      await world.command('Migrating', home);
      const { status } = await world.childPhase('Migrated');
      for (const { name, startedAt } of begun)
        expect([name, status?.steps?.find((each) => each.name === name)?.startedAt]).toEqual([name, startedAt]);
    });
  });
});
