import { describe, expect, it } from '@jest/globals';
import { namespaceMigrations } from '../../src/api/resources.ts';
import { httpPort } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';
import { denyMethod } from './stalled-story.ts';
import { die, message, minuteMs, says, stalled, two, watched } from './watched-story.ts';

const losses: Readonly<Record<string, (world: World, home: string) => Promise<void>>> = {
  'its record is deleted': async (world, home) => await world.delete(namespaceMigrations, home, world.name),
  'its status is emptied': async (world, home) => await world.forge(null, home),
};

describe.each(Object.entries(losses))('what was restarted and dies when %s', (_name, lose) => {
  it('on the way is waited for, and takes the namespace back', async () => {
    await watched(two, 4, { restart: { watch: '10m', progressDeadline: '3m' } }, async (world, home) => {
      await says(world, /watching for 10m/);
      await die(world, home, 'api');
      await world.pause(10_000);
      await lose(world, home);
      await says(world, /^Deployment api was restarted and has 0 of 2 pods available/, minuteMs);
      await world.eventually('it fails', async () => (await world.child()).status?.failure, 5 * minuteMs);
      expect((await world.child()).status?.failure?.reason).toBe('WorkloadUnavailable');
    });
  });

  it('at rest is told', async () => {
    await watched(two, 4, { restart: { watch: '2m' } }, async (world, home) => {
      await world.childPhase('Migrated', home, 20 * minuteMs);
      await lose(world, home);
      await world.pause(5000);
      await die(world, home, 'api');
      await world.pause(4 * minuteMs);
      expect((await world.child()).status?.phase).toBe('Migrated');
      expect(await stalled(world)).toBe('WorkloadUnavailable');
    });
  });
});

describe('what was restarted and dies', () => {
  it('has no other one restarted beside it because its record is deleted', async () => {
    await watched(
      (home) => [...two(home), deployment(home, 'zoo', { replicas: 2 })],
      6,
      { restart: { watch: '10m', progressDeadline: '30m' } },
      async (world, home) => {
        await says(world, /restarting Deployment web/);
        await die(world, home, 'api');
        await says(world, /Deployment api was restarted and has 0 of 2/);
        await world.pause(minuteMs);
        await world.delete(namespaceMigrations, home, world.name);
        await world.pause(2 * minuteMs);
        await world.modesAre({ Ambient: 4, Sidecar: 2 });
      },
    );
  });

  it('at rest after another attempt is told', async () => {
    await watched(
      (home) => [service(home, 'api', {}, httpPort), deployment(home, 'api', { replicas: 2 })],
      2,
      { restart: { watch: '2m' }, policies: { bypass: 'FailClosed' } } as never,
      async (world, home) => {
        await world.childPhase('Migrated', home, 10 * minuteMs);
        await world.create(denyMethod(home));
        await world.pause(20_000);
        await world.command('Migrating', home);
        await world.eventually(
          'it rests behind a waypoint',
          async () => {
            const { status } = await world.child();
            return status?.itinerary === 'L7' && status.phase === 'Migrated' ? true : undefined;
          },
          10 * minuteMs,
        );
        await die(world, home, 'api');
        await world.pause(4 * minuteMs);
        expect(await stalled(world)).toBe('WorkloadUnavailable');
      },
    );
  });
});

describe('what was restarted for HBONE only and dies at rest', () => {
  it('is told without a way that would bring nothing back', async () => {
    await runOnSimulation({
      name: 'watched',
      disturbs: true,
      podsOutside: true,
      prepare: async (world) => {
        const stays = world.ns('stays');
        await world.create(namespace(stays), deployment(stays, 'api', { replicas: 2 }));
        await world.podsReady(2, stays);
      },
      run: async (world) => {
        const [home, stays] = [world.ns(), world.ns('stays')];
        await world.create(namespace(home), deployment(home, 'web'));
        await world.podsReady(1, home);
        const restart = { watch: '1m', hboneNamespaces: { names: [stays] } };
        await world.create(meshMigration(world.name, { names: [home] }, { restart }));
        await world.childPhase('Migrated', stays, 20 * minuteMs);
        await die(world, stays, 'api');
        await world.pause(3 * minuteMs);
        expect(await stalled(world, stays)).toBe('WorkloadUnavailable');
        const said = await message(world, stays);
        expect(said).toMatch(/kubectl rollout restart deployment\/api -n \S*stays/);
        expect(said).not.toContain('RollingBack');
      },
    });
  });
});
