import assert from 'node:assert/strict';
import { describe, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { stalled } from '../scenarios/http.ts';
import { barePod, deployment, kinds, meshMigration, namespace, object, strict } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';

type Labels = Readonly<Record<string, string>>;
type Keys = Readonly<Record<string, string | null>>;

const mode = 'istio.io/dataplane-mode';
const injection = 'istio-injection';
const toAmbient = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;
const toSidecars = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

/** A way, its labels before, and what a tool makes of those that the operator has set. */
const fromAmbient = [toSidecars, { [mode]: 'ambient' }, { [injection]: null, [mode]: 'ambient' }] as const;
const fromSidecars = [toAmbient, { [injection]: 'enabled' }, { [injection]: 'enabled' }] as const;

function denyDelete(home: string, app?: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-delete', {
    ...(app !== undefined && { selector: { matchLabels: { app } } }),
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
  });
}

function asksAnother(home: string): KubeObject {
  const spec = { action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] };
  return object('AuthorizationPolicy', home, 'no-delete', spec);
}

/** Sidecars would leave a port alone, and nobody would refuse plaintext there. */
async function excludes(world: World, port: string | null): Promise<void> {
  const annotations = { 'traffic.sidecar.istio.io/excludeInboundPorts': port };
  await world.patch('Deployment', world.ns(), 'api', { spec: { template: { metadata: { annotations } } } });
  await world.podsReady(1);
}

function optedOut(home: string, labels: Labels): KubeObject {
  const pod = barePod(home, 'alone');
  return { ...pod, metadata: { ...pod.metadata, labels: { app: 'alone', ...labels } } };
}

interface Held {
  readonly id: string;
  readonly way: typeof fromAmbient | typeof fromSidecars;
  readonly comes: (world: World) => Promise<void>;
  readonly goes: (world: World) => Promise<void>;
}

function made(make: (home: string) => KubeObject): Pick<Held, 'comes' | 'goes'> {
  return {
    comes: async (world) => {
      await world.create(make(world.ns()));
    },
    goes: async (world) => {
      const { kind, metadata } = make(world.ns());
      await world.delete(kinds[kind as keyof typeof kinds], world.ns(), metadata.name);
    },
  };
}

const denied = made((home) => denyDelete(home));

/** What comes at rest and holds the way back. */
const held: readonly Held[] = [
  { id: 'MM020', way: fromAmbient, ...denied },
  { id: 'MM021', way: fromAmbient, ...made(asksAnother) },
  { id: 'MM131', way: fromSidecars, ...made((home) => optedOut(home, { [mode]: 'none' })) },
  {
    id: 'MM089',
    way: fromSidecars,
    comes: async (world) => {
      await world.create(strict(world.ns()));
      await excludes(world, '8080');
    },
    goes: async (world) => {
      await excludes(world, null);
    },
  },
];

async function moved(world: World, route: object, labels: Labels, ...workloads: readonly string[]): Promise<string> {
  const home = world.ns();
  const behaviour = { [podBehaviour.readyAfterMs]: '3000' };
  await world.create(namespace(home, labels), ...workloads.map((name) => deployment(home, name, { behaviour })));
  await world.podsReady(workloads.length, home);
  await world.create(meshMigration(world.name, { names: [home] }, route));
  await world.childPhase('Migrated', home);
  await world.pause(2000);
  return home;
}

async function label(world: World, labels: Keys): Promise<void> {
  await world.patch('Namespace', undefined, world.ns(), { metadata: { labels } });
}

async function heldBy(world: World, expected: RegExp): Promise<string> {
  return await world.eventually(`it is held: ${expected.source}`, async () => {
    const message = await stalled(world, 'RollbackStuck');
    return expected.test(message) ? message : undefined;
  });
}

async function uids(world: World): Promise<readonly string[]> {
  return (await world.pods()).map(({ metadata }) => metadata.uid ?? '').sort();
}

