import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import { journalAnnotation, namespaceMigrations } from '../../src/api/resources.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { stalled } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

type Labels = Readonly<Record<string, string>>;
type Selector = NonNullable<MeshMigrationSpec['namespaces']['selector']>;
type Route = Pick<MeshMigrationSpec, 'from' | 'to'>;

const injection = 'istio-injection';
const mode = 'istio.io/dataplane-mode';
const enabled: Selector = { matchLabels: { [injection]: 'enabled' } };
const toAmbient: Route = { from: 'IstioSidecar', to: 'IstioAmbient' };

/** What people select by who mean "all that are where they are to leave". */
const selections: readonly (readonly [string, Route, Labels, Selector])[] = [
  ['injection', toAmbient, { [injection]: 'enabled' }, enabled],
  [
    'injection, by an expression',
    toAmbient,
    { [injection]: 'enabled' },
    { matchExpressions: [{ key: injection, operator: 'In', values: ['enabled'] }] },
  ],
  [
    'no capture',
    toAmbient,
    { 'istio.io/rev': 'default' },
    {
      matchLabels: { 'istio.io/rev': 'default' },
      matchExpressions: [
        { key: mode, operator: 'DoesNotExist' },
        { key: injection, operator: 'DoesNotExist' },
      ],
    },
  ],
  [
    'capture',
    { from: 'IstioAmbient', to: 'IstioSidecar' },
    { [mode]: 'ambient' },
    { matchLabels: { [mode]: 'ambient' } },
  ],
  [
    'neither of both',
    { from: 'None', to: 'IstioAmbient' },
    { team: 'shop' },
    {
      matchLabels: { team: 'shop' },
      matchExpressions: [{ key: mode, operator: 'NotIn', values: ['ambient'] }],
    },
  ],
];

async function isScopeLost(world: World): Promise<boolean> {
  const { status } = await world.migration();
  return status?.conditions?.some(({ type }) => type === 'ScopeLost') === true;
}

/** One workload that is slow enough to be met half-way. */
async function shop(world: World, labels: Labels, home = world.ns()): Promise<void> {
  const behaviour = { [podBehaviour.readyAfterMs]: '3000' };
  await world.create(namespace(home, labels), deployment(home, 'api', { replicas: 2, behaviour }));
  await world.podsReady(2, home);
}

async function halfWay(world: World): Promise<void> {
  await world.eventually('it is half-way', async () =>
    (await world.child()).status?.step === 'RestartWorkloads' ? true : undefined,
  );
}

async function label(world: World, labels: Readonly<Record<string, string | null>>): Promise<void> {
  await world.patch('Namespace', undefined, world.ns(), { metadata: { labels } });
}

