import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { meshMigrations, type MeshMigration } from '../../src/api/resources.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { barePod, kinds, meshMigration, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { called, plain } from './caller-and-called.ts';
import { commandsIn, paste } from './paste.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const minuteMs = 60_000;

const required = { approval: { mode: 'Required', plans: [] as string[] } } as const;

async function run(name: string, tell: (world: World) => Promise<void>): Promise<void> {
  await runOnSimulation({ name, run: tell });
}

/** Applies as a tool does that has everything from a repository. */
async function applied({ cluster, clock }: World, stated: KubeObject): Promise<void> {
  const git = new KubeClient({
    transport: cluster.admin,
    clock,
    random: () => 0,
    fieldManager: 'kustomize-controller',
  });
  await git.apply(meshMigrations, stated, { signal: new AbortController().signal });
}

/** The message that asks for an approval; it has to match. */
async function asks(world: World, words: RegExp): Promise<string> {
  return await world.eventually(`ApprovalRequired ${words.source}`, async () => {
    const condition = stalledBy((await world.migration()).status?.conditions);
    return condition?.reason === 'ApprovalRequired' && words.test(condition.message) ? condition.message : undefined;
  });
}

/** Carries out the command at the end of the message. */
async function approve(world: World, message: string): Promise<void> {
  const line = commandsIn(message).at(-1) ?? '';
  assert.match(line, /\/spec\/approval\/plans\/-/);
  await paste(world, line);
}

async function says(world: World, suffix: string, words: RegExp): Promise<void> {
  await world.eventually(`${suffix} says ${words.source}`, async () =>
    words.test((await world.child(world.ns(suffix))).status?.message ?? '') ? true : undefined,
  );
}

async function planned(world: World): Promise<MeshMigration> {
  return await world.eventually('a plan', async () => {
    const migration = await world.migration();
    return migration.status?.plan?.hash === undefined ? undefined : migration;
  });
}

async function hasStarted(world: World, suffix: string): Promise<boolean> {
  return (await world.child(world.ns(suffix))).status?.direction !== undefined;
}

