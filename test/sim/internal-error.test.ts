import { describe, expect, it } from '@jest/globals';
import type { Logger } from '../../src/base/log.ts';
import { stalledBy } from '../../src/api/common.ts';
import { silentLogger } from '../../src/base/log.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { checksOf } from '../../src/mesh/istio/checks.ts';
import { rules } from '../../src/mesh/istio/rules.ts';
import type { MeshAdapter, Surroundings } from '../../src/mesh/adapter.ts';
import type { Rule } from '../../src/mesh/istio/findings/rule.ts';
import { meshMigration, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { called, moved, plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';

/** An adapter with a rule of ours that throws about namespaces for which `fails` says so. */
function failing(fails: (name: string) => boolean, when: 'Start' | 'Always'): MeshAdapter {
  const find = ({ namespace: { name } }: Surroundings): readonly [] => {
    if (fails(name)) throw new TypeError(`Cannot read properties of null, secret of ${name}`);
    return [];
  };
  const rule: Rule = { id: 'MM999', severity: 'Warning', when, title: 'Broken', fix: 'none', find };
  return { ...istio, ...checksOf([rule, ...rules]) };
}

async function run(
  name: string,
  adapter: MeshAdapter,
  log: Logger,
  story: (world: World, a: string, b: string) => Promise<void>,
): Promise<void> {
  await runOnSimulation(
    {
      name,
      run: async (world) => {
        await story(world, world.ns('a'), world.ns('b'));
      },
    },
    { adapter, log },
  );
}

describe('a rule of ours that throws', () => {
  it('blocks the namespace that it is about, is named there and told once with its stack', async () => {
    const told: Readonly<Record<string, unknown>>[] = [];
    const log: Logger = {
      ...silentLogger,
      error: (fields, message) => {
        if (message === 'Internal error') told.push(fields);
      },
    };
    let failed = '';
    await run(
      'broken',
      failing((name) => name === failed, 'Start'),
      log,
      async (world, a, b) => {
        failed = a;
        await plain(world, a);
        await plain(world, b);
        await world.create(meshMigration(world.name, { names: [a, b] }));
        await world.childPhase('Migrated', b);
        const { status } = await world.childPhase('Blocked', a);

        expect(status?.findings?.[0]).toMatchObject({
          id: 'MM009',
          severity: 'Critical',
          object: `Namespace ${a}`,
          message: 'internal error in rule MM999',
        });
        expect(JSON.stringify(status)).not.toMatch(/secret|TypeError|\.ts:/);
      },
    );

    expect(told).toEqual([{ namespace: failed, where: 'rule MM999', err: expect.any(TypeError) }]);
  });

  it('does not keep a namespace from going back', async () => {
    let isBroken = false;
    await run(
      'back',
      failing(() => isBroken, 'Always'),
      silentLogger,
      async (world, a, b) => {
        await moved(world, a, b);
        isBroken = true;
        await world.command('RollingBack');
        await world.phase('RolledBack');
        await world.modesAre({ Sidecar: 1 }, a);
        await world.modesAre({ Sidecar: 1 }, b);
      },
    );
  });
});

/** What `decide` asks of the adapter besides rules and steps, and what it throws about. */
type Asked = 'isOurs' | 'modeOf' | 'concerns' | 'arrived';

describe('what a decision asks besides rules and steps', () => {
  /** The question throws where `fails` says so of the first thing that it is asked about. */
  function throwing(
    asked: Asked,
    fails: (about: { readonly name?: string; readonly namespace?: string }) => boolean,
  ): MeshAdapter {
    const ask = (...given: readonly unknown[]): unknown => {
      if (fails(given[0] as { readonly name?: string })) throw new RangeError('Maximum call stack size exceeded');
      return (istio[asked] as (...all: readonly unknown[]) => unknown)(...given);
    };
    return { ...istio, [asked]: ask };
  }

  it.each<['a' | 'b']>([['a'], ['b']])(
    'takes an object that it fails about for nobody of ours: what is begun stays where it is and says so, and a rollback goes on: in %s',
    async (place) => {
      await run(
        'odd',
        throwing('isOurs', ({ name }) => name === 'odd'),
        silentLogger,
        async (world, a, b) => {
          const home = place === 'a' ? a : b;
          await plain(world, a);
          await called(world, b, 'nobody');
          await world.create(meshMigration(world.name, { names: [a, b] }));
          await world.phase('Migrated');
          await world.create(
            object('WasmPlugin', home, 'odd', {
              url: 'oci://registry.example.com/odd:1',
              selector: { matchLabels: { app: 'none' } },
            }),
          );
          // Behind no waypoint there is nothing at rest of which it would be asked.
          if (home === b) {
            const { findings, phase } = await world.eventually('said', async () => {
              const { status } = await world.child(home);
              return stalledBy(status?.conditions)?.reason === 'MM009' ? status : undefined;
            });
            expect(findings?.[0]).toMatchObject({
              id: 'MM009',
              severity: 'Critical',
              object: `Namespace ${home}`,
              message: `internal error in whose WasmPlugin ${home}/odd is`,
            });
            expect(phase).toBe('Migrated');
          }

          await world.edit({ action: 'Rollback' });
          await world.phase('RolledBack');
          await world.modesAre({ Sidecar: 1 }, a);
          await world.modesAre({ Sidecar: 1 }, b);
          expect((await world.child(home)).status?.findings).toContainEqual(expect.objectContaining({ id: 'MM009' }));
        },
      );
    },
  );

  it.each<[Asked]>([['modeOf'], ['concerns'], ['arrived']])('blocks what is not begun: %s', async (asked) => {
    let failed = '';
    await run(
      'early',
      throwing(
        asked,
        ({ namespace, name }) => failed !== '' && (asked === 'arrived' || namespace === failed || name === failed),
      ),
      silentLogger,
      async (world, a) => {
        failed = a;
        await plain(world, a);
        await world.create(meshMigration(world.name, { names: [a] }));
        const { status } = await world.childPhase('Blocked', a);
        expect(status?.findings?.[0]).toMatchObject({ id: 'MM009', severity: 'Critical' });
        expect(stalledBy(status?.conditions)?.message).toContain('MM009');
      },
    );
  });

  it('says so in the namespace and in the migration where the decision itself fails, and takes up a command when it does not any more', async () => {
    let isBroken = false;
    const labels = [...istio.labels];
    const adapter: MeshAdapter = {
      ...istio,
      get labels(): readonly string[] {
        if (isBroken) throw new TypeError('secret');
        return labels;
      },
    };
    await run('itself', adapter, silentLogger, async (world, a) => {
      await plain(world, a);
      await world.create(meshMigration(world.name, { names: [a] }));
      await world.phase('Migrated');
      isBroken = true;
      await world.edit({ action: 'Rollback' });
      await world.eventually('said', async () =>
        stalledBy((await world.child(a)).status?.conditions)?.reason === 'MM009' ? true : undefined,
      );
      await world.eventually('told', async () =>
        stalledBy((await world.migration()).status?.conditions)?.message.includes('internal error in the decision') ===
        true
          ? true
          : undefined,
      );
      expect(JSON.stringify((await world.child(a)).status)).not.toContain('secret');
      isBroken = false;
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 1 }, a);
    });
  });
});
