import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { StepPlan } from '../../src/mesh/adapter.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { stalled } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

const slow = { behaviour: { [podBehaviour.readyAfterMs]: '4000' } };

/** Refuses callers by their address. */
function deny(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-addresses', {
    action: 'DENY',
    rules: [{ from: [{ source: { ipBlocks: ['10.244.0.0/16'] } }] }],
  });
}

/** Says who calls namespaces, each by its name. */
function callers(of: Readonly<Record<string, readonly string[]>>): Pick<MeshMigrationSpec, 'callers'> {
  return {
    callers: Object.entries(of).map(([home, from]) => ({
      namespace: home,
      from: from.map((each) => ({ namespace: each })),
    })),
  };
}

async function run(
  name: string,
  story: (world: World, a: string, b: string) => Promise<void>,
  options: SimRun = {},
): Promise<void> {
  await runOnSimulation(
    {
      name,
      async run(world) {
        const [a, b] = [world.ns('a'), world.ns('b')];
        for (const home of [a, b]) await world.create(namespace(home), deployment(home, 'web', slow));
        await world.create(deny(b));
        for (const home of [a, b]) await world.podsReady(1, home);
        await story(world, a, b);
      },
    },
    options,
  );
}

/** An operator that looks at no other namespaces on its way. */
const careless = {
  ...istio,
  itinerary: (...args: Parameters<typeof istio.itinerary>) => {
    const { forward, backward } = istio.itinerary(...args);
    const alone = ({ awaits: _awaits, ...step }: StepPlan): StepPlan => step;
    return { forward: forward.map(alone), backward: backward.map(alone) };
  },
};

async function critical(world: World, home: string): Promise<readonly string[]> {
  return (
    (await world.childPhase('Blocked', home)).status?.findings
      ?.filter(({ severity }) => severity === 'Critical')
      .map(({ id, object: it, message }) => `${id} ${it}: ${message}`) ?? []
  );
}