describe('an approval that is required', () => {
  it('is asked of the manifest that states the approvals, and of nobody beside it', async () => {
    await run('stated', async (world) => {
      await plain(world, world.ns('a'));
      const stated = meshMigration(world.name, { names: [world.ns('a')] }, required);
      await applied(world, stated);
      const message = await asks(world, /1 namespace of 1 cannot start/);
      assert.deepEqual(commandsIn(message), []);
      const { status } = await planned(world);
      const hash = status?.plan?.hash ?? '';
      assert.ok(
        message.includes(`add ${hash} to spec.approval.plans of the manifest that kustomize-controller applies`),
        message,
      );
    });
  });

  it('keeps everything from starting until somebody gives it by the command that the status names', async () => {
    await run('approved', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      await start(world, required, ['a', 'b']);
      const message = await asks(world, /2 namespaces of 2 cannot start: .* waits until somebody approves/);
      await says(world, 'a', /waits until somebody approves of its plan/);
      assert.equal((await world.migration()).status?.plan?.awaiting, 2);
      await world.operator.kill();
      await world.operator.start();
      await world.pause(60_000);
      assert.deepEqual([await hasStarted(world, 'a'), await hasStarted(world, 'b')], [false, false]);
      await approve(world, message);
      await world.phase('Migrated');
    });
  });

  it('is given by the hash that a plan showed before, and by what is the same again', async () => {
    await run('approved-before', async (world) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await plain(world, a);
      await called(world, b, a);
      await start(world, { action: 'Plan' }, ['a', 'b']);
      const hash = (await planned(world)).status?.plan?.hash ?? '';
      await world.patch('Deployment', a, 'web', { spec: { replicas: 3 } });
      await world.podsReady(3, a);
      const methods = async (...names: readonly string[]): Promise<void> => {
        const rules = [{ from: [{ source: { namespaces: [a] } }], to: [{ operation: { methods: names } }] }];
        await world.patch('AuthorizationPolicy', b, 'readers', { spec: { rules } });
      };
      await methods('GET', 'HEAD');
      await world.eventually('another plan', async () =>
        [undefined, hash].includes((await world.migration()).status?.plan?.hash) ? undefined : true,
      );
      await methods('GET');
      await world.edit({ action: 'Migrate', approval: { mode: 'Required', plans: [hash] } });
      await world.phase('Migrated');
      assert.equal((await world.migration()).status?.plan?.hash, hash);
    });
  });

  it('is for one wave where its hash is that of the wave', async () => {
    await run('approved-wave', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      const wave = { name: 'canary', namespaces: { names: [world.ns('a')] }, soak: '0s', maxFailures: 0 };
      await start(world, { ...required, waves: [wave] }, ['a', 'b']);
      await approve(world, await asks(world, /of wave canary/));
      await world.childPhase('Migrated', world.ns('a'));
      await approve(world, await asks(world, /of wave \(others\)/));
      await world.phase('Migrated');
    });
  });

  it('is only asked of the waves that say so', async () => {
    await run('approval-of-others', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      const wave = { name: 'canary', namespaces: { names: [world.ns('a')] }, soak: '0s', maxFailures: 0 };
      await start(world, { ...required, waves: [{ ...wave, approval: 'Auto' }] }, ['a', 'b']);
      await world.childPhase('Migrated', world.ns('a'));
      await approve(world, await asks(world, /1 namespace of wave \(others\)/));
      await world.phase('Migrated');
    });
  });

  it('holds for the namespaces whose plans stayed the same, and not for one whose plan changed', async () => {
    await run('changed-plan', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      await start(world, { ...required, action: 'Plan' }, ['a', 'b']);
      const hash = (await planned(world)).status?.plan?.hash ?? '';
      await world.edit({ approval: { mode: 'Required', plans: [hash] } });
      await world.eventually('it is approved', async () =>
        (await world.migration()).status?.plan?.approved?.length === 2 ? true : undefined,
      );
      await world.create(
        object('Sidecar', world.ns('b'), 'narrow', { egress: [{ hosts: ['./*', 'istio-system/*'] }] }),
      );
      await world.eventually('b is planned anew', async () =>
        (await world.migration()).status?.plan?.hash === hash ? undefined : true,
      );
      await world.edit({ action: 'Migrate' });
      await world.childPhase('Migrated', world.ns('a'));
      const message = await asks(
        world,
        /b waits: what is made for it or what its owner states changed since somebody approved/,
      );
      assert.equal(await hasStarted(world, 'b'), false);
      await approve(world, message);
      await world.phase('Migrated');
    });
  });

  it('is kept whatever pods come and go, and whatever is warned of them', async () => {
    await run('pods-come', async (world) => {
      const a = world.ns('a');
      await plain(world, a);
      await start(world, { ...required, action: 'Plan' }, ['a']);
      const hash = (await planned(world)).status?.plan?.hash ?? '';
      await world.edit({ approval: { mode: 'Required', plans: [hash] } });
      await world.create(barePod(a, 'run-1'));
      await world.eventually('a warning of the pod', async () =>
        (await world.child(a)).status?.findings?.some(({ object: of }) => of === `Pod ${a}/run-1`) === true
          ? true
          : undefined,
      );
      await world.pause(minuteMs);
      assert.equal((await world.migration()).status?.plan?.hash, hash);
      await world.delete(kinds.Pod, a, 'run-1');
      await world.edit({ action: 'Migrate' });
      await world.phase('Migrated');
    });
  });

  it('is given to one alone, whoever else changes his own again and again', async () => {
    await run('one-alone', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      await start(world, required, ['a', 'b']);
      await asks(world, /2 namespaces/);
      const { status } = await world.child(world.ns('a'));
      const [hash = ''] = /sha256:[0-9a-f]{64}/.exec(status?.message ?? '') ?? [];
      const narrow = (name: string) => object('Sidecar', world.ns('b'), name, { egress: [{ hosts: ['./*'] }] });
      for (const name of ['one', 'two']) {
        await world.create(narrow(name));
        await world.pause(minuteMs);
      }
      await world.edit({ approval: { mode: 'Required', plans: [hash] } });
      await world.childPhase('Migrated', world.ns('a'));
      await asks(world, /1 namespace of 2 cannot start/);
      assert.equal(await hasStarted(world, 'b'), false);
    });
  });

  it('that is taken back starts nothing more, and leaves alone what is under way', async () => {
    await run('taken-back', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      const wave = { name: 'canary', namespaces: { names: [world.ns('a')] }, soak: '5m', maxFailures: 0 };
      await start(world, { ...required, waves: [wave] }, ['a', 'b']);
      const { status } = await world.eventually('a plan', async () => {
        const migration = await world.migration();
        return migration.status?.plan?.waves?.length === 2 ? migration : undefined;
      });
      await world.edit({ approval: { mode: 'Required', plans: [status?.plan?.hash ?? ''] } });
      await world.childPhase('Migrating', world.ns('a'));
      await world.edit({ approval: { mode: 'Required', plans: [] } });
      await world.childPhase('Migrated', world.ns('a'));
      await world.pause(6 * 60_000);
      await asks(world, /of wave \(others\)/);
      assert.equal(await hasStarted(world, 'b'), false);
    });
  });

  it('is not had by saying in the record of a namespace that its plan is another one', async () => {
    await run('forged-plan', async (world) => {
      await plain(world, world.ns('a'));
      await start(world, { ...required, action: 'Plan' }, ['a']);
      const { status } = await planned(world);
      const approved = (await world.child(world.ns('a'))).status?.planDigest ?? '';
      await world.edit({ approval: { mode: 'Required', plans: [status?.plan?.hash ?? ''] } });
      await world.eventually('it is approved', async () =>
        (await world.migration()).status?.plan?.approved?.length === 1 ? true : undefined,
      );
      await world.create(
        object('Sidecar', world.ns('a'), 'narrow', { egress: [{ hosts: ['./*', 'istio-system/*'] }] }),
      );
      await world.eventually('it is planned anew', async () =>
        (await world.child(world.ns('a'))).status?.planDigest === approved ? undefined : true,
      );
      await world.edit({ action: 'Migrate' });
      await asks(world, /what its owner states changed/);
      for (let times = 0; times < 3; times++) {
        await world.forge({ planDigest: approved }, world.ns('a'));
        await world.pause(20_000);
      }
      assert.equal(await hasStarted(world, 'a'), false);
      assert.notEqual((await world.child(world.ns('a'))).status?.planDigest, approved);
    });
  });

  it('is asked of whoever joins, and has nobody else wait for that', async () => {
    await run('joining-plan', async (world) => {
      for (const suffix of ['a', 'b']) await plain(world, world.ns(suffix));
      await start(world, { ...required, action: 'Plan' }, ['a']);
      const hash = (await planned(world)).status?.plan?.hash ?? '';
      await world.edit({ approval: { mode: 'Required', plans: [hash] } });
      await world.eventually('it is approved', async () =>
        (await world.migration()).status?.plan?.approved?.length === 1 ? true : undefined,
      );
      await world.edit({ action: 'Migrate', namespaces: { names: [world.ns('a'), world.ns('b')] } });
      await world.childPhase('Migrated', world.ns('a'));
      await approve(world, await asks(world, /1 namespace of 2 cannot start/));
      await world.phase('Migrated');
    });
  });
});
