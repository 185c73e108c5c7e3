import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { allowGet, denyDelete, httpPort, nothingLeft, stalled } from './http.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { service, waypoint } from './waypoint-world.ts';
import type { World } from './world.ts';

/** Waits until the message of a namespace matches. */
export async function messageOf(world: World, pattern: RegExp, within?: number, home = world.ns()): Promise<void> {
  await world.eventually(
    `message ${String(pattern)}`,
    async () => (pattern.test((await world.child(home)).status?.message ?? '') ? true : undefined),
    within,
  );
}

/** Waits until the namespace is at a step. */
export async function atStep(world: World, step: string, home = world.ns()): Promise<void> {
  await world.eventually(`step ${step}`, async () =>
    (await world.child(home)).status?.step === step ? true : undefined,
  );
}

const slow = { [podBehaviour.readyAfterMs]: '8000' };

/** A namespace whose pods are older than ambient, so that they are restarted twice. */
export async function old(world: World, ...policies: readonly KubeObject[]): Promise<void> {
  const home = world.ns();
  await world.create(
    namespace(home),
    ...policies,
    deployment(home, 'a', { behaviour: slow }),
    deployment(home, 'z', { replicas: 2, behaviour: slow }),
  );
  await world.podsReady(3);
}

const headless = (home: string): KubeObject => service(home, 'z', {}, { clusterIP: 'None', ports: [{ port: 8080 }] });

/** Appears half-way and is about policies: the namespace goes back. */
function takesBack(name: string, id: string, policy: (home: string) => KubeObject): Scenario {
  return {
    name,
    prepare: (world) => old(world, policy(world.ns())),
    async run(world) {
      await world.create(meshMigration(world.name, { names: [world.ns()] }));
      await atStep(world, 'RestartForHbone');
      await world.create(headless(world.ns()));
      const { status } = await world.childPhase('RolledBack');
      assert.match(status?.failure?.message ?? '', new RegExp(`^${id}`));
      await world.modesAre({ Sidecar: 3 });
    },
  };
}

const denyDefault = (home: string): KubeObject =>
  object('AuthorizationPolicy', home, 'not-default', {
    action: 'DENY',
    rules: [{ from: [{ source: { principals: [`cluster.local/ns/${home}/sa/default`] } }] }],
  });

/** Nobody may call anything below /admin. */
function denyAdmin(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'late', {
    selector: { matchLabels: { app: 'api' } },
    action: 'DENY',
    rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
  });
}

async function plainShop(world: World): Promise<void> {
  const home = world.ns();
  await world.create(
    namespace(home),
    strict(home),
    service(home, 'api', {}, httpPort),
    deployment(home, 'api', { replicas: 2 }),
  );
  await world.podsReady(2);
  await world.create(meshMigration(world.name, { names: [home] }, { callers: [{ namespace: home, from: [] }] }));
  const { status } = await world.childPhase('Migrated');
  assert.equal(status?.itinerary, 'L4');
}

/** Waits until the migration is Ready. */
export async function isReady(world: World): Promise<void> {
  await world.eventually('Ready', async () =>
    (await world.child()).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
      ? true
      : undefined,
  );
}

/** Checks are made on the way and at rest too. */
export const lateFindingScenarios: readonly Scenario[] = [
  {
    name: 'late-opt-out',
    simulationOnly: true,
    prepare: (world) => old(world, strict(world.ns())),
    async run(world) {
      const home = world.ns();
      await world.create(meshMigration(world.name, { names: [home] }));
      await atStep(world, 'RestartForHbone');
      const label = (value: string | null): Promise<void> =>
        world.patch('Deployment', home, 'z', {
          spec: { template: { metadata: { labels: { 'istio.io/dataplane-mode': value } } } },
        });
      await label('none');
      await messageOf(world, /waits: MM051/);
      await world.pause(30_000);
      await world.modesAre({ Sidecar: 3 });
      await label(null);
      await world.childPhase('Migrated');
      await world.modesAre({ Ambient: 3 });
    },
  },
  takesBack('late-headless-strict', 'MM059', strict),
  takesBack('late-headless-deny', 'MM063', denyDefault),
  {
    name: 'late-deny-at-rest',
    disturbs: true, // A policy of the whole mesh is one of all others too.
    async run(world) {
      const home = world.ns();
      await plainShop(world);
      await world.create(denyAdmin(home));
      await messageOf(world, /^MM020 .*late.*"phase":"Migrating"/, 5000);
      assert.equal((await world.child()).status?.phase, 'Migrated');
      await world.delete(kinds.AuthorizationPolicy, home, 'late');
      await isReady(world);
      assert.ok((await world.child()).status?.findings?.every(({ severity }) => severity !== 'Critical'));
      // A policy of the whole mesh is seen as soon.
      await world.create(
        object('RequestAuthentication', 'istio-system', 'tokens', {
          selector: { matchLabels: { app: 'api' } },
          jwtRules: [{ issuer: 'a', jwks: '{"keys":[]}' }],
        }),
      );
      try {
        await messageOf(world, /^MM024/, 5000);
      } finally {
        await world.delete(kinds.RequestAuthentication, 'istio-system', 'tokens');
      }
      await isReady(world);
    },
  },
  {
    name: 'late-waypoint',
    async run(world) {
      const home = world.ns();
      await plainShop(world);
      const template = async (): Promise<unknown> =>
        (await world.client.get(kinds.Deployment, home, 'api', world.signal))['spec'];
      const before = await template();
      await world.create(denyAdmin(home), allowGet(home));
      await messageOf(world, /^MM020/);
      await world.command('Migrating', home);
      await world.eventually('behind a waypoint', async () => {
        const child = await world.child();
        return child.status?.writtenPhase === 'Migrated' && child.status.itinerary === 'L7' ? child : undefined;
      });
      assert.deepEqual(await template(), before, 'no pod was restarted');
      await world.eventually('no critical finding', async () =>
        (await world.child()).status?.findings?.every(({ severity }) => severity !== 'Critical') === true
          ? true
          : undefined,
      );
      await isReady(world);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack');
      await world.modesAre({ Sidecar: 2 });
      await nothingLeft(world);
    },
  },
  {
    // Nothing of ours is there yet: a person decides whose name it is, and no attempt is spent on it.
    name: 'name-taken-on-the-way',
    async prepare(world) {
      const home = world.ns();
      await world.create(
        namespace(home),
        strict(home),
        denyDelete(home),
        service(home, 'api', {}, httpPort),
        deployment(home, 'api', { replicas: 2, behaviour: slow }),
      );
      await world.podsReady(2);
    },
    async run(world) {
      const home = world.ns();
      await world.create(meshMigration(world.name, { names: [home] }, { callers: [{ namespace: home, from: [] }] }));
      await atStep(world, 'RestartForHbone');
      await world.create(waypoint(home));
      assert.match(await stalled(world, 'NameInTheWay'), /Gateway .*waypoint is there already.*it goes on by itself/);
      const { status } = await world.child();
      assert.equal(status?.phase, 'Migrating');
      assert.equal(status.failure, undefined);
      await world.delete(kinds.Gateway, home, 'waypoint');
      await world.childPhase('Migrated');
    },
  },
];
