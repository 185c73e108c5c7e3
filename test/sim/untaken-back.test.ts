import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Ambient takes every call with the identity of its caller. What sidecars leave alone, or are not told of, comes without one: where that has come about since the
 * start, a rollback would get past who decides by it.
 */

const excluded = 'traffic.sidecar.istio.io/excludeOutboundPorts';

function deny(home: string, caller: string): KubeObject {
  return object('AuthorizationPolicy', home, 'by-identity', {
    action: 'DENY',
    rules: [{ from: [{ source: { namespaces: [caller] } }] }],
  });
}

/** Leaves everything out of what sidecars of a namespace are told of, but that itself. */
function scoped(home: string): KubeObject {
  return object('Sidecar', home, 'default', { egress: [{ hosts: ['./*'] }] });
}

function ports(value: string | null): Readonly<Record<string, unknown>> {
  return { spec: { template: { metadata: { annotations: { [excluded]: value } } } } };
}

interface Change {
  readonly make: (world: World, a: string, d: string) => Promise<void>;
  readonly undo: (world: World, a: string, d: string) => Promise<void>;
}

const changes: Readonly<Record<string, Change>> = {
  'ports that a template takes out': {
    make: (world, a) => world.patch('Deployment', a, 'web', ports('80')),
    undo: (world, a) => world.patch('Deployment', a, 'web', ports(null)),
  },
  'a Sidecar resource': {
    make: (world, a) => world.create(scoped(a)),
    undo: (world, a) => world.delete(kinds.Sidecar, a, 'default'),
  },
  'a Service that is exported no more': {
    make: (world, _a, d) =>
      world.patch('Service', d, 'web', { metadata: { annotations: { 'networking.istio.io/exportTo': '.' } } }),
    undo: (world, _a, d) =>
      world.patch('Service', d, 'web', { metadata: { annotations: { 'networking.istio.io/exportTo': null } } }),
  },
};

const protectedLabels = { tier: 'web' };

/** Policies of `d`, by whom they protect. */
const policies: Readonly<Record<string, (home: string, caller: string) => KubeObject>> = {
  'for all': (home, caller) => ({ ...deny(home, caller), metadata: { namespace: home, name: 'old-by-identity' } }),
  'for some': (home, caller) =>
    object('AuthorizationPolicy', home, 'old-by-identity', {
      selector: { matchLabels: protectedLabels },
      action: 'DENY',
      rules: [{ from: [{ source: { namespaces: [caller] } }] }],
    }),
};

interface Comer {
  readonly before?: (world: World, home: string) => Promise<void>;
  readonly since: (world: World, home: string) => Promise<void>;
}

async function another(world: World, home: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await world.create(service(home, 'zz'), deployment(home, 'zz', { podLabels: labels }));
}

const comers: Readonly<Record<string, Comer>> = {
  'a new workload': { since: (world, home) => another(world, home, protectedLabels) },
  'one of before that is made anew under another name': {
    since: async (world, home) => {
      await world.delete(kinds.Deployment, home, 'old');
      await another(world, home, protectedLabels);
    },
  },
};

/** `a` calls `d`, which refuses it by its identity, and moves alone. */
async function on(
  before: (world: World, a: string, d: string) => Promise<void>,
  story: (world: World, a: string, d: string) => Promise<void>,
): Promise<void> {
  await runOnSimulation({
    name: 'untaken',
    async run(world) {
      const [a, d] = [world.ns('a'), world.ns('d')];
      for (const home of [a, d]) {
        await world.create(namespace(home), service(home, 'web'), deployment(home, 'web'));
        await world.podsReady(1, home);
      }
      await world.create(deny(d, a));
      await before(world, a, d);
      await world.create(
        meshMigration(
          world.name,
          { names: [a] },
          {
            callers: [
              { namespace: d, from: [{ namespace: a }] },
              { namespace: a, from: [] },
            ],
          },
        ),
      );
      await world.phase('Migrated');
      await story(world, a, d);
    },
  });
}