/** Nobody is restarted as long as it is held; when that is gone it comes back. */
async function standsUntilGone(world: World, goes: Held['goes']): Promise<void> {
  const before = await uids(world);
  await world.pause(60_000);
  assert.deepEqual(await uids(world), before, 'nobody was restarted');
  await goes(world);
  await world.childPhase('RolledBack');
}

describe('a rollback that is held, and whose labels somebody puts back himself', () => {
  it.each(held)(
    'restarts nobody as long as it is held, and names who it was: $id',
    async ({ id, way, comes, goes }) => {
      const [route, labels, back] = way;
      await runOnSimulation({
        name: `put-back-${id.toLowerCase()}`,
        podsOutside: true,
        disturbs: true,
        async run(world) {
          const home = await moved(world, route, labels, 'api');
          await comes(world);
          await world.pause(5000);
          await world.command('RollingBack', home);
          await heldBy(world, new RegExp(`^the rollback waits: ${id} `));
          await label(world, back);
          const message = await heldBy(
            world,
            new RegExp(`^somebody has put .* back already \\(set by scenario\\): .* waits: ${id} `),
          );
          // What it says has new pods as they are meanwhile; then it is held as before.
          const [, pairs = ''] =
            /To have new pods as before meanwhile: kubectl label namespace \S+ --overwrite (.*)$/.exec(message) ?? [
              '',
              '',
            ];
          const meanwhile = pairs
            .split(' ')
            .map((pair) => (pair.endsWith('-') ? [pair.slice(0, -1), null] : (pair.split('=') as [string, string])));
          await label(world, Object.fromEntries(meanwhile) as Keys);
          await heldBy(world, new RegExp(`^the rollback waits: ${id} `));
          await label(world, back);
          await heldBy(world, /^somebody has put/);
          await standsUntilGone(world, goes);
        },
      });
    },
  );

  it('is held too when they were put back before it was commanded', async () => {
    await runOnSimulation({
      name: 'put-back-first',
      disturbs: true,
      async run(world) {
        const [route, labels, back] = fromAmbient;
        const home = await moved(world, route, labels, 'api');
        await world.create(denyDelete(home));
        await label(world, back);
        await world.pause(5000);
        await world.command('RollingBack', home);
        await heldBy(world, /^somebody has put .* waits: MM020 /);
        await standsUntilGone(world, denied.goes);
      },
    });
  });
});

describe('what would open and comes when the labels are back', () => {
  it('holds the first restart', async () => {
    await runOnSimulation({
      name: 'opens-after-labels',
      async run(world) {
        const [route, labels] = fromAmbient;
        const home = await moved(world, route, labels, 'api');
        await world.command('RollingBack', home);
        await world.eventually('the labels are back', async () =>
          (await world.labels())[mode] === 'ambient' ? true : undefined,
        );
        await world.create(denyDelete(home));
        await heldBy(world, /^the rollback waits: MM020 /);
        await world.modesAre({ Sidecar: 1 });
        await standsUntilGone(world, denied.goes);
      },
    });
  });

  it.each([
    ['z', true],
    [undefined, true],
    ['a', false],
  ])('holds the restart of who refuses by it, and of nobody else: %s', async (app, isHeld) => {
    await runOnSimulation({
      name: `opens-later-${app ?? 'all'}`,
      async run(world) {
        const [route, labels] = fromAmbient;
        const home = await moved(world, route, labels, 'a', 'z');
        await world.command('RollingBack', home);
        await world.eventually('a is back', async () => ((await world.modes()).Ambient === 1 ? true : undefined));
        await world.create(denyDelete(home, app));
        if (isHeld) {
          await heldBy(world, /^the way back of Deployment z waits: MM020 /);
          await world.modesAre({ Ambient: 1, Sidecar: 1 });
          await standsUntilGone(world, denied.goes);
        }
        await world.childPhase('RolledBack');
      },
    });
  });
});
