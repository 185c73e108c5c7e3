import { describe, expect, it } from '@jest/globals';
import { originalLabelsAnnotation } from '../../src/api/resources.ts';
import { allowGet, shop } from '../scenarios/http.ts';
import { meshMigration } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

const useWaypoint = 'istio.io/use-waypoint';

async function writes(world: World, value: unknown): Promise<void> {
  await world.patch('Service', world.ns(), 'api', { metadata: { annotations: { [originalLabelsAnnotation]: typeof value === 'string' ? value : JSON.stringify(value) } } });
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
    await runOnSimulation({ name: 'written', disturbs: true, run: async (world) => {
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
    } });
  });
});