/** Another workload leaves the port alone. */
async function otherExcludes(world: World, a: string): Promise<void> {
  await world.create(deployment(a, 'other'));
  await world.patch('Deployment', a, 'other', ports('80'));
  await world.podsReady(2, a);
  await world.pause(10_000);
}

async function nothing(): Promise<void> {
  await Promise.resolve();
}

async function isHeld(world: World, a: string): Promise<void> {
  await world.pause(60_000);
  const { status } = await world.child(a);
  expect([status?.phase, status?.message]).toEqual(['RollingBack', expect.stringContaining('by-identity asks for')]);
}

describe('a rollback to sidecars that would leave calls alone', () => {
  it.each(Object.keys(changes))(
    'waits where it has come since the start, and goes on when it has gone: %s',
    async (what) => {
      await on(nothing, async (world, a, d) => {
        await changes[what]?.make(world, a, d);
        await world.pause(30_000);
        const { status } = await world.child(a);
        expect(status?.findings?.map(({ id }) => id)).toContain('MM124');
        await world.edit({ action: 'Rollback' });
        await isHeld(world, a);
        await changes[what]?.undo(world, a, d);
        await world.phase('RolledBack');
      });
    },
  );

  it.each(Object.keys(changes))('goes on where it was so before: %s', async (what) => {
    await on(
      async (world, a, d) => {
        await changes[what]?.make(world, a, d);
        await world.podsReady(1, a);
        await world.pause(10_000);
      },
      async (world) => {
        await world.edit({ action: 'Rollback' });
        await world.phase('RolledBack');
      },
    );
  });

  it('waits where other ports are left alone than before', async () => {
    await on(
      async (world, a) => {
        await world.patch('Deployment', a, 'web', ports('9999'));
        await world.pause(10_000);
      },
      async (world, a) => {
        await world.patch('Deployment', a, 'web', ports('9999,80'));
        await world.pause(30_000);
        await world.edit({ action: 'Rollback' });
        await isHeld(world, a);
      },
    );
  });

  it('waits where another workload leaves the same ports alone', async () => {
    await on(otherExcludes, async (world, a) => {
      await world.patch('Deployment', a, 'web', ports('80'));
      await world.pause(30_000);
      await world.edit({ action: 'Rollback' });
      await isHeld(world, a);
    });
  });

  it('waits where a Service is hidden since, beside ports that were left alone before', async () => {
    await on(otherExcludes, async (world, a, d) => {
      await changes['a Service that is exported no more']?.make(world, a, d);
      await world.pause(30_000);
      await world.edit({ action: 'Rollback' });
      await isHeld(world, a);
    });
  });

  it('goes on where somebody leaves a port alone since that nobody has', async () => {
    await on(
      async (world, a) => {
        await world.patch('Deployment', a, 'web', ports('80'));
        await world.pause(10_000);
      },
      async (world, a) => {
        await world.create(deployment(a, 'db', { behaviour: { [excluded]: '3306' } }));
        await world.podsReady(2, a);
        await world.edit({ action: 'Rollback' });
        await world.phase('RolledBack');
      },
    );
  });

  describe.each(Object.entries(policies))('past a policy of before %s', (_, policy) => {
    it.each(Object.keys(comers))('waits where somebody is called whom it did not protect then: %s', async (who) => {
      const { before, since } = comers[who] ?? {};
      await on(
        async (world, a, d) => {
          await world.create(service(d, 'old'), deployment(d, 'old', { podLabels: protectedLabels }), policy(d, a));
          await world.delete(kinds.AuthorizationPolicy, d, 'by-identity');
          await before?.(world, d);
          await world.patch('Deployment', a, 'web', ports('80'));
          await world.pause(10_000);
        },
        async (world, a, d) => {
          await since?.(world, d);
          await world.pause(30_000);
          await world.edit({ action: 'Rollback' });
          await isHeld(world, a);
        },
      );
    });

    it('goes on where they are the same, whoever was restarted, scaled or woke', async () => {
      await on(
        async (world, a, d) => {
          await world.create(service(d, 'old'), deployment(d, 'old', { podLabels: protectedLabels }), policy(d, a));
          await world.delete(kinds.AuthorizationPolicy, d, 'by-identity');
          await world.create(deployment(d, 'asleep', { replicas: 0, podLabels: protectedLabels }));
          await world.patch('Deployment', a, 'web', ports('80'));
          await world.pause(10_000);
        },
        async (world, _a, d) => {
          await world.patch('Deployment', d, 'asleep', { spec: { replicas: 2 } });
          await world.patch('Deployment', d, 'old', {
            spec: { template: { metadata: { annotations: { 'example.com/version': '2' } } } },
          });
          await world.pause(60_000);
          await world.edit({ action: 'Rollback' });
          await world.phase('RolledBack');
        },
      );
    });
  });

  it('goes on where one of several that were called so has gone', async () => {
    await on(
      async (world, a, d) => {
        // Called by no Service, so it is left alone for another reason than the others.
        await world.create(deployment(d, 'a-first'));
        await world.patch('Deployment', a, 'web', ports('80'));
        await world.podsReady(2, d);
      },
      async (world, _a, d) => {
        await world.delete(kinds.Deployment, d, 'a-first');
        await world.pause(30_000);
        await world.edit({ action: 'Rollback' });
        await world.phase('RolledBack');
      },
    );
  });

  it('waits where a workload of before has come under a policy of before', async () => {
    await on(
      async (world, a, d) => {
        await another(world, d, {});
        await world.create(
          service(d, 'old'),
          deployment(d, 'old', { podLabels: protectedLabels }),
          policies['for some']?.(d, a) ?? deny(d, a),
        );
        await world.delete(kinds.AuthorizationPolicy, d, 'by-identity');
        await world.patch('Deployment', a, 'web', ports('80'));
        await world.pause(10_000);
      },
      async (world, a, d) => {
        await world.patch('Deployment', d, 'zz', { spec: { template: { metadata: { labels: protectedLabels } } } });
        await world.pause(30_000);
        await world.edit({ action: 'Rollback' });
        await isHeld(world, a);
      },
    );
  });

  it('waits where the policy has come since the start', async () => {
    await on(
      async (world, a, d) => {
        await world.delete(kinds.AuthorizationPolicy, d, 'by-identity');
        await world.patch('Deployment', a, 'web', ports('80'));
        await world.pause(10_000);
      },
      async (world, a, d) => {
        await world.create(deny(d, a));
        await world.pause(30_000);
        await world.edit({ action: 'Rollback' });
        await isHeld(world, a);
      },
    );
  });

  it('does not where it has failed: some of its pods do not run', async () => {
    await runOnSimulation({
      name: 'untaken',
      podsOutside: true,
      async run(world) {
        const [a, d] = [world.ns('a'), world.ns('d')];
        const spoilt = { [podBehaviour.neverReady]: 'without-sidecar' };
        await world.create(namespace(d), service(d, 'web'), deployment(d, 'web'), deny(d, a));
        await world.create(namespace(a), deployment(a, 'web'), deployment(a, 'worse', { behaviour: spoilt }));
        await world.podsReady(2, a);
        const callers = [
          { namespace: d, from: [{ namespace: a }] },
          { namespace: a, from: [] },
        ];
        const restart = { progressDeadline: '60s' };
        await world.create(meshMigration(world.name, { names: [a] }, { callers, restart }));
        await world.eventually('half-way', async () =>
          (await world.child(a)).status?.step === 'RestartWorkloads' ? true : undefined,
        );
        await world.create(scoped(a));
        await world.childPhase('RolledBack', a, 300_000);
      },
    });
  });

  it('does not where a person says that nobody calls there', async () => {
    await on(nothing, async (world, a, d) => {
      await changes['a Sidecar resource']?.make(world, a, d);
      await world.edit({
        action: 'Rollback',
        callers: [
          { namespace: d, from: [] },
          { namespace: a, from: [] },
        ],
      });
      await world.phase('RolledBack');
    });
  });
});
