import { describe, expect, it } from '@jest/globals';
import { originalLabelsAnnotation } from '../../src/api/resources.ts';
import { allowGet, shop } from '../scenarios/http.ts';
import {
  ambientShop,
  back,
  isBack,
  madeByRole,
  waypointAllowsGet,
  waypointDeniesDelete,
} from '../scenarios/http-back.ts';
import { meshMigration } from '../scenarios/manifests.ts';
import { record } from '../../src/mesh/json.ts';
import type { Snapshot, World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const useWaypoint = 'istio.io/use-waypoint';

async function writes(world: World, value: unknown, name = 'api'): Promise<void> {
  await world.patch('Service', world.ns(), name, {
    metadata: {
      annotations: { [originalLabelsAnnotation]: typeof value === 'string' ? value : JSON.stringify(value) },
    },
  });
}

function labelsOf({ services }: Snapshot): readonly unknown[] {
  return Object.entries(services).map(([name, service]) => [name, record(service)['labels']]);
}

const cases: readonly (readonly [string, unknown])[] = [
  ['another value', { [useWaypoint]: 'theirs' }],
  ['the value of the binding', { [useWaypoint]: 'waypoint' }],
  ['what no label can be', { [useWaypoint]: 'not valid!' }],
  ['a number', { [useWaypoint]: 7 }],
  ['other keys', { 'istio.io/rev': 'canary' }],
  ['nothing that can be read', '{'],
];

describe('the record of a Service that somebody writes anew', () => {
  it.each(cases)('is put back from the journal, and the rollback is exact: %s', async (_what, value) => {
    await runOnSimulation({
      name: 'written',
      disturbs: true,
      run: async (world) => {
        const home = world.ns();
        await shop(world, allowGet(home));
        const before = await world.snapshot();
        await world.create(meshMigration(world.name, { names: [home] }, { policies: { settle: '8s' } }));
        await world.phase('Migrated');
        const journal = (await world.snapshot()).annotations['meshmigration.dev/journal'];
        await writes(world, value);
        await world.pause(20_000);
        expect((await world.snapshot()).annotations['meshmigration.dev/journal']).toBe(journal);
        await writes(world, value);
        await world.edit({ action: 'Rollback' });
        const { status } = await world.childPhase('RolledBack');
        expect((await world.snapshot()).services).toEqual(before.services);
        expect(status?.conditions?.find(({ type }) => type === 'Restored')?.status).toBe('True');
      },
    });
  });
});

const moments = ['before the start', 'when it has begun', 'when it is back'] as const;
const planted: readonly (readonly [string, unknown])[] = [
  ['another value', { [useWaypoint]: 'theirs' }],
  ['the value of the binding', { [useWaypoint]: 'waypoint', 'istio.io/ingress-use-waypoint': 'true' }],
  ['another label', { 'istio.io/ingress-use-waypoint': 'false' }],
  ['what no label can be', { [useWaypoint]: 'not valid!' }],
];

describe('a record of a Service that is not ours, as an exported manifest brings it along', () => {
  it.each(
    moments.flatMap((moment) =>
      planted
        .slice(0, moment === 'when it is back' ? 2 : planted.length)
        .map(([what, value]) => [moment, what, value] as const),
    ),
  )('%s: %s says nothing of what the labels were', async (moment, _what, value) => {
    await runOnSimulation({
      name: 'planted',
      disturbs: true,
      run: async (world) => {
        const home = world.ns();
        await shop(world, allowGet(home));
        await world.patch('Service', home, 'web', {
          metadata: { labels: { 'istio.io/ingress-use-waypoint': 'false' } },
        });
        const before = await world.snapshot();
        const were = labelsOf(before);
        const plant = async (): Promise<void> => {
          await writes(world, value);
          await writes(world, value, 'web');
        };
        if (moment === 'before the start') await plant();
        await world.create(meshMigration(world.name, { names: [home] }, { policies: { settle: '8s' } }));
        if (moment === 'when it has begun') {
          await world.eventually('it has begun', async () =>
            (await world.snapshot()).annotations['meshmigration.dev/journal'] === undefined ? undefined : true,
          );
          await plant();
        }
        await world.phase('Migrated');
        await world.edit({ action: 'Rollback' });
        const { status } = await world.childPhase('RolledBack');
        expect(status?.conditions?.find(({ type }) => type === 'Restored')?.status).toBe('True');
        expect((await world.snapshot()).services).toEqual(before.services);
        if (moment === 'when it is back') await plant();
        await world.pause(200_000);
        expect(labelsOf(await world.snapshot())).toEqual(were);
      },
    });
  });

  it('goes with the others when the migration is sealed', async () => {
    await runOnSimulation({
      name: 'sealed',
      disturbs: true,
      run: async (world) => {
        const home = world.ns();
        await shop(world, allowGet(home));
        await world.create(meshMigration(world.name, { names: [home] }, { policies: { settle: '8s' } }));
        await world.phase('Migrated');
        await world.edit({ action: 'Finalize' });
        await writes(world, '{');
        await writes(world, { [useWaypoint]: 'theirs' }, 'web');
        await world.phase('Finalized');
        const { api, web } = (await world.snapshot()).services;
        expect([api, web]).toMatchObject([{ annotations: {} }, { annotations: {} }]);
      },
    });
  });

  it.each([null, 'none', 'theirs'])(
    'takes no Service from the waypoint that decides about it, where its policies are carried over to sidecars: %s',
    async (value) => {
      const carriedOver = async (isPlanted: boolean): Promise<unknown> => {
        let found: unknown;
        await runOnSimulation({
          name: 'carried',
          disturbs: true,
          run: async (world) => {
            const home = world.ns();
            await ambientShop(world, [waypointAllowsGet(home), waypointDeniesDelete(home)]);
            const before = await world.snapshot();
            if (isPlanted) await writes(world, { [useWaypoint]: value });
            await world.create(await back(world));
            await world.childPhase('Migrated');
            await isBack(world);
            found = await madeByRole(world);
            await world.command('RollingBack', home);
            await world.childPhase('RolledBack');
            expect((await world.snapshot()).services).toEqual(before.services);
          },
        });
        return found;
      };
      expect(await carriedOver(true)).toEqual(await carriedOver(false));
    },
  );
});
