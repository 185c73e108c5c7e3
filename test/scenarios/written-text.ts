import { restartAnnotation } from '../../src/api/resources.ts';
import { deployment, meshMigration, namespace } from './manifests.ts';
import type { Scenario } from './scenario.ts';

/**
 * Kubernetes compares the value of a `test` in a patch as text, and writes these characters otherwise than JavaScript
 * does.
 */
const odd = 'set by <ops> & co';

/** Values that a patch has to name as the API server wrote them. */
export const writtenTextScenarios: readonly Scenario[] = [
  {
    name: 'text-as-the-server-writes-it',
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home), deployment(home, 'api', { behaviour: { [restartAnnotation]: odd } }));
      await world.podsReady(1);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated');
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Sidecar: 1 });
      await world.restored(before);
    },
  },
];
