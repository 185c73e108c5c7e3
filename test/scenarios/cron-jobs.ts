import assert from 'node:assert/strict';
import { allowGet, denyDelete, shop } from './http.ts';
import { atStep } from './late-findings.ts';
import { cronJob, deployment, kinds, meshMigration, namespace, object, strict } from './manifests.ts';
import { blockedBy, denies, migrateShop } from './other-pods.ts';
import type { Scenario } from './scenario.ts';

/**
 * Between two runs no pod tells what the next one will be: the template does. A suspended one can be resumed at any
 * time.
 */
const between: Scenario = {
  name: 'http-cron-job-unserved',
  async run(world) {
    const home = world.ns();
    await shop(world, allowGet(home), denyDelete(home), denies(home, 'nobody-deletes', {}, { methods: ['DELETE'] }));
    await world.create(cronJob(home, 'nightly'));
    await migrateShop(world);
    await blockedBy(
      world,
      'MM080',
      `AuthorizationPolicy ${home}/nobody-deletes`,
      /CronJob nightly, which is behind no Service/,
    );
    await world.patch('CronJob', home, 'nightly', { spec: { suspend: true } });
    await world.pause(5000);
    await blockedBy(
      world,
      'MM080',
      `AuthorizationPolicy ${home}/nobody-deletes`,
      /CronJob nightly, which is behind no Service/,
    );
    await world.delete(kinds.CronJob, home, 'nightly');
    await world.childPhase('Migrated');
  },
};

/** One that is made half-way takes the namespace back at once, and not in the night in which its first pod starts. */
const late: Scenario = {
  name: 'http-cron-job-late',
  async run(world) {
    const home = world.ns();
    await shop(
      world,
      allowGet(home),
      denyDelete(home),
      denies(home, 'roll-no-delete', { app: 'roll' }, { methods: ['DELETE'] }),
    );
    await migrateShop(world);
    await atStep(world, 'RestartWorkloads');
    await world.create(cronJob(home, 'roll'));
    await world.childPhase('RollingBack');
    await world.delete(kinds.CronJob, home, 'roll');
    const { status } = await world.childPhase('RolledBack');
    assert.match(status?.failure?.message ?? '', /^MM080.*CronJob roll/);
  },
};

/** A template that asks for no sidecar: ambient would capture its pods, as soon as there are some. */
const outside: Scenario = {
  name: 'cron-job-outside-the-mesh',
  async run(world) {
    const home = world.ns();
    await world.create(
      namespace(home),
      strict(home),
      deployment(home, 'web'),
      cronJob(home, 'nightly', { app: 'nightly', 'sidecar.istio.io/inject': 'false' }),
    );
    await world.podsReady(1);
    await world.create(meshMigration(world.name, { names: [home] }));
    await blockedBy(world, 'MM050', `CronJob ${home}/nightly`, /would be captured/);
    await world.patch('CronJob', home, 'nightly', {
      spec: { jobTemplate: { spec: { template: { metadata: { labels: { 'istio.io/dataplane-mode': 'none' } } } } } },
    });
    await world.childPhase('Migrated');
  },
};

/**
 * The next run comes in the new data plane by itself: nothing is to be replaced, and nothing holds the namespace up.
 */
const idle: Scenario = {
  name: 'cron-job-idle',
  async run(world) {
    const home = world.ns();
    await world.create(
      namespace(home),
      strict(home),
      deployment(home, 'web'),
      object('AuthorizationPolicy', home, 'callers', {
        action: 'ALLOW',
        rules: [{ from: [{ source: { principals: [`cluster.local/ns/${home}/sa/default`] } }] }],
      }),
      cronJob(home, 'nightly'),
    );
    await world.podsReady(1);
    await world.create(meshMigration(world.name, { names: [home] }));
    const { status } = await world.childPhase('Migrated');
    assert.equal(status?.itinerary, 'L4');
    assert.deepEqual(status.findings?.filter(({ object: about }) => about.includes('nightly')) ?? [], []);
    assert.equal(status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    await world.phase('Migrated');
  },
};

/** CronJobs between two runs. */
export const cronJobScenarios: readonly Scenario[] = [between, late, outside, idle];
