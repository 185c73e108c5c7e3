import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { noWayBack, stalled } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const slow = { behaviour: { [podBehaviour.readyAfterMs]: '4000' } };
const ambient = { 'istio.io/dataplane-mode': 'ambient' };

/** Refuses callers by their address. */
function deny(home: string, block: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-addresses', {
    action: 'DENY',
    rules: [{ from: [{ source: { ipBlocks: [block] } }] }],
  });
}

async function inAmbient(world: World, home: string): Promise<void> {
  await world.create(namespace(home, ambient), deployment(home, 'web', slow));
  await world.podsReady(1, home);
}

/**
 * `b` has sidecars that take HBONE, and `c`, which is in no migration, calls it; from ambient unless it `joins` later.
 */
async function on(
  name: string,
  story: (world: World, b: string, c: string) => Promise<void>,
  joins = false,
): Promise<void> {
  await runOnSimulation({
    name,
    async run(world) {
      const [b, c] = [world.ns('b'), world.ns('c')];
      await world.create(namespace(b), deployment(b, 'api'));
      await world.podsReady(1, b);
      if (!joins) await inAmbient(world, c);
      await story(world, b, c);
    },
  });
}

async function migrate(world: World, b: string, c: string): Promise<void> {
  await world.create(
    meshMigration(world.name, { names: [b] }, { callers: [{ namespace: b, from: [{ namespace: c }] }] }),
  );
  await world.phase('Migrated');
}

/** Sees it told at rest, rolls back, and sees why nothing of it happens. */
async function stuck(world: World, b: string, c: string, pods = 1): Promise<void> {
  const told = await world.eventually('it is told at rest', () => noWayBack(world, b));
  assert.match(told, new RegExp(`a rollback would wait: .*${b}/no-addresses asks about, and ${c} stay in ambient`));
  await world.edit({ action: 'Rollback' });
  const message = await stalled(world, 'RollbackStuck', b);
  assert.match(
    message,
    new RegExp(
      `${b}/no-addresses asks about: .*but ${c} stay in ambient: name the callers in the policy by principals`,
    ),
  );
  assert.doesNotMatch(message, /roll them back/);
  assert.deepEqual(await world.modes(b), { Ambient: pods });
  await world.delete(kinds.AuthorizationPolicy, b, 'no-addresses');
  await world.phase('RolledBack');
}

describe('a rollback beside callers that were in ambient before the start, and stay', () => {
  it('goes all the way where the sidecars of before did not see their addresses either', async () => {
    await on('seen-never', async (world, b, c) => {
      await world.create(deny(b, '10.244.0.0/16'));
      const before = await world.snapshot(b);
      await migrate(world, b, c);
      await world.operator.kill();
      await world.operator.start();
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      await world.restored(before, b);
    });
  });

  it('that nobody commanded does so too', async () => {
    await on('failed', async (world, b, c) => {
      await world.create(
        deny(b, '192.0.2.0/24'),
        deployment(b, 'never', { behaviour: { [podBehaviour.neverReady]: 'without-sidecar' } }),
      );
      await world.podsReady(2, b);
      await world.create(
        meshMigration(
          world.name,
          { names: [b] },
          { callers: [{ namespace: b, from: [{ namespace: c }] }], restart: { progressDeadline: '30s' } },
        ),
      );
      await world.childPhase('RolledBack', b);
      await world.modesAre({ Sidecar: 2 }, b);
    });
  });

  it('stands where the policy came since, because it refuses now what would get through', async () => {
    await on('later-policy', async (world, b, c) => {
      await migrate(world, b, c);
      await world.create(deny(b, '10.244.0.0/16'));
      await stuck(world, b, c);
    });
  });

  it('stands where the policy refuses others since', async () => {
    await on('edited-policy', async (world, b, c) => {
      await world.create(deny(b, '192.0.2.0/24'));
      await migrate(world, b, c);
      await world.patch('AuthorizationPolicy', b, 'no-addresses', {
        spec: { rules: [{ from: [{ source: { ipBlocks: ['10.244.0.0/16'] } }] }] },
      });
      await stuck(world, b, c);
    });
  });

  it('stands where a workload came since that a policy of before protects', async () => {
    await on('later-called', async (world, b, c) => {
      await world.create(deny(b, '10.244.0.0/16'));
      await migrate(world, b, c);
      await world.create(deployment(b, 'later'));
      await world.podsReady(2, b);
      await stuck(world, b, c, 2);
    });
  });

  it('stands where a caller came to ambient since', async () => {
    await on(
      'later-caller',
      async (world, b, c) => {
        await world.create(deny(b, '10.244.0.0/16'));
        await migrate(world, b, c);
        await inAmbient(world, c);
        await stuck(world, b, c);
      },
      true,
    );
  });
});