describe('a policy that refuses callers by their address', () => {
  it('at sidecars that stay keeps whoever may call them from going to ambient, until it is written by identities or spec.callers says who calls', async () => {
    await run('stays', async (world, a, b) => {
      await world.create(meshMigration(world.name, { names: [a] }));
      const [found = '', ...others] = await critical(world, a);
      assert.deepEqual(others, []);
      assert.match(
        found,
        new RegExp(
          `^MM123 AuthorizationPolicy ${b}/no-addresses: .*may get through at the sidecars of ${b} \\(web-.*nobody knows who calls them`,
        ),
      );
      await world.edit(callers({ [b]: [a] }));
      await world.eventually('it is known who calls', async () =>
        (await critical(world, a))[0]?.includes(`spec.callers say that ${a} calls them`) === true ? true : undefined,
      );
      await world.edit(callers({ [b]: ['elsewhere'] }));
      await world.phase('Migrated');
    });
  });

  it('goes first where the migration moves both, whoever is first by name and with one slot only', async () => {
    await run(
      'first',
      async (world, a, b) => {
        await world.create(meshMigration(world.name, { names: [a, b] }, callers({ [b]: [a] })));
        await world.phase('Migrated');
        const [moved, flipped] = [await world.completedAt('RestartWorkloads', b), await world.completedAt('Flip', a)];
        assert.ok(moved !== '' && moved <= flipped, `${b} was to move (${moved}) before ${a} changed (${flipped})`);
      },
      { slots: 1 },
    );
  });

  it('would not otherwise', async () => {
    await run(
      'careless',
      async (world, a, b) => {
        await world.create(meshMigration(world.name, { names: [a, b] }, callers({ [b]: [a] })));
        await world.phase('Migrated');
        const [moved, flipped] = [await world.completedAt('RestartWorkloads', b), await world.completedAt('Flip', a)];
        assert.ok(flipped < moved);
        await world.command('RollingBack');
        await world.phase('RolledBack');
        const [back, restored] = [
          await world.completedAt('RestoreWorkloads', a),
          await world.completedAt('RestoreLabels', b),
        ];
        assert.ok(restored < back);
      },
      { adapter: careless },
    );
  });

  it('comes back last', async () => {
    await run('back', async (world, a, b) => {
      const before = [await world.snapshot(a), await world.snapshot(b)] as const;
      await world.create(meshMigration(world.name, { names: [a, b] }, callers({ [b]: [a] })));
      await world.phase('Migrated');
      await world.command('RollingBack');
      await world.phase('RolledBack');
      const [back, restored] = [
        await world.completedAt('RestoreWorkloads', a),
        await world.completedAt('RestoreLabels', b),
      ];
      assert.ok(back !== '' && back <= restored, `${a} was to be back (${back}) before ${b} changed (${restored})`);
      await world.restored(before[0], a);
      await world.restored(before[1], b);
    });
  });

  it('keeps a namespace from going back alone while its callers stay in ambient', async () => {
    await run('alone', async (world, a, b) => {
      await world.create(meshMigration(world.name, { names: [a, b] }, callers({ [b]: [a] })));
      await world.phase('Migrated');
      await world.command('RollingBack', b);
      const message = await stalled(world, 'RollbackStuck', b);
      assert.match(
        message,
        new RegExp(
          `${b}/no-addresses asks about: ${a} get their sidecars back first, but ${a} do not: roll them back too`,
        ),
      );
      assert.deepEqual(await world.modes(b), { Ambient: 1 });
      await world.command('RollingBack', a);
      await world.childPhase('RolledBack', b);
      await world.modesAre({ Sidecar: 1 }, b);
    });
  });

  it('blocks a namespace whose own workloads may call each other', async () => {
    await run('own', async (world, _a, b) => {
      await world.create(meshMigration(world.name, { names: [b] }));
      assert.match((await critical(world, b)).join(), /^MM123 AuthorizationPolicy/);
      await world.patch('AuthorizationPolicy', b, 'no-addresses', {
        spec: { rules: [{ from: [{ source: { namespaces: ['elsewhere'] } }] }] },
      });
      await world.phase('Migrated');
    });
  });

  it('blocks both where each calls the other: no order is safe', async () => {
    await run('both', async (world, a, b) => {
      await world.create(deny(a), meshMigration(world.name, { names: [a, b] }, callers({ [a]: [b], [b]: [a] })));
      assert.match((await critical(world, a)).join(), new RegExp(`^MM123 AuthorizationPolicy ${b}/no-addresses`));
      assert.match((await critical(world, b)).join(), new RegExp(`^MM123 AuthorizationPolicy ${a}/no-addresses`));
    });
  });

  it('that appears before the labels change holds the namespace, and lets it go on when it is gone', async () => {
    await run('appears', async (world, a, b) => {
      const c = world.ns('c');
      await world.create(namespace(c), deployment(c, 'web', slow));
      await world.podsReady(1, c);
      await world.create(
        meshMigration(world.name, { names: [a, b] }, { ...callers({ [b]: [a] }), restart: { podsPerMinute: 6 } }),
      );
      await world.eventually(`${a} waits`, async () =>
        (await world.child(a)).status?.message?.includes('see where callers in ambient come from') === true
          ? true
          : undefined,
      );
      await world.create(deny(c));
      await world.eventually(`${a} is held`, async () =>
        (await world.child(a)).status?.conditions?.some(
          ({ type, status, message }) =>
            type === 'Stalled' && status === 'True' && message.includes(`${c}/no-addresses`),
        ) === true
          ? true
          : undefined,
      );
      assert.equal((await world.labels(a))['istio-injection'], 'enabled');
      await world.patch('AuthorizationPolicy', c, 'no-addresses', { spec: { action: 'AUDIT' } });
      await world.phase('Migrated');
    });
  });

  it('keeps a namespace in ambient whose callers stay there', async () => {
    await run('exit', async (world, a, b) => {
      await world.create(meshMigration(world.name, { names: [a, b] }, callers({ [b]: [a] })));
      await world.phase('Migrated');
      await world.edit({ action: 'Finalize' });
      await world.phase('Finalized');
      await world.create(
        meshMigration(
          `${world.name}-out`,
          { names: [b] },
          { from: 'IstioAmbient', to: 'IstioSidecar', ...callers({ [b]: [a] }) },
        ),
      );
      await world.eventually(`${b} is blocked`, async () =>
        (await world.child(b, `${world.name}-out`)).status?.findings?.some(
          ({ id, severity, message }) =>
            id === 'MM123' && severity === 'Critical' && message.includes(`in ambient: ${a};`),
        ) === true
          ? true
          : undefined,
      );
    });
  });
});
