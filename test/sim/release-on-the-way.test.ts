import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { httpPort, rolesOf } from '../scenarios/http.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

const slow = { behaviour: { [podBehaviour.readyAfterMs]: '20000' } };

function deny(home: string, name: string, method: string, labels: Readonly<Record<string, string>>): KubeObject {
  return object('AuthorizationPolicy', home, name, {
    selector: { matchLabels: labels },
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: [method] } }] }],
  });
}

/** A release that gives the pods of `api` a label, and brings a policy for pods with that label. */
async function release(world: World, home: string): Promise<void> {
  await world.create(deny(home, 'no-put', 'PUT', { tier: 'backend' }));
  await world.patch('Deployment', home, 'api', {
    spec: { template: { metadata: { labels: { tier: 'backend' } } } },
  });
}

describe('a release that brings a label of the template and a policy that selects by it', () => {
  it('is waited for on the way, and carried over', async () => {
    await runOnSimulation({
      name: 'release-on-the-way',
      async run(world) {
        const home = world.ns();
        await world.create(
          namespace(home),
          service(home, 'api', {}, httpPort),
          deny(home, 'no-delete', 'DELETE', { app: 'api' }),
          deployment(home, 'api', { replicas: 2, ...slow }),
          deployment(home, 'web', slow),
          deployment(home, 'zzz', slow),
        );
        await world.podsReady(4);
        await world.create(
          meshMigration(
            world.name,
            { names: [home] },
            { callers: [{ namespace: home, from: [{ namespace: 'gateway' }] }] },
          ),
        );
        await world.eventually('the last workload is restarted', async () => {
          const { status } = await world.child(home);
          return status?.message?.includes('zzz') === true ? true : undefined;
        });
        await release(world, home);
        const { status } = await world.childPhase('Migrated', home);
        assert.deepEqual([status?.attempt ?? 1, status?.failure], [1, undefined]);
        assert.equal((await rolesOf(world))['Copy'], 2);
      },
    });
  });
});
