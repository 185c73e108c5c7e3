import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import { deployment, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { called, plain } from './caller-and-called.ts';
import { refusals } from './refusal-watch.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const required = { approval: { mode: 'Required', plans: [] } } as const;

async function approve(world: World): Promise<void> {
  const hash = await world.eventually('a plan', async () => (await world.migration()).status?.plan?.hash);
  await world.edit({ approval: { mode: 'Required', plans: [hash] } });
  await world.pause(30_000);
}

/** A Deployment at a port, to which policies apply. */
function withPort(home: string): ReturnType<typeof deployment> {
  const made = structuredClone(deployment(home, 'api')) as ReturnType<typeof deployment> & {
    spec: { template: { spec: { containers: object[] } } };
  };
  const { spec } = made.spec.template;
  spec.containers = spec.containers.map((each) => ({ ...each, ports: [{ containerPort: 8080 }] }));
  return made;
}

describe('a plan that somebody approved of', () => {
  it('is another one when what blocked it is accepted by spec.policies.refusals', async () => {
    await runOnSimulation({
      name: 'approved-refusals',
      run: async (world) => {
        const home = world.ns();
        const rules = [{ from: [{ source: { namespaces: ['f*o'] } }] }];
        await world.create(namespace(home), withPort(home));
        await world.create(object('AuthorizationPolicy', home, 'readers', { action: 'ALLOW', rules }));
        await world.podsReady(1, home);
        await start(world, required as never);
        await approve(world);
        assert.match((await world.child()).status?.message ?? '', /MM099/);
        await world.edit({ policies: { refusals: 'Accept' } });
        await world.pause(5 * 60_000);
        const { status } = await world.child();
        assert.equal(status?.direction, undefined);
        assert.doesNotMatch(status?.message ?? '', /MM099/);
      },
    });
  });

  it('is another one when callers that were to be waited for are taken out of spec.callers', async () => {
    await runOnSimulation({
      name: 'approved-callers',
      disturbs: true,
      run: async (world) => {
        const [a, b] = [world.ns('a'), world.ns('b')];
        await plain(world, a);
        await called(world, b, a);
        await start(world, { ...required, callers: [{ namespace: b, from: [{ namespace: a }] }] } as never, ['b']);
        await approve(world);
        const refused = await refusals(world, world.clock, a, b, async () => {
          await world.edit({ callers: [{ namespace: b, from: [] }] });
          await world.pause(5 * 60_000);
        });
        assert.deepEqual(refused, []);
        assert.equal((await world.child(b)).status?.direction, undefined);
      },
    });
  });
});
