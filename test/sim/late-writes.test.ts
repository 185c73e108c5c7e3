import { describe, expect, it } from '@jest/globals';
import { allowGet, nothingLeft, shop } from '../scenarios/http.ts';
import { meshMigrations } from '../../src/api/resources.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { deployment, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { RequestMatch } from './apiserver/fault-rules.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

/** Longer than any client waits, and as long as an API server lets a request live. */
const lateMs = 60_000;

/** Every kind of write that makes something, and the step on which it hangs. */
const writes: readonly (readonly [string, string, RequestMatch])[] = [
  ['the ConfigMap of the waypoint', 'EnsureWaypoint', { method: 'POST', path: /\/configmaps/ }],
  ['the Gateway', 'EnsureWaypoint', { method: 'POST', path: /\/gateways/ }],
  ['the number of its pods', 'EnsureWaypoint', { method: 'PATCH', path: /\/deployments\/waypoint/ }],
  ['a copy', 'CopyPolicies', { method: 'POST', path: /\/authorizationpolicies/, body: /"Copy"/ }],
  ['a companion', 'AllowWaypoint', { method: 'POST', path: /\/authorizationpolicies/, body: /"AllowWaypoint"/ }],
  ['a guard', 'GuardBypass', { method: 'POST', path: /\/authorizationpolicies/, body: /"Guard"/ }],
  ['the labels of a Service', 'BindWaypoint', { method: 'PATCH', path: /\/services\// }],
  ['the labels of the namespace', 'Flip', { method: 'PATCH', path: /\/namespaces\/late\?/, body: /"value":"ambient"/ }],
  ['the annotation of a template', 'RestartWorkloads', { method: 'PATCH', path: /\/deployments\/web/ }],
];

/** The journal that starts a namespace: when it is late, another has been written in the meantime. */
const journal: RequestMatch = { method: 'PATCH', path: /\/namespaces\/late\?/, body: /journal/ };

/** Hangs the first such request, and says when it has. */
function hanging(match: RequestMatch): {
  readonly arrange: NonNullable<SimRun['arrange']>;
  readonly isHit: () => boolean;
} {
  let hit = false;
  return {
    isHit: () => hit,
    arrange(_cluster, _operator, line) {
      const send = line.send.bind(line);
      line.add({ match, fault: { kind: 'LateRequest', ms: lateMs } });
      line.send = async (request) => {
        hit ||=
          request.method === match.method &&
          match.path?.test(request.path) === true &&
          (match.body === undefined || match.body.test(request.body ?? ''));
        return await send(request);
      };
    },
  };
}

describe('a write that is carried out after the operator has given it up', () => {
  it.each(writes)(
    'leaves nothing once the namespace was rolled back: %s',
    async (_what, step, match) => {
      const { isHit, arrange } = hanging(match);
      await runOnSimulation(
        {
          name: 'late',
          async run(world) {
            const home = world.ns();
            await shop(world, allowGet(home));
            const before = await world.snapshot();
            await world.create(meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } }));
            await world.eventually(`${step} hangs`, async () =>
              (await world.child()).status?.step === step && isHit() ? true : undefined,
            );
            await world.command('RollingBack', home);
            await world.childPhase('RolledBack', home);
            await world.pause(2 * lateMs);
            await nothingLeft(world);
            await world.restored(before);
          },
        },
        { arrange },
      );
      expect(isHit()).toBe(true);
    },
    120_000,
  );

  it.each(writes.filter(([what]) => /Gateway|Service|template/.test(what)))(
    'leaves nothing once the migration was deleted: %s',
    async (_what, step, match) => {
      const { isHit, arrange } = hanging(match);
      await runOnSimulation(
        {
          name: 'late',
          async run(world) {
            const home = world.ns();
            await shop(world, allowGet(home));
            const before = await world.snapshot();
            await world.pause(2 * lateMs); // The operator runs for longer than anything of one before it could arrive.
            await world.create(meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } }));
            await world.eventually(`${step} hangs`, async () =>
              (await world.child()).status?.step === step && isHit() ? true : undefined,
            );
            await world.delete(meshMigrations, undefined, world.name);
            await world.gone(meshMigrations, undefined, world.name);
            await world.pause(2 * lateMs);
            await nothingLeft(world);
            await world.restored(before);
          },
        },
        { arrange },
      );
      expect(isHit()).toBe(true);
    },
    120_000,
  );

  it.each(['by a command', 'after a failure'])(
    'does not start a namespace again that was rolled back %s',
    async (why) => {
      const { isHit, arrange } = hanging(journal);
      await runOnSimulation(
        {
          name: 'late',
          async run(world) {
            const home = world.ns();
            const fails = why === 'after a failure';
            await world.create(
              namespace(home),
              deployment(home, 'web', fails ? { behaviour: { [podBehaviour.neverReady]: 'without-sidecar' } } : {}),
            );
            await world.podsReady(1);
            const before = await world.snapshot();
            await world.create(meshMigration(world.name, { names: [home] }, { restart: { progressDeadline: '20s' } }));
            await world.childPhase(fails ? 'RolledBack' : 'Migrated');
            expect(isHit()).toBe(true);
            if (!fails) await world.command('RollingBack', home);
            const { status } = await world.childPhase('RolledBack', home);
            await world.pause(2 * lateMs);
            expect((await world.childPhase('RolledBack', home)).status?.attempt).toBe(status?.attempt);
            expect((await world.child()).status?.podsObservedAt).toBe(status?.podsObservedAt);
            await world.restored(before);
          },
        },
        { arrange },
      );
    },
  );
});
