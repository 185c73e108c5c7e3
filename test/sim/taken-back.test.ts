import { describe, expect, it } from '@jest/globals';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import { seededRandom } from '../../src/base/random.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { parametersName } from '../../src/mesh/istio/waypoint/gateway.ts';
import { kinds } from '../scenarios/manifests.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { backToSidecars, takenBackThroughWaypoint, takenBackToWaypoint, thereThroughWaypoint } from './there-and-back.ts';

/** The operator dies right after its write number `write`; before it is back, somebody asks for a rollback, and perhaps loses its record. */
async function takenBackAt(scenario: Scenario, write: number, recordLost: boolean): Promise<void> {
  const { name } = scenario;
  let taken = 0;
  await runOnSimulation(scenario, {
    arrange(cluster, incarnations) {
      const client = new KubeClient({ transport: cluster.admin, clock: cluster.clock, random: seededRandom(1), fieldManager: 'kubectl' });
      const { signal } = new AbortController();
      async function takeBack(): Promise<void> {
        // Between the ConfigMap and its Gateway only the record tells that there is something: then it must not be lost as well.
        const { items: [gateway] } = await client.list(kinds.Gateway, { namespace: name, signal });
        const { items: configMaps } = await client.list(kinds.ConfigMap, { namespace: name, signal });
        const onlyHidden = gateway === undefined && configMaps.some(({ metadata }) => metadata.name === parametersName);
        if (recordLost && !onlyHidden) {
          await client.delete(namespaceMigrations, name, name, { signal }).catch((error: unknown) => { if (!(error instanceof NotFoundError)) throw error; });
        }
        await client.mergePatch(meshMigrations, undefined, name, { spec: { action: 'Rollback' } }, { signal });
        taken += 1;
        await incarnations.start();
      }
      incarnations.killAt([{ write, when: 'after' }]);
      incarnations.onKilled = () => { cluster.clock.timer(500, () => { void takeBack(); }); };
    },
  });
  expect(taken).toBe(1);
}

describe('a migration through a waypoint that is taken back', () => {
  it.each([['with its record', false], ['without its record, which was lost', true]])('leaves nothing, after whichever write, %s', async (_title, recordLost) => {
    const { writes } = await runOnSimulation(thereThroughWaypoint, {});
    expect(writes).toBeGreaterThan(20);
    for (let write = 1; write <= writes; write += 1) await takenBackAt(takenBackThroughWaypoint, write, recordLost);
  }, 600_000);

  it.each([['with its record', false], ['without its record, which was lost', true]])('leaves nothing on the way from a waypoint to sidecars either, %s', async (_title, recordLost) => {
    const { writes } = await runOnSimulation(backToSidecars, {});
    expect(writes).toBeGreaterThan(20);
    for (let write = 1; write <= writes; write += 1) await takenBackAt(takenBackToWaypoint, write, recordLost);
  }, 600_000);
});
