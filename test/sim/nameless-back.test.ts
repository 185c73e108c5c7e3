import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { stalled } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const slow = { behaviour: { [podBehaviour.readyAfterMs]: '4000' } };
const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const out = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

function deny(home: string, caller: string): KubeObject {
  return object('AuthorizationPolicy', home, 'by-identity', {
    action: 'DENY',
    rules: [{ from: [{ source: { namespaces: [caller] } }] }],
  });
}

/** What decides by who calls, and comes when all is at rest. */
const policies: Readonly<Record<string, (d: string, a: string) => KubeObject>> = {
  STRICT: (d) => strict(d),
  'a DENY of the caller': deny,
};

/** Each calls the other behind its headless Service, as far as it is said. */
function calls(pairs: readonly (readonly [string, string])[]): Pick<MeshMigrationSpec, 'callers'> {
  return { callers: pairs.map(([caller, called]) => ({ namespace: called, from: [{ namespace: caller }] })) };
}

/** `a` calls `d`; both have a headless Service, and are in that data plane. */
async function on(
  name: string,
  labels: Readonly<Record<string, string>> | undefined,
  story: (world: World, a: string, d: string) => Promise<void>,
): Promise<void> {
  await runOnSimulation({
    name,
    async run(world) {
      const [a, d] = [world.ns('a'), world.ns('d')];
      for (const home of [a, d]) {
        await world.create(
          namespace(home, labels),
          service(home, 'db', {}, { clusterIP: 'None' }),
          deployment(home, 'db', slow),
        );
        await world.podsReady(1, home);
      }
      await story(world, a, d);
    },
  });
}

/** Sees that one namespace was all the way back before another began. */
async function wentFirst(world: World, first: string, then: string): Promise<void> {
  const [ended, began] = [
    await world.completedAt('RestoreWorkloads', first),
    await world.completedAt('RestoreLabels', then),
  ];
  assert.ok(ended !== '' && ended <= began, `${first} was to be back (${ended}) before ${then} changed (${began})`);
}

/** Both go back, each by a migration of its own, which says of its own namespace alone who calls it. */
async function apart(
  name: string,
  labels: Readonly<Record<string, string>> | undefined,
  said: Readonly<Record<'a' | 'd', readonly ('a' | 'd')[]>>,
): Promise<void> {
  await on(name, labels, async (world, a, d) => {
    const names = { a, d };
    const migrations = (['a', 'd'] as const).map((each) => [each, `${world.name}-${each}`] as const);
    for (const [each, migration] of migrations) {
      const callers = [{ namespace: names[each], from: said[each].map((caller) => ({ namespace: names[caller] })) }];
      const spec = { ...(labels && out), callers };
      await world.create(meshMigration(migration, { names: [names[each]] }, spec));
    }
    for (const [, migration] of migrations) await world.phase('Migrated', migration);
    await world.create(strict(a), strict(d));
    for (const [, migration] of migrations) await world.edit({ action: 'Rollback' }, migration);
    for (const [, migration] of migrations) await world.phase('RolledBack', migration);
  });
}

describe('headless Services whose callers are all in ambient', () => {
  it('are no finding under STRICT', async () => {
    await on('rest', undefined, async (world, a, d) => {
      await world.create(meshMigration(world.name, { names: [a, d] }, calls([[a, d]])));
      await world.phase('Migrated');
      await world.create(strict(d), deny(d, 'elsewhere'));
      await world.pause(60_000);
      const { status } = await world.child(d);
      assert.deepEqual(
        [status?.phase, status?.conditions?.find(({ type }) => type === 'Ready')?.status],
        ['Migrated', 'True'],
      );
    });
  });

  it('let the called go as soon as its callers have gone', async () => {
    await on('start', undefined, async (world, a, d) => {
      await world.create(strict(d));
      await world.create(meshMigration(world.name, { names: [a, d] }, calls([[a, d]])));
      await world.phase('Migrated');
    });
  });
});