/** `a` calls `b`; both are in ambient and go to sidecars, and back. */
async function leaving(name: string, story: (world: World, a: string, b: string) => Promise<void>): Promise<void> {
  await runOnSimulation({
    name,
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      for (const home of [a, b]) await inAmbient(world, home);
      await world.create(
        meshMigration(
          world.name,
          { names: [a, b] },
          { from: 'IstioAmbient', to: 'IstioSidecar', callers: [{ namespace: b, from: [{ namespace: a }] }] },
        ),
      );
      await world.phase('Migrated');
      await world.create(deny(b, '10.244.0.0/16'));
      await story(world, a, b);
    },
  });
}

/** The same where `b` has sidecars before the start, and stays. */
async function leavingAlone(name: string, story: (world: World, a: string, b: string) => Promise<void>): Promise<void> {
  await runOnSimulation({
    name,
    async run(world) {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await inAmbient(world, a);
      await world.create(namespace(b), deployment(b, 'api'), deny(b, '10.244.0.0/16'));
      await world.podsReady(1, b);
      await world.create(
        meshMigration(
          world.name,
          { names: [a] },
          { from: 'IstioAmbient', to: 'IstioSidecar', callers: [{ namespace: b, from: [{ namespace: a }] }] },
        ),
      );
      await world.phase('Migrated');
      await story(world, a, b);
    },
  });
}

describe('a rollback to ambient beside sidecars that decide by the address of the caller', () => {
  it('has the called in ambient first', async () => {
    await leaving('out-whole', async (world, a, b) => {
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      const [left, flipped] = [
        await world.completedAt('RestoreWorkloads', b),
        await world.completedAt('RestoreLabels', a),
      ];
      assert.ok(
        left !== '' && left <= flipped,
        `${b} was to leave its sidecars (${left}) before ${a} changed (${flipped})`,
      );
    });
  });

  it('of the caller alone stands until the called goes back too', async () => {
    await leaving('out-alone', async (world, a, b) => {
      await world.command('RollingBack', a);
      const message = await stalled(world, 'RollbackStuck', a);
      assert.match(
        message,
        new RegExp(
          `${b}/no-addresses asks about: ${b} leave their sidecars first, but ${b} do not: roll them back too`,
        ),
      );
      assert.deepEqual(await world.modes(a), { Sidecar: 1 });
      await world.command('RollingBack', b);
      await world.childPhase('RolledBack', a);
      await world.modesAre({ Ambient: 1 }, a);
    });
  });

  it('waits for no sidecars that did not see it before the start either', async () => {
    await leavingAlone('out-before', async (world) => {
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
    });
  });

  it('waits where there are others since that these protect', async () => {
    await leavingAlone('out-later-called', async (world, a, b) => {
      await world.create(deployment(b, 'later'));
      await world.podsReady(2, b);
      await world.edit({ action: 'Rollback' });
      const message = await stalled(world, 'RollbackStuck', a);
      assert.match(message, new RegExp(`${b}/no-addresses asks about: .*but ${b} keep their sidecars`));
      await world.delete(kinds.Deployment, b, 'later');
      await world.phase('RolledBack');
    });
  });
});
