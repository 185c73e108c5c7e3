import assert from 'node:assert/strict';
import type { Finding } from '../../src/api/common.ts';
import { deployment, meshMigration, namespace, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** The critical finding of a namespace that is not started because of it. */
async function blockedBy(world: World, id: string): Promise<Finding> {
  return await world.eventually(`blocked by ${id}`, async () => {
    const { status } = await world.child();
    return status?.phase !== 'Blocked'
      ? undefined
      : status.findings?.find((finding) => finding.id === id && finding.severity === 'Critical');
  });
}

/**
 * What is not started because it could not come back, or would wait for ever, and starts once the line of the finding
 * was run.
 */
export const returnScenarios: readonly Scenario[] = [
  {
    name: 'half-by-hand',
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home), deployment(home, 'web', { replicas: 2 }));
      await world.podsReady(2);
      await world.patch('Namespace', undefined, home, {
        metadata: { labels: { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'ambient' } },
      });
      await world.create(meshMigration(world.name, { names: [home] }));
      const { message, fix } = await blockedBy(world, 'MM113');
      assert.match(message, /2 pods are in mode Sidecar.*ask for is Ambient.*could never end/);
      assert.match(fix, new RegExp(`kubectl label namespace ${home} --overwrite istio-injection=enabled`));
      // Before the patch that lets it start: right after it the operator's journal may stand on the namespace.
      const blocked = await world.snapshot();
      const before = { ...blocked, labels: { ...blocked.labels, 'istio-injection': 'enabled' } };
      await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
      await world.childPhase('Migrated');
      await world.modesAre({ Ambient: 2 });
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Sidecar: 2 });
      await world.restored(before);
    },
  },
  {
    name: 'budget-too-tight',
    async run(world) {
      const home = world.ns();
      const budget = object('PodDisruptionBudget', home, 'web', {
        maxUnavailable: 1,
        selector: { matchLabels: { app: 'web' } },
      });
      await world.create(namespace(home), deployment(home, 'web', { replicas: 8 }), budget);
      await world.podsReady(8);
      await world.create(meshMigration(world.name, { names: [home] }));
      const { message, fix } = await blockedBy(world, 'MM057');
      assert.match(message, /spares 1 of 8 pods when all are healthy, and a restart takes 2 of 8/);
      assert.match(fix, /"maxUnavailable":0,"maxSurge":1/);
      await world.patch('Deployment', home, 'web', {
        spec: { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } },
      });
      await world.childPhase('Migrated');
      await world.modesAre({ Ambient: 8 });
    },
  },
];
