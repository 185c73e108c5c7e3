import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { managedBy, managedByLabel } from '../../src/api/resources.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import type { MeshAdapter } from '../../src/mesh/adapter.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

/** Counts how often each namespace is judged. */
function counting(): { readonly adapter: MeshAdapter; readonly looks: Map<string, number> } {
  const looks = new Map<string, number>();
  const adapter: MeshAdapter = {
    ...istio,
    findings(surroundings, ...rest) {
      looks.set(surroundings.namespace.name, (looks.get(surroundings.namespace.name) ?? 0) + 1);
      return istio.findings(surroundings, ...rest);
    },
  };
  return { adapter, looks };
}

/** Somebody edits an object of his ten times a second, for a minute. */
async function editRestlessly(world: World, home: string): Promise<void> {
  for (let round = 0; round < 600; round += 1) {
    await world.patch('VirtualService', home, 'restless', { spec: { hosts: [`h${round}.example.com`] } });
    await world.pause(100);
  }
}

describe('a tenant who edits an object ten times a second', () => {
  it('has neither his own namespace nor those of others looked at as often', async () => {
    const { adapter, looks } = counting();
    await runOnSimulation(
      {
        name: 'churn',
        async run(world) {
          const [own, other, stranger] = [world.ns('own'), world.ns('other'), world.ns('stranger')];
          for (const home of [own, other, stranger]) await world.create(namespace(home));
          for (const home of [own, other]) await world.create(deployment(home, 'web', { replicas: 1 }));
          for (const home of [own, stranger])
            await world.create(object('VirtualService', home, 'restless', { hosts: ['h.example.com'] }));
          await world.podsReady(1, own);
          await world.create(meshMigration(world.name, { names: [own, other] }, { action: 'Plan' }));
          await world.childPhase('Blocked', own);
          await world.childPhase('Planned', other);
          looks.clear();
          await editRestlessly(world, stranger);
          expect(Math.max(...looks.values())).toBeLessThan(25);
          looks.clear();
          await editRestlessly(world, own);
          expect(looks.get(own)).toBeLessThan(40);
          expect(looks.get(other)).toBeLessThan(25);
        },
      },
      { adapter },
    );
  });
});

/** A pod with a sidecar of before that takes no HBONE: whoever waits for it is told when it does. */
function oldSidecar(home: string): KubeObject {
  return object('Pod', home, 'old', {
    containers: [
      { name: 'app', image: 'a:1' },
      { name: 'istio-proxy', image: 'p:1' },
    ],
    terminationGracePeriodSeconds: 0,
  });
}

describe('a tenant whose pod changes every three seconds so that others need not wait for it', () => {
  it('does not have them looked at each time', async () => {
    const { adapter, looks } = counting();
    await runOnSimulation(
      {
        name: 'freeing',
        podsOutside: true,
        disturbs: true,
        async run(world) {
          const [other, stranger] = [world.ns('other'), world.ns('stranger')];
          await world.create(namespace(other), deployment(other, 'web'), namespace(stranger, {}), oldSidecar(stranger));
          await world.patch('Pod', stranger, 'old', {
            metadata: { labels: { app: 'x' }, annotations: { 'sidecar.istio.io/status': '{}' } },
          });
          await world.podsReady(1, other);
          await world.create(meshMigration(world.name, { names: [other] }, { action: 'Plan' }));
          await world.childPhase('Planned', other);
          await world.pause(30_000);
          looks.clear();
          for (let round = 0; round < 180; round += 1) {
            const tunnel = round % 2 === 0 ? 'http' : null;
            await world.patch('Pod', stranger, 'old', {
              metadata: { labels: { 'networking.istio.io/tunnel': tunnel } },
            });
            await world.pause(3200);
          }
          expect(looks.get(other) ?? 0).toBeGreaterThan(5);
          expect(looks.get(other)).toBeLessThan(40);
        },
      },
      { adapter },
    );
  });
});

