import { describe, expect, it } from '@jest/globals';
import type { Logger } from '../../src/base/log.ts';
import { silentLogger } from '../../src/base/log.ts';
import { checksOf, istio, rules } from '../../src/mesh/istio/adapter.ts';
import type { MeshAdapter, Surroundings } from '../../src/mesh/adapter.ts';
import type { Rule } from '../../src/mesh/istio/findings/rule.ts';
import { meshMigration } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { moved, plain } from './caller-and-called.ts';
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

async function run(name: string, adapter: MeshAdapter, log: Logger, story: (world: World, a: string, b: string) => Promise<void>): Promise<void> {
  await runOnSimulation({ name, run: async (world) => { await story(world, world.ns('a'), world.ns('b')); } }, { adapter, log });
}

describe('a rule of ours that throws', () => {
  it('blocks the namespace that it is about, is named there and told once with its stack', async () => {
    const told: Readonly<Record<string, unknown>>[] = [];
    const log: Logger = { ...silentLogger, error: (fields, message) => { if (message === 'Internal error') told.push(fields); } };
    let failed = '';
    await run('broken', failing((name) => name === failed, 'Start'), log, async (world, a, b) => {
      failed = a;
      await plain(world, a);
      await plain(world, b);
      await world.create(meshMigration(world.name, { names: [a, b] }));
      await world.childPhase('Migrated', b);
      const { status } = await world.childPhase('Blocked', a);

      expect(status?.findings?.[0]).toMatchObject({ id: 'MM009', severity: 'Critical', object: `Namespace ${a}`, message: 'internal error in rule MM999' });
      expect(JSON.stringify(status)).not.toMatch(/secret|TypeError|\.ts:/);
    });

    expect(told).toEqual([{ namespace: failed, where: 'rule MM999', err: expect.any(TypeError) }]);
  });

  it('does not keep a namespace from going back', async () => {
    let isBroken = false;
    await run('back', failing(() => isBroken, 'Always'), silentLogger, async (world, a, b) => {
      await moved(world, a, b);
      isBroken = true;
      await world.command('RollingBack');
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 1 }, a);
      await world.modesAre({ Sidecar: 1 }, b);
    });
  });
});
