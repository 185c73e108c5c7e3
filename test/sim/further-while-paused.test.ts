import { describe, expect, it } from '@jest/globals';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import { commandsIn, paste } from './paste.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * At rest without a waypoint, a policy has come that needs one: until the command to go on is carried out nobody enforces it, and that is said.
 */

describe('a command to go on through a waypoint', () => {
  it.each(['Pause', 'Plan'])('is not taken while spec.action is %s, and the finding stays', async (action) => {
    await runOnSimulation({
      name: 'further',
      disturbs: true,
      async run(world) {
        const home = world.ns();
        await world.create(namespace(home), service(home, 'api'), deployment(home, 'api'));
        await world.podsReady(1);
        const callers = [{ namespace: home, from: [] }];
        await world.create(meshMigration(world.name, { names: [home] }, { callers }));
        await world.phase('Migrated');
        await world.edit({ action });
        const rules = [{ to: [{ operation: { paths: ['/admin'] } }] }];
        await world.create(object('AuthorizationPolicy', home, 'emergency', { action: 'DENY', rules }));
        await world.pause(10_000);
        await world.command('Migrating', home);
        await world.pause(30_000);
        const { status } = await world.child();
        expect([status?.phase, status?.message]).toEqual(['Migrated', expect.stringContaining('MM020')]);
        const answer = status?.conditions?.find(({ type }) => type === 'CommandRejected')?.message ?? '';
        expect(answer).toContain(`spec.action is ${action}`);
        for (const line of commandsIn(answer)) await paste(world, line);
        await world.pause(10_000);
        await world.command('Migrating', home);
        await world.eventually('the waypoint enforces it', async () => {
          const { status: now } = await world.child();
          return now?.itinerary === 'L7' && now.phase === 'Migrated' ? true : undefined;
        });
      },
    });
  });
});
