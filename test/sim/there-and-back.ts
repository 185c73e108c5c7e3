import assert from 'node:assert/strict';
import { plugin, traces } from '../scenarios/http-extensions.ts';
import {
  ambientShop,
  back,
  isBack,
  madeByRole,
  waypointAllowsGet,
  waypointDeniesDelete,
} from '../scenarios/http-back.ts';
import { allowGet, denyDelete, nothingLeft, shop } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object, workload } from '../scenarios/manifests.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { availableWaypointPods, waypoint } from '../scenarios/waypoint-world.ts';
import type { Snapshot, World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';

/** Longer than any fault lasts. */
const patienceMs = 20 * 60_000;

const behaviour = { [podBehaviour.readyAfterMs]: '700' };

/** There and back, with workloads of all kinds; the end must be exact whatever happens to the operator on the way. */
export const thereAndBack: Scenario = {
  name: 'there-and-back',
  async run(world) {
    const home = world.ns();
    await world.create(
      namespace(home),
      deployment(home, 'web', { replicas: 2, behaviour }),
      workload('StatefulSet', home, 'db', { replicas: 2 }),
      workload('StatefulSet', home, 'manual', { replicas: 2, spec: { updateStrategy: { type: 'OnDelete' } } }),
      workload('DaemonSet', home, 'agent'),
      object('PodDisruptionBudget', home, 'web', { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } }),
    );
    await world.podsReady(9);
    const before = await world.snapshot();
    await world.create(meshMigration(world.name, { names: [home] }));
    await world.childPhase('Migrated', home, patienceMs);
    await world.modesAre({ Ambient: 9 });
    const { status } = await world.child();
    assert.ok(
      status?.workloads?.every(({ patches }) => patches <= 1),
      'a template was patched more than once',
    );
    await world.command('RollingBack');
    await world.childPhase('RolledBack', home, patienceMs);
    await world.modesAre({ Sidecar: 9 });
    await world.restored(before);
  },
};

/** A shop of three pods that is being migrated arrives, and goes back without anything left. */
async function backAgain(world: World, before: Snapshot): Promise<void> {
  const home = world.ns();
  await world.childPhase('Migrated', home, patienceMs);
  await world.modesAre({ Ambient: 3 });
  await world.command('RollingBack');
  await world.childPhase('RolledBack', home, patienceMs);
  await world.modesAre({ Sidecar: 3 });
  await nothingLeft(world);
  await world.restored(before);
}

/** There and back through a waypoint; nothing that was made may be left. */
export const thereAndBackThroughWaypoint: Scenario = {
  name: 'there-and-back-http',
  async run(world) {
    const home = world.ns();
    await shop(world, allowGet(home), denyDelete(home), traces(home, 10), plugin(home));
    const before = await world.snapshot();
    await world.create(meshMigration(world.name, { names: [home] }));
    await backAgain(world, before);
  },
};

/** Forward only, to count the writes of it. */
export const thereThroughWaypoint: Scenario = {
  name: 'there-http',
  async run(world) {
    await shop(world, allowGet(world.ns()), denyDelete(world.ns()));
    await world.create(meshMigration(world.name, { names: [world.ns()] }));
    await world.childPhase('Migrated', world.ns(), patienceMs);
  },
};

/** Taken back by somebody else at some point of the way; whatever it is, nothing may be left. */
export const takenBackThroughWaypoint: Scenario = {
  name: 'taken-back-http',
  async run(world) {
    const home = world.ns();
    await shop(world, allowGet(home), denyDelete(home));
    const before = await world.snapshot();
    await world.create(meshMigration(world.name, { names: [home] }));
    await world.eventually(
      'somebody takes it back',
      async () => ((await world.migration()).spec.action === 'Rollback' ? true : undefined),
      patienceMs,
    );
    await world.phase('RolledBack');
    await world.modesAre({ Sidecar: 3 });
    await nothingLeft(world);
    await world.restored(before);
  },
};

/** From behind a waypoint to sidecars, and back; nothing that was made may be left. */
export const backAndThere: Scenario = {
  name: 'back-and-there-http',
  async run(world) {
    const home = world.ns();
    await ambientShop(world, [waypointAllowsGet(home), waypointDeniesDelete(home)]);
    const before = await world.snapshot();
    await world.create(await back(world));
    await world.childPhase('Migrated', home, patienceMs);
    await isBack(world);
    await world.command('RollingBack');
    await world.childPhase('RolledBack', home, patienceMs);
    await world.modesAre({ Ambient: 3 });
    assert.deepEqual(await madeByRole(world), {});
    await world.restored(before);
  },
};

/** Forward only, to count the writes of it. */
export const backToSidecars: Scenario = {
  name: 'back-http',
  async run(world) {
    await ambientShop(world, [waypointAllowsGet(world.ns()), waypointDeniesDelete(world.ns())]);
    await world.create(await back(world));
    await world.childPhase('Migrated', world.ns(), patienceMs);
  },
};

/** Taken back by somebody else at some point of the way from behind a waypoint. */
export const takenBackToWaypoint: Scenario = {
  name: 'taken-back-to-waypoint',
  async run(world) {
    const home = world.ns();
    await ambientShop(world, [waypointAllowsGet(home), waypointDeniesDelete(home)]);
    const before = await world.snapshot();
    await world.create(await back(world));
    await world.eventually(
      'somebody takes it back',
      async () => ((await world.migration()).spec.action === 'Rollback' ? true : undefined),
      patienceMs,
    );
    await world.phase('RolledBack');
    await world.modesAre({ Ambient: 3 });
    assert.deepEqual(await madeByRole(world), {});
    await world.restored(before);
  },
};

/**
 * There and back through a waypoint of the user, through which one Service goes already; the end must be exact, and the
 * waypoint untouched.
 */
export const thereAndBackThroughTheirs: Scenario = {
  name: 'there-and-back-theirs',
  async run(world) {
    const home = world.ns();
    await shop(world, allowGet(home), denyDelete(home));
    await world.create(waypoint(home, { name: 'mine' }));
    await world.patch('Service', home, 'web', { metadata: { labels: { 'istio.io/use-waypoint': 'mine' } } });
    await world.eventually('a pod of the waypoint', async () =>
      (await availableWaypointPods(world, home, 'mine')) > 0 ? true : undefined,
    );
    const gateway = async (): Promise<unknown> =>
      (await world.client.get(kinds.Gateway, home, 'mine', world.signal)).metadata.uid;
    const [before, theirs] = [await world.snapshot(), await gateway()];
    await world.create(meshMigration(world.name, { names: [home] }, { waypoint: { adopt: 'mine' } }));
    await backAgain(world, before);
    assert.equal(await gateway(), theirs);
  },
};
