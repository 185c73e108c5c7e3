import { expect, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { commandsIn, looksOnly, paste } from './paste.ts';
import { runOnSimulation } from './run-scenario.ts';

it('what was taken back for itself and with the whole is started again by the commands that the messages name', async () => {
  await runOnSimulation({
    name: 'again',
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home), deployment(home, 'web'));
      await world.podsReady(1);
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      await world.command('RollingBack');
      await world.command('RollingBack', home);
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 1 });

      const [whole, child] = [(await world.migration()).status, (await world.child()).status];
      const message = stalledBy(whole?.conditions)?.message ?? '';
      expect(message).toContain('Each was taken back for itself');
      const lines = [...commandsIn(stalledBy(child?.conditions)?.message ?? ''), ...commandsIn(message)].filter(
        (line) => !looksOnly(line),
      );
      expect(lines).toHaveLength(2);
      for (const line of lines) await paste(world, line);
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 1 });
    },
  });
});

it.each(['Plan', 'Pause', 'Finalize', 'Rollback'])(
  'what has failed stays so where it is told to start again while spec.action is %s, and the answer says what to do first',
  async (action) => {
    await runOnSimulation({
      name: 'again-later',
      disturbs: true,
      async run(world) {
        const [failing, other] = [world.ns('failing'), world.ns('other')];
        const spoilt = { [podBehaviour.neverReady]: 'without-sidecar' };
        await world.create(namespace(failing), deployment(failing, 'web', { behaviour: spoilt }));
        await world.create(namespace(other), deployment(other, 'web'));
        for (const home of [failing, other]) await world.podsReady(1, home);
        const options = { restart: { progressDeadline: '30s' }, failureBudget: { namespaces: 1 } };
        await world.create(meshMigration(world.name, { names: [failing, other] }, options));
        await world.childPhase('RolledBack', failing);
        await world.childPhase('Migrated', other);
        await world.edit({ action });
        await world.pause(30_000);
        await world.command('Migrating', failing);
        await world.pause(30_000);
        const { status } = await world.child(failing);
        expect([status?.phase, status?.failure?.reason]).toEqual(['RolledBack', 'WorkloadUnavailable']);
        const answer = status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message ?? '';
        expect(answer).toContain(`spec.action is ${action}, so nothing is started`);
        for (const line of commandsIn(answer)) await paste(world, line);
        await world.patch('Deployment', failing, 'web', {
          spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: null } } } },
        });
        await world.pause(60_000);
        await world.command('Migrating', failing);
        await world.childPhase('Migrated', failing);
      },
    });
  },
);
