import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { cronJob, deployment, meshMigration, namespace, strict } from '../scenarios/manifests.ts';
import { runOnSimulation } from './run-scenario.ts';

describe('an operator whose ClusterRole is older than it', () => {
  it.each([
    ['CronJob', 'cronjobs'],
    ['Node', 'nodes'],
  ])('works without reading any %s, and says so in each namespace', async (kind, plural) => {
    let unread: readonly string[] = [];

    await runOnSimulation(
      {
        name: 'unreadable',
        async run(world) {
          const home = world.ns();
          await world.create(
            namespace(home),
            strict(home),
            deployment(home, 'web'),
            ...(kind === 'CronJob' ? [cronJob(home, 'nightly', { 'sidecar.istio.io/inject': 'false' })] : []),
          );
          await world.podsReady(1);
          await world.create(meshMigration(world.name, { names: [home] }));
          const { status } = await world.childPhase('Migrated');
          assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
          unread = (status.findings ?? [])
            .filter(({ id }) => id === 'MM018')
            .map(({ severity, message }) => `${severity} ${message}`);
        },
      },
      {
        faults: [{ match: { path: new RegExp(`/${plural}`) }, times: 100_000, fault: { kind: 'Refuse', status: 403 } }],
      },
    );

    expect(unread).toEqual([
      expect.stringContaining(
        `Warning it does not let the operator list and watch objects of the kind ${kind}, or nobody answers for them: `,
      ),
    ]);
  });
});
