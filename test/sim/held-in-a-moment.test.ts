import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { stalled } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const minuteMs = 60_000;

/** By who calls: outside the mesh nobody has an identity, and it would let in whom it denies. */
function denies(home: string, caller: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-caller', {
    action: 'DENY',
    rules: [{ from: [{ source: { namespaces: [caller] } }] }],
  });
}

/** What holds it came when it had begun, before its first restart: it leaves the mesh, and another one denies it. */
async function held(world: World): Promise<void> {
  const [home, other] = [world.ns(), world.ns('other')];
  await world.create(namespace(home), deployment(home, 'api', { replicas: 2 }));
  await world.create(namespace(other), deployment(other, 'db'));
  await world.podsReady(2, home);
  await world.create(meshMigration(world.name, { names: [home] }, { from: 'IstioSidecar', to: 'None' }));
  await world.eventually('it is started', async () =>
    (await world.child()).status?.direction === 'Forward' ? true : undefined,
  );
  await world.create(denies(other, home));
  await world.pause(minuteMs);
  assert.match(await stalled(world, 'HeldByFinding', home), /MM026/);
}

const moments: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'the same operator looks on': async (world) => {
    await world.pause(3000);
    assert.match(
      (await world.child()).status?.message ?? '',
      /^nothing holds it any more; it goes on when that has stayed so for 30s/,
    );
  },
  'another operator takes over meanwhile': async (world) => {
    await world.operator.kill();
    await world.operator.start();
    await world.pause(36_000); // Until it leads, and has looked for as long as the labels have to stand.
  },
};

async function run(name: string, tell: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name, podsOutside: true, run: tell });
}

describe('what holds a namespace on the way there and is away for a moment', () => {
  it.each(Object.keys(moments))('has nothing restarted: %s', async (moment) => {
    await run('held-moment', async (world) => {
      const other = world.ns('other');
      await held(world);
      await world.delete(kinds.AuthorizationPolicy, other, 'no-caller');
      await moments[moment]?.(world);
      await world.create(denies(other, world.ns()));
      await world.pause(2 * minuteMs);
      assert.deepEqual(await world.modes(), { Sidecar: 2 });
    });
  });

  it('has it go on once it has stayed away', async () => {
    await run('held-calm', async (world) => {
      await held(world);
      await world.delete(kinds.AuthorizationPolicy, world.ns('other'), 'no-caller');
      await world.childPhase('Migrated');
    });
  });

  it('is over by its deadline where it comes and goes', async () => {
    await run('held-churn', async (world) => {
      const home = world.ns();
      const behaviour = { 'ambient.istio.io/bypass-inbound-capture': 'true' };
      await world.create(namespace(home), deployment(home, 'api', { behaviour }));
      await world.podsReady(1, home);
      await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '1m' } }));
      await world.eventually('it is started', async () =>
        (await world.child()).status?.direction === 'Forward' ? true : undefined,
      );
      for (let n = 0; n < 6; n += 1) {
        await world.create(strict(home));
        if (n === 0) assert.match(await stalled(world, 'HeldByFinding', home), /MM144/);
        await world.pause(20_000);
        if ((await world.child()).status?.failure !== undefined) break;
        await world.delete(kinds.PeerAuthentication, home, strict(home).metadata.name);
        await world.pause(20_000);
      }
      assert.equal((await world.child()).status?.failure?.reason, 'CriticalFinding');
    });
  });
});
