import { expect, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
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
