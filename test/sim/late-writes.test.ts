import { describe, expect, it } from '@jest/globals';
import { allowGet, nothingLeft, shop } from '../scenarios/http.ts';
import { meshMigration } from '../scenarios/manifests.ts';
import type { RequestMatch } from './apiserver/fault-rules.ts';
import { runOnSimulation } from './run-scenario.ts';

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
];

describe('a write that is carried out after the operator has given it up', () => {
  it.each(writes)('leaves nothing once the namespace was rolled back: %s', async (_what, step, match) => {
    let hit = false;
    await runOnSimulation({
      name: 'late',
      async run(world) {
        const home = world.ns();
        await shop(world, allowGet(home));
        const before = await world.snapshot();
        await world.create(meshMigration(world.name, { names: [home] }, { policies: { bypass: 'FailClosed' } }));
        await world.eventually(`${step} hangs`, async () => ((await world.child()).status?.step === step && hit ? true : undefined));
        await world.command('RollingBack', home);
        await world.childPhase('RolledBack', home);
        await world.pause(2 * lateMs);
        await nothingLeft(world);
        await world.restored(before);
      },
    }, {
      arrange(_cluster, _operator, line) {
        const send = line.send.bind(line);
        line.add({ match, fault: { kind: 'LateRequest', ms: lateMs } });
        line.send = async (request) => {
          hit ||= request.method === match.method && match.path?.test(request.path) === true && (match.body === undefined || match.body.test(request.body ?? ''));
          return await send(request);
        };
      },
    });
    expect(hit).toBe(true);
  }, 120_000);
});