describe('a selection by labels that the way itself changes', () => {
  const policies = ['Hold', 'Rollback', 'Finish'] as const;
  const all = selections.flatMap(([title, ...rest]) =>
    policies.map((policy) => [`${title}, onScopeLost ${policy}`, policy, ...rest] as const),
  );

  it.each(all)('goes all the way, stays selected at rest, and comes back: %s', async (_, policy, route, labels, by) => {
    await runOnSimulation({
      name: 'by-labels',
      ...(route.from === 'None' && { podsOutside: true as const }),
      async run(world) {
        await shop(world, labels);
        const before = await world.snapshot();
        const spec = { ...route, rollback: { onScopeLost: policy } };
        await world.create(meshMigration(world.name, { selector: by }, { ...spec, action: 'Plan' }));
        const { status } = await world.phase('Planned');
        assert.deepEqual([status?.namespaces?.total, status?.findings ?? []], [1, []]);
        await world.edit({ action: 'Migrate' });
        await world.phase('Migrated');
        await world.pause(60_000);
        const rested = (await world.migration()).status;
        assert.deepEqual(
          [rested?.writtenPhase, rested?.namespaces?.migrated, rested?.findings ?? []],
          ['Migrated', 1, []],
        );
        assert.equal((await world.child()).status?.attempt, 1);
        await world.command('RollingBack');
        await world.phase('RolledBack');
        await world.restored(before);
        assert.equal(await isScopeLost(world), false);
      },
    });
  });

  it('brakes as any other: not more namespaces are under way than have slots, and all arrive', async () => {
    await runOnSimulation(
      {
        name: 'by-labels-many',
        async run(world) {
          const homes = ['a', 'b', 'c', 'd', 'e'].map((each) => world.ns(each));
          for (const home of homes) await shop(world, { [injection]: 'enabled' }, home);
          await world.create(meshMigration(world.name, { selector: enabled }));
          const { status } = await world.phase('Migrated');
          assert.deepEqual([status?.namespaces?.total, status?.namespaces?.migrated], [5, 5]);
          assert.equal(await isScopeLost(world), false);
        },
      },
      { slots: 2 },
    );
  });

  it('is final when it is finalized', async () => {
    await runOnSimulation({
      name: 'by-labels-final',
      async run(world) {
        await shop(world, { [injection]: 'enabled' });
        await world.create(meshMigration(world.name, { selector: enabled }));
        await world.phase('Migrated');
        await world.edit({ action: 'Finalize' });
        const { status } = await world.phase('Finalized');
        assert.deepEqual([status?.namespaces?.migrated, status?.findings ?? []], [1, []]);
        await world.pause(60_000);
        assert.deepEqual((await world.migration()).status, status);
      },
    });
  });

  it('holds while the journal is taken away for a moment', async () => {
    await runOnSimulation({
      name: 'by-labels-stripped',
      disturbs: true,
      async run(world) {
        await shop(world, { [injection]: 'enabled' });
        await world.create(meshMigration(world.name, { selector: enabled }, { rollback: { onScopeLost: 'Rollback' } }));
        await halfWay(world);
        await world.patch('Namespace', undefined, world.ns(), {
          metadata: { annotations: { [journalAnnotation]: null } },
        });
        await world.childPhase('Migrated');
        assert.deepEqual((await world.migration()).status?.returned ?? [], []);
      },
    });
  });

  it('leaves it to the labels themselves when a person changes one: it stops, and he says how it goes on', async () => {
    await runOnSimulation({
      name: 'by-labels-relabelled',
      disturbs: true,
      async run(world) {
        await shop(world, { [injection]: 'enabled' });
        const before = await world.snapshot();
        await world.create(meshMigration(world.name, { selector: enabled }, { rollback: { onScopeLost: 'Rollback' } }));
        await halfWay(world);
        await label(world, { [injection]: null });
        assert.match(await stalled(world, 'ForeignChange'), /istio-injection is absent instead of disabled/);
        await world.command('Migrating', world.ns());
        await world.childPhase('Migrated');
        await label(world, { [injection]: null });
        assert.match(await stalled(world, 'ForeignChange'), /istio-injection is absent instead of disabled/);
        assert.equal(await isScopeLost(world), false);
        await world.command('RollingBack', world.ns());
        await world.childPhase('RolledBack');
        await world.restored(before);
      },
    });
  });

  it('is of one migration only: another that selects by the labels of the end does not take it away', async () => {
    await runOnSimulation({
      name: 'by-labels-two',
      async run(world) {
        await shop(world, { [injection]: 'enabled' });
        await world.create(meshMigration(world.name, { selector: enabled }));
        await world.phase('Migrated');
        const back = meshMigration(
          world.ns('other'),
          { selector: { matchLabels: { [mode]: 'ambient' } } },
          { from: 'IstioAmbient', to: 'IstioSidecar' },
        );
        await world.create(back);
        const { status } = await world.phase('Blocked', world.ns('other'));
        assert.deepEqual(
          status?.findings?.map(({ id, object }) => `${id} ${object}`),
          [`MM002 Namespace ${world.ns()}`],
        );
        await world.pause(30_000);
        await world.modesAre({ Ambient: 2 });
      },
    });
  });
});

describe('a namespace that was brought back because it left the scope', () => {
  it('is not started again by itself, whatever a tool makes of its labels; a person starts it', async () => {
    await runOnSimulation({
      name: 'there-and-back',
      disturbs: true,
      async run(world) {
        const home = world.ns();
        await shop(world, { [injection]: 'enabled', team: 'shop' });
        const before = await world.snapshot();
        await world.create(
          meshMigration(
            world.name,
            { selector: { matchLabels: { team: 'shop' } } },
            { rollback: { onScopeLost: 'Rollback' }, failureBudget: { namespaces: 0 } },
          ),
        );
        await halfWay(world);
        await label(world, { team: null });
        await world.gone(namespaceMigrations, home, world.name);
        await label(world, { team: 'shop' });
        const { status } = await world.childPhase('RolledBack');
        assert.match(status?.message ?? '', /^rolled back by spec\.rollback\.onScopeLost at /);
        for (const team of [null, 'shop', null, 'shop']) {
          await world.pause(60_000);
          await label(world, { team });
        }
        await world.pause(60_000);
        await world.restored(before);
        assert.equal((await world.migration()).status?.namespaces?.failed, 0);
        assert.match(await stalled(world, 'RolledBack'), /To start again/);
        await world.command('Migrating', home);
        await world.childPhase('Migrated');
      },
    });
  });
});