describe('a tenant whose namespace is another one to judge ten times a second', () => {
  it('has its statuses written no more than now and then before the start, and the last of them in the end', async () => {
    let writes = 0;
    await runOnSimulation(
      {
        name: 'flips',
        async run(world) {
          const home = world.ns();
          await world.create(namespace(home), deployment(home, 'web', { replicas: 1 }));
          await world.podsReady(1, home);
          await world.create(meshMigration(world.name, { names: [home] }, { action: 'Plan' }));
          await world.childPhase('Planned', home);
          await world.pause(60_000);
          writes = 0;
          for (let round = 0; round < 301; round += 1) {
            await world.patch('Deployment', home, 'web', { spec: { paused: round % 2 === 0 } });
            await world.pause(100);
          }
          expect(writes).toBeLessThan(30);
          await world.eventually('it is told', async () =>
            (await world.child(home)).status?.findings?.some(({ id }) => id === 'MM053') === true ? true : undefined,
          );
        },
      },
      {
        arrange: (_cluster, _operator, line) => {
          const send = line.send.bind(line);
          line.send = (request) => {
            if (request.method !== 'GET' && request.path.includes('/namespacemigrations/')) writes += 1;
            return send(request);
          };
        },
      },
    );
  });
});

describe('whoever gives commands 20 times a second', () => {
  it.each<readonly [string, (world: World) => string | undefined]>([
    ['to his own namespace', (world) => world.ns('b')],
    ['to a migration', () => undefined],
  ])('%s is not answered as often', async (_title, whom) => {
    let writes = 0;
    await runOnSimulation(
      {
        name: 'commands',
        async run(world) {
          const [a, b] = [world.ns('a'), world.ns('b')];
          for (const home of [a, b]) await world.create(namespace(home), deployment(home, 'web', { replicas: 1 }));
          await world.create(meshMigration(world.name, { names: [b] }));
          await world.phase('Migrated');
          writes = 0;
          for (let round = 0; round < 600; round += 1) {
            await world
              .command(['Paused', 'Migrating', 'Nonsense'][round % 3] ?? '', whom(world))
              .catch(() => undefined);
            await world.pause(50);
          }
          expect(writes).toBeLessThan(120);
          // What is new is heard at once, whatever was given before.
          await world.command('RollingBack', whom(world));
          await world.phase('RolledBack');
        },
      },
      {
        arrange: (_cluster, _operator, line) => {
          const send = line.send.bind(line);
          line.send = (request) => {
            if (request.method !== 'GET') writes += 1;
            return send(request);
          };
        },
      },
    );
  });
});

/** With the label that the operator puts on what it makes. */
function likeOurs(home: string, name: string): KubeObject {
  const made = object('AuthorizationPolicy', home, name, {
    action: 'DENY',
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/nobody/sa/nobody'] } }] }],
  });
  return { ...made, metadata: { ...made.metadata, labels: { [managedByLabel]: managedBy } } };
}

describe('a tenant who makes and deletes what is warned of at rest', () => {
  it('has his status written a few times, slower and slower', async () => {
    let writes = 0;
    await runOnSimulation(
      {
        name: 'warned',
        async run(world) {
          const home = world.ns();
          await world.create(namespace(home), deployment(home, 'web'));
          await world.podsReady(1);
          await world.create(meshMigration(world.name, { names: [home] }));
          await world.phase('Migrated');
          await world.pause(60_000);
          writes = 0;
          for (let round = 0; round < 60; round += 1) {
            await world.create(likeOurs(home, `p${round}`));
            await world.pause(7300);
            await world.delete(kinds.AuthorizationPolicy, home, `p${round}`);
            await world.pause(4100);
          }
          expect(writes).toBeGreaterThan(1);
          expect(writes).toBeLessThan(8);
        },
      },
      {
        arrange: (_cluster, _operator, line) => {
          const send = line.send.bind(line);
          line.send = (request) => {
            if (request.method === 'PATCH' && request.path.includes('/namespacemigrations/')) writes += 1;
            return send(request);
          };
        },
      },
    );
  });
});