describe('a rollback to sidecars of a namespace that calls by a headless Service', () => {
  it.each(Object.keys(policies))('comes after the called, where all go back (%s)', async (what) => {
    await on('whole', undefined, async (world, a, d) => {
      await world.create(meshMigration(world.name, { names: [a, d] }, calls([[a, d]])));
      await world.phase('Migrated');
      await world.create(policies[what]?.(d, a) ?? strict(d));
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await wentFirst(world, d, a);
    });
  });

  it.each(Object.keys(policies))('names the called that it takes along, and takes it along (%s)', async (what) => {
    await on('alone', undefined, async (world, a, d) => {
      await world.create(meshMigration(world.name, { names: [a, d] }, calls([[a, d]])));
      await world.phase('Migrated');
      await world.create(policies[what]?.(d, a) ?? strict(d));
      await world.pause(10_000);
      await world.command('RollingBack', a);
      await world.eventually('it is named', async () =>
        (await world.child(a)).status?.conditions?.some(
          ({ type, message }) =>
            type === 'CommandRejected' && message.includes(`${d} would refuse calls from here, or not know them`),
        ) === true
          ? true
          : undefined,
      );
      await world.pause(60_000);
      await world.command('RollingBack', a);
      await world.childPhase('RolledBack', a);
      await world.childPhase('RolledBack', d);
      await wentFirst(world, d, a);
    });
  });

  it('waits for nobody in a circle in which calls are only refused', async () => {
    await on('circle', undefined, async (world, a, d) => {
      await world.create(
        meshMigration(
          world.name,
          { names: [a, d] },
          calls([
            [a, d],
            [d, a],
          ]),
        ),
      );
      await world.phase('Migrated');
      await world.create(strict(a), strict(d));
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
    });
  });

  it('comes after the called also where nobody says who calls itself', async () => {
    await on('half', undefined, async (world, a, d) => {
      await world.create(meshMigration(world.name, { names: [a, d] }, calls([[a, d]])));
      await world.phase('Migrated');
      await world.create(strict(a), strict(d));
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await wentFirst(world, d, a);
    });
  });

  it('waits for nobody of whom another migration says that nobody calls it', async () => {
    await apart('nobody', undefined, { a: [], d: [] });
  });

  it('waits for nobody in a circle of which each migration says one half', async () => {
    await apart('halves', undefined, { a: ['d'], d: ['a'] });
  });

  it('comes after the called whatever a migration says that only plans', async () => {
    await on('draft', undefined, async (world, a, d) => {
      const planned = world.ns('planned');
      await world.create(namespace(planned), meshMigration(world.name, { names: [a, d] }, calls([[a, d]])));
      await world.create(
        meshMigration(`${world.name}-plan`, { names: [planned] }, { action: 'Plan', ...calls([[d, a]]) }),
      );
      await world.phase('Migrated');
      await world.create(strict(a), strict(d));
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await wentFirst(world, d, a);
    });
  });

  it('stands in one in which something would get through, and says so', async () => {
    await on('open-circle', undefined, async (world, a, d) => {
      await world.create(
        meshMigration(
          world.name,
          { names: [a, d] },
          calls([
            [a, d],
            [d, a],
          ]),
        ),
      );
      await world.phase('Migrated');
      await world.create(deny(a, d), deny(d, a));
      await world.edit({ action: 'Rollback' });
      assert.match(
        await stalled(world, 'RollbackStuck', a),
        /behind headless Services without an identity.*in a circle/,
      );
      await world.create(strict(a));
      await world.delete(kinds.AuthorizationPolicy, d, 'by-identity');
      await world.phase('RolledBack');
    });
  });

  it('stands where the called stays in ambient and would not know it, unless that was so before the start', async () => {
    await runOnSimulation({
      name: 'native',
      async run(world) {
        const [a, d, e] = [world.ns('a'), world.ns('d'), world.ns('e')];
        for (const home of [d, e]) {
          await world.create(
            namespace(home, ambient),
            service(home, 'db', {}, { clusterIP: 'None' }),
            deployment(home, 'db'),
          );
          await world.podsReady(1, home);
        }
        await world.create(namespace(a), deployment(a, 'web'), deny(e, a));
        await world.podsReady(1, a);
        await world.create(
          meshMigration(
            world.name,
            { names: [a] },
            calls([
              [a, d],
              [a, e],
            ]),
          ),
        );
        await world.phase('Migrated');
        await world.create(deny(d, a));
        await world.edit({ action: 'Rollback' });
        const message = await stalled(world, 'RollbackStuck', a);
        assert.match(
          message,
          new RegExp(`${d}/by-identity asks for: ${d} .*but ${d} stay in ambient: ask for mutual TLS`),
        );
        await world.create(strict(d));
        await world.phase('RolledBack');
      },
    });
  });
});

describe('a rollback to ambient of a namespace that is called by a headless Service', () => {
  it.each(Object.keys(policies))('comes after its callers (%s)', async (what) => {
    await on('out', ambient, async (world, a, d) => {
      // The caller is the last by name, so that it is not first by chance.
      await world.create(meshMigration(world.name, { names: [a, d] }, { ...out, ...calls([[d, a]]) }));
      await world.phase('Migrated');
      await world.create(policies[what]?.(a, d) ?? strict(a));
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await wentFirst(world, d, a);
    });
  });
});

describe('a rollback to ambient where nobody says who calls the caller', () => {
  it('comes after the callers that are said', async () => {
    await on('half-out', ambient, async (world, a, d) => {
      await world.create(meshMigration(world.name, { names: [a, d] }, { ...out, ...calls([[d, a]]) }));
      await world.phase('Migrated');
      await world.create(strict(a), strict(d));
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await wentFirst(world, d, a);
    });
  });

  it('waits for nobody in a circle of which each migration says one half', async () => {
    await apart('halves-out', ambient, { a: ['d'], d: ['a'] });
  });
});

describe('a rollback to ambient of a namespace that calls sidecars from before ambient was enabled', () => {
  /** `a` has left ambient; `d` has such sidecars and stays. */
  async function beside(name: string, story: (world: World, a: string, d: string) => Promise<void>): Promise<void> {
    await runOnSimulation({
      name,
      async prepare(world) {
        const d = world.ns('d');
        await world.create(namespace(d), deployment(d, 'db', slow));
        await world.podsReady(1, d);
      },
      async run(world) {
        const [a, d] = [world.ns('a'), world.ns('d')];
        await world.create(namespace(a, ambient), deployment(a, 'web', slow));
        await world.podsReady(1, a);
        await story(world, a, d);
      },
    });
  }

  async function leaves(world: World, a: string, d: string): Promise<void> {
    await world.create(meshMigration(world.name, { names: [a] }, { ...out, ...calls([[a, d]]) }));
    await world.phase('Migrated');
  }

  it('stands where they would not know it any more, until they are restarted', async () => {
    await beside('old', async (world, a, d) => {
      await leaves(world, a, d);
      await world.create(deny(d, a));
      await world.edit({ action: 'Rollback' });
      assert.match(
        await stalled(world, 'RollbackStuck', a),
        new RegExp(`${d}/by-identity asks for: .*but ${d} keep theirs: restart them`),
      );
      await world.modesAre({ Sidecar: 1 }, a);
      await world.patch('Deployment', d, 'db', {
        spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } },
      });
      await world.phase('RolledBack');
    });
  });
});
