import { describe, expect, it } from '@jest/globals';
import {
  appliedAnnotation,
  managedByLabel,
  migrationLabel,
  namespaceMigrations,
  stepLabel,
} from '../../src/api/resources.ts';
import { copyOfAnnotation, roleLabel, targetAnnotation } from '../../src/mesh/istio/policy/translate/names.ts';
import { allowGet, nothingLeft, shop } from '../scenarios/http.ts';
import { kinds, meshMigration } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

async function policies(world: World): Promise<readonly string[]> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: world.ns(), signal: world.signal });
  return items
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== 'readers')
    .sort();
}

const labels = [migrationLabel, stepLabel, roleLabel, managedByLabel].map((key) => ({ kind: 'labels', key }));
const annotations = [appliedAnnotation, copyOfAnnotation, targetAnnotation].map((key) => ({
  kind: 'annotations',
  key,
}));
const cases = [...labels, ...annotations].flatMap((entry) => ['other', null].map((value) => ({ ...entry, value })));

/** What says neither what it stands for any more nor which step has made it is left: somebody has made it his own. */
const unknowable: readonly string[] = [stepLabel, copyOfAnnotation, targetAnnotation];

describe('a mark of what the operator made that somebody else has set', () => {
  it.each(cases)('makes the rollback not leave it unsaid: $key $value', async ({ kind, key, value }) => {
    await runOnSimulation({
      name: 'marks',
      disturbs: true,
      run: async (world) => {
        const home = world.ns();
        await shop(world, allowGet(home));
        await world.create(meshMigration(world.name, { names: [home] }, { policies: { settle: '8s' } }));
        await world.phase('Migrated');
        const before = await policies(world);
        for (const name of before)
          await world.patch('AuthorizationPolicy', home, name, { metadata: { [kind]: { [key]: value } } });
        await world.pause(30_000);
        if (kind === 'labels') expect(await policies(world)).toEqual(before);
        await world.edit({ action: 'Rollback' });
        const { status } = await world.childPhase('RolledBack');
        const left = await policies(world);
        const restored = status?.conditions?.find(({ type }) => type === 'Restored');
        const unsaid = left.filter(
          (name) => restored?.status !== 'False' || !restored.message.includes(`${name} is still there`),
        );
        expect(unsaid).toEqual([]);
        if (!unknowable.includes(key)) expect(left).toEqual([]);
      },
    });
  });
});

describe('the label of a record that somebody else has set', () => {
  it.each(['other', null])('takes nothing of what was made out of the rollback: %s', async (value) => {
    await runOnSimulation({
      name: 'record',
      disturbs: true,
      run: async (world) => {
        const home = world.ns();
        const relabel = async (): Promise<unknown> =>
          await world.client.mergePatch(
            namespaceMigrations,
            home,
            world.name,
            { metadata: { labels: { [migrationLabel]: value } } },
            { signal: world.signal },
          );
        await shop(world, allowGet(home));
        const before = await world.snapshot();
        await world.create(meshMigration(world.name, { names: [home] }, { policies: { settle: '8s' } }));
        await world.eventually('the record is there', async () => await world.child().catch(() => undefined));
        await relabel();
        await world.phase('Migrated');
        await world.pause(20_000);
        const { status: rested } = await world.child();
        expect(rested?.message).toBe('every pod is in its new data plane');
        await world.edit({ action: 'Rollback' });
        const { status } = await world.childPhase('RolledBack');
        expect(status?.conditions?.find(({ type }) => type === 'Restored')?.status).toBe('True');
        await nothingLeft(world);
        await world.restored(before);
        await world.phase('RolledBack');
      },
    });
  });

  it('takes nothing out of it either when it is set at rest', async () => {
    await runOnSimulation({
      name: 'rest',
      disturbs: true,
      run: async (world) => {
        const home = world.ns();
        await shop(world, allowGet(home));
        const before = await world.snapshot();
        await world.create(meshMigration(world.name, { names: [home] }, { policies: { settle: '8s' } }));
        await world.phase('Migrated');
        await world.client.mergePatch(
          namespaceMigrations,
          home,
          world.name,
          { metadata: { labels: { [migrationLabel]: null } } },
          { signal: world.signal },
        );
        await world.edit({ action: 'Rollback' });
        await world.childPhase('RolledBack');
        await nothingLeft(world);
        await world.restored(before);
      },
    });
  });
});
