import assert from 'node:assert/strict';
import { journalAnnotation, originalLabelsAnnotation, restartAnnotation } from '../../src/api/resources.ts';
import { allowGet, nothingLeft, shop } from './http.ts';
import { ambientShop, back, isBack, madeByRole, waypointAllowsGet, waypointDeniesDelete } from './http-back.ts';
import { kinds, meshMigration } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';
import type { World } from './world.ts';

async function recordOf(world: World, name: string): Promise<string | undefined> {
  return (await world.client.get(kinds.Service, world.ns(), name, world.signal)).metadata.annotations?.[
    originalLabelsAnnotation
  ];
}

/** As a full replace does that knows the labels and not what others have added. */
async function strip(world: World, name: string, value: string | null = null): Promise<void> {
  await world.patch('Service', world.ns(), name, { metadata: { annotations: { [originalLabelsAnnotation]: value } } });
}

async function shopBehindWaypoint(world: World): Promise<void> {
  await shop(world, allowGet(world.ns()));
}

async function migrate(world: World): Promise<void> {
  await world.create(meshMigration(world.name, { names: [world.ns()] }, { policies: { bypass: 'FailClosed' } }));
  await world.childPhase('Migrated');
}

async function rollBack(world: World): Promise<void> {
  await world.command('RollingBack', world.ns());
  await world.childPhase('RolledBack');
}

async function ownLabels(world: World, labels: Readonly<Record<string, string>>): Promise<void> {
  await world.patch('Service', world.ns(), 'api', { metadata: { labels } });
}

/** What the operator writes on the user's objects, and somebody takes away or spoils who knows nothing of it. */
export const strippedScenarios: readonly Scenario[] = [
  {
    name: 'service-record-stripped',
    async run(world) {
      await shopBehindWaypoint(world);
      await ownLabels(world, { 'istio.io/ingress-use-waypoint': 'false' });
      const before = await world.snapshot();
      await migrate(world);
      const record = await recordOf(world, 'api');
      assert.match(record ?? '', /"istio.io\/ingress-use-waypoint":"false"/);
      for (const value of [null, 'spoilt']) {
        await strip(world, 'api', value);
        await world.eventually('the record is back', async () =>
          (await recordOf(world, 'api')) === record ? true : undefined,
        );
      }
      await rollBack(world);
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  {
    name: 'service-record-stripped-unseen',
    disturbs: true,
    async run(world) {
      await shopBehindWaypoint(world);
      const before = await world.snapshot();
      await migrate(world);
      await world.operator.kill();
      await strip(world, 'api');
      await world.command('RollingBack', world.ns());
      await world.operator.start();
      await world.childPhase('RolledBack');
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  {
    // Whatever of ours there is on the user's objects: on the namespace, its Services, its templates.
    name: 'all-marks-stripped',
    async run(world) {
      await shopBehindWaypoint(world);
      const before = await world.snapshot();
      await migrate(world);
      const none = { metadata: { annotations: { [restartAnnotation]: null } } };
      for (const name of ['api', 'web'])
        await world.patch('Deployment', world.ns(), name, { spec: { template: none } });
      await world.patch('Namespace', undefined, world.ns(), {
        metadata: { annotations: { [journalAnnotation]: null } },
      });
      await strip(world, 'api');
      await world.eventually('the record is back', async () =>
        (await recordOf(world, 'api')) === undefined ? undefined : true,
      );
      await world.modesAre({ Ambient: 3 });
      await rollBack(world);
      await world.modesAre({ Sidecar: 3 });
      await nothingLeft(world);
      await world.restored(before);
    },
  },
  {
    // Nobody but its owner bound it, to a waypoint that goes: it loses this one label.
    name: 'service-bound-by-its-owner',
    async run(world) {
      await shopBehindWaypoint(world);
      await migrate(world);
      await world.create(
        service(
          world.ns(),
          'own',
          { 'istio.io/use-waypoint': 'waypoint', 'istio.io/ingress-use-waypoint': 'true', team: 'a' },
          { selector: { app: 'web' } },
        ),
      );
      await world.pause(5000);
      await rollBack(world);
      await nothingLeft(world);
      const { labels, annotations } = (await world.client.get(kinds.Service, world.ns(), 'own', world.signal)).metadata;
      assert.deepEqual([labels, annotations ?? {}], [{ 'istio.io/ingress-use-waypoint': 'true', team: 'a' }, {}]);
    },
  },
  {
    // Without its record an unbound Service looks as if no waypoint had ever decided about it: its copies would go.
    name: 'http-back-record-stripped',
    disturbs: true,
    async run(world) {
      const home = world.ns();
      await ambientShop(world, [waypointAllowsGet(home), waypointDeniesDelete(home)]);
      const before = await world.snapshot();
      await world.create(await back(world));
      await world.childPhase('Migrated');
      await isBack(world);
      const roles = await madeByRole(world);
      await strip(world, 'api');
      await world.eventually('the record is back', async () =>
        (await recordOf(world, 'api')) === undefined ? undefined : true,
      );
      assert.deepEqual(await madeByRole(world), roles);
      await world.operator.kill();
      await strip(world, 'api');
      await world.operator.start();
      await world.eventually('the record is back', async () =>
        (await recordOf(world, 'api')) === undefined ? undefined : true,
      );
      assert.deepEqual(await madeByRole(world), roles);
      await world.operator.kill();
      await strip(world, 'api');
      await world.command('RollingBack', home);
      await world.operator.start();
      await world.childPhase('RolledBack');
      assert.deepEqual(await madeByRole(world), {});
      await world.restored(before);
    },
  },
];
